"""What happened to the demo's Canary, in order: its phases, and what was said about them."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flagger_py.clock import Clock
from flagger_py.contracts import condition_of, status_of
from flagger_py.testing.history import Change
from flagger_py.testing.served import EVENT
from flagger_py.testing.store import Store

from .manifests import CANARY, WHERE


@dataclass(frozen=True, slots=True)
class Said:
    """One decision in words, as the Event of the Canary has it."""

    at: datetime
    reason: str
    text: str
    warning: bool


@dataclass(slots=True)
class Chronicle:
    """Listens to *store* from the beginning; `phases` has every phase once for each time."""

    store: Store
    clock: Clock
    phases: list[str] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    weight: int = 0
    failed_checks: int = 0
    sentence: str = ""
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.store.listen(self._heard)

    @property
    def phase(self) -> str:
        return self.phases[-1] if self.phases else "Unknown"

    async def reach(self, wanted: Collection[str], since: int = 0) -> str:
        """Wait for one of the *wanted* phases after the first *since* of them; return which."""
        while True:
            self._news.clear()
            found = next((phase for phase in self.phases[since:] if phase in wanted), None)
            if found is not None:
                return found
            await self._news.wait()

    def _heard(self, change: Change) -> None:
        if change.kind == EVENT and change.before is None:
            self._note(change.object)
        elif change.kind == CANARY and change.key == WHERE:
            self._read(status_of(change.object))
        self._news.set()

    def _note(self, event: Any) -> None:
        if event.get("involvedObject", {}).get("kind") == CANARY.kind:
            warning = event.get("type") == "Warning"
            self.said.append(Said(self.clock(), event["reason"], event["message"], warning))

    def _read(self, status: Any) -> None:
        self.weight = int(status.get("canaryWeight") or 0)
        self.failed_checks = int(status.get("failedChecks") or 0)
        self.sentence = condition_of(status, "Ready").get("message", "")
        phase = status.get("phase")
        if phase and phase != self.phase:
            self.phases.append(phase)
