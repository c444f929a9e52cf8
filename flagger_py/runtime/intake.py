"""Which changes of our own kinds ask for a pass: all but the echo of our own status writes."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from flagger_py.refs import Key, Kind
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.store import Change


@dataclass(slots=True)
class Echo:
    """The version that our write of a status made, once the API server has said it."""

    version: int | None = None


class Intake:
    """Turns changes into work for the parts that own the kind."""

    def __init__(
        self, parts: Mapping[Kind, tuple[str, ...]], add: Callable[[Reader], None]
    ) -> None:
        self._parts = parts
        self._add = add
        self._held: dict[tuple[Kind, Key], list[int]] = {}

    def heard(self, change: Change) -> None:
        """Ask for a pass, unless this may be the echo of a status that we are just writing."""
        held = self._held.get((change.kind, change.key))
        if held is not None and change.status_only:
            held.append(change.version)
            return
        self._wake(change.kind, change.key)

    @contextlib.contextmanager
    def writing(self, kind: Kind, key: Key) -> Iterator[Echo]:
        """Hold back changes of the status until our own write of it is known by its version.

        The watch may be faster than the answer to the write. Changes that are not ours ask for a
        pass at the end.
        """
        held = self._held[kind, key] = []
        echo = Echo()
        try:
            yield echo
        finally:
            del self._held[kind, key]
            if any(version != echo.version for version in held):
                self._wake(kind, key)

    def _wake(self, kind: Kind, key: Key) -> None:
        for part in self._parts.get(kind, ()):
            self._add((part, key))
