"""Everything a decision about a Canary may rest on, as values; absence is one of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from flagger_py.contracts import (
    Gated,
    Judged,
    Routed,
    acknowledged,
    read_gated,
    read_judged,
    read_routed,
)
from flagger_py.wire import Manifest

from .configs import Config


@dataclass(frozen=True, slots=True)
class Child:
    """An object that another controller answers for, ours or a referenced one.

    *waited_s* is how long its controller has been seen not to acknowledge its present generation,
    *overdue_s* how late its verdict is, as far as we have been waiting for it, None where none is
    due at a moment; *missing* says why it cannot be read at all, empty when it can.
    """

    name: str
    kind: str
    manifest: Manifest | None = None
    waited_s: float = 0.0
    missing: str = ""
    overdue_s: float | None = None
    asked_by: str = ""
    """Another Canary whose question it answers: there is no answer for us."""
    _read: dict[str, Any] = field(default_factory=dict, init=False, repr=False, compare=False)
    """What was read of the manifest already: deciders ask for it again and again."""

    @property
    def exists(self) -> bool:
        return self.manifest is not None

    @property
    def silent(self) -> bool:
        """Its controller has not seen its present generation."""
        return self.manifest is None or not acknowledged(self.manifest)

    @property
    def suspended(self) -> bool:
        """Its controller leaves it alone, as it was told."""
        spec = (self.manifest or {}).get("spec") or {}
        return spec.get("suspend") is True

    @property
    def judged(self) -> Judged | None:
        found: Judged | None = self._once("judged", read_judged)
        return found

    @property
    def routed(self) -> Routed | None:
        found: Routed | None = self._once("routed", read_routed)
        return found

    @property
    def gated(self) -> Gated | None:
        found: Gated | None = self._once("gated", read_gated)
        return found

    def _once(self, what: str, read: Callable[[Manifest], Any]) -> Any:
        if what not in self._read:
            self._read[what] = None if self.manifest is None else read(self.manifest)
        return self._read[what]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the cluster on behalf of one Canary."""

    target: Manifest | None
    primary: Manifest | None
    route: Child
    analysis: Child
    gates: Mapping[str, Child] = field(default_factory=dict)
    """By the webhook's name."""
    foreign_analyses: tuple[Child, ...] = ()
    foreign_gates: tuple[Child, ...] = ()
    leftovers: tuple[Manifest, ...] = ()
    """Gates that we made for webhooks that the spec has no more."""
    configs: tuple[Config, ...] = ()
    missing_configs: tuple[str, ...] = ()
    """Configs the target needs and nobody has made."""
    unrouted_s: float = 0.0
    """For how long the split that the status asks for has been seen not to be in force."""

    @property
    def asked(self) -> tuple[Child, ...]:
        """Everybody whose answer a release rests on."""
        return (
            self.route,
            self.analysis,
            *self.gates.values(),
            *self.foreign_analyses,
            *self.foreign_gates,
        )

    @property
    def checksums(self) -> dict[str, str]:
        return {config.ref.key: config.checksum for config in self.configs}
