"""Everybody in a World who is not a controller of ours: other controllers, kubelets, users."""

from datetime import datetime
from typing import Protocol

from flagger_py.refs import Kind
from flagger_py.testing.store import Store


class Actor(Protocol):
    """Acts on the store directly, soon after each change of *kinds* (of every kind if empty)."""

    @property
    def kinds(self) -> tuple[Kind, ...]: ...

    def act(self, store: Store, now: datetime) -> float | None:
        """Do what is to be done now; return the seconds until it wants to act unasked.

        It is called once at the beginning. An actor that finds nothing to do must write nothing.
        """
