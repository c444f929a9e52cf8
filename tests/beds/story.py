"""A recorded scenario as data: what was given, what was done when, and how it ends.

Namespace, host and servers are placeholders in the recordings; where it is played they get names,
by default those that only a simulation has.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

NAMESPACE = "scenario"
SINK, PROMETHEUS, TESTER = "sink.test", "prometheus.test", "tester.test"
PLACES = {
    "${NS}": NAMESPACE,
    "${SINK}": f"http://{SINK}",
    "${PROM}": f"http://{PROMETHEUS}",
    "${TESTER}": f"http://{TESTER}",
}

Holds = Callable[[Mapping[str, Any]], bool]
"""Tells whether a condition of the recording's language holds now."""


@dataclass(frozen=True, slots=True)
class Step:
    """Once *when* holds, *after_s* seconds later, *actions* are done in order."""

    when: Mapping[str, Any]
    after_s: float
    actions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One scenario; *record* is what the real Flagger made of it."""

    name: str
    manifests: tuple[Mapping[str, Any], ...]
    load: tuple[Mapping[str, Any], ...]
    answers: Mapping[str, Any]
    steps: tuple[Step, ...]
    end: Step
    timeout_s: float
    seconds: float
    """How long it took the real Flagger."""
    waits_for_target: bool
    record: Mapping[str, Any]
    namespace: str = NAMESPACE
    alone: bool = False
    """Whether it does something to the controllers that other stories would notice."""


@dataclass(slots=True)
class Progress:
    """How far a story has come."""

    story: Story
    _next: int = 0
    _held_since: datetime | None = None
    actions_at: list[datetime] = field(default_factory=list)

    def due(self, holds: Holds, now: datetime) -> tuple[Mapping[str, Any], ...]:
        """Return the actions to be done now; those of one step at a time."""
        if self._next >= len(self.story.steps):
            return ()
        step = self.story.steps[self._next]
        if not self._reached(step, holds, now):
            return ()
        self._next += 1
        self._held_since = None
        self.actions_at += [now] * len(step.actions)
        return step.actions

    def ended(self, holds: Holds, now: datetime) -> bool:
        """Tell whether all steps are done and the end has come."""
        return self._next >= len(self.story.steps) and self._reached(self.story.end, holds, now)

    def _reached(self, step: Step, holds: Holds, now: datetime) -> bool:
        if self._held_since is None and holds(step.when):
            self._held_since = now
        if self._held_since is None:
            return False
        return now >= self._held_since + timedelta(seconds=step.after_s)


def read_story(path: Path, places: Mapping[str, str] = PLACES) -> Story:
    """Read a scenario file, with the placeholders in what was given filled in by *places*."""
    found = json.loads(path.read_text())
    given = filled_in(found["given"], places)
    manifests = tuple(_without_alerts(item) for item in given["manifests"])
    steps = tuple(_step(item) for item in given["steps"])
    return Story(
        name=found["scenario"],
        manifests=manifests,
        load=tuple(given["load"]),
        answers=given["answers"],
        steps=steps,
        end=_step(given["end"]),
        timeout_s=float(given["timeout"]),
        seconds=float(found["seconds"]),
        waits_for_target=not given.get("dontWait", False),
        record=found["record"],
        namespace=places["${NS}"],
        alone=bool(given.get("exclusive", False)),
    )


def filled_in(value: Any, places: Mapping[str, str] = PLACES) -> Any:
    """Replace the placeholders at any depth of a JSON value."""
    if isinstance(value, str):
        for placeholder, name in places.items():
            value = value.replace(placeholder, name)
        return value
    if isinstance(value, Mapping):
        return {name: filled_in(item, places) for name, item in value.items()}
    if isinstance(value, list):
        return [filled_in(item, places) for item in value]
    return value


def emptied(value: Any, places: Mapping[str, str] = PLACES) -> Any:
    """Put the placeholders back at any depth of a JSON value."""
    if isinstance(value, str):
        for placeholder, name in reversed(tuple(places.items())):
            value = value.replace(name, placeholder)
        return value
    if isinstance(value, Mapping):
        return {emptied(name, places): emptied(item, places) for name, item in value.items()}
    if isinstance(value, list):
        return [emptied(item, places) for item in value]
    return value


def _without_alerts(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the alerts of a Canary: no controller sends them yet, and none depends on them."""
    if manifest["kind"] != "Canary":
        return manifest
    analysis = {k: v for k, v in manifest["spec"]["analysis"].items() if k != "alerts"}
    return {**manifest, "spec": {**manifest["spec"], "analysis": analysis}}


def _step(item: Mapping[str, Any]) -> Step:
    return Step(item.get("when", {}), float(item.get("after", 0)), tuple(item.get("do", ())))
