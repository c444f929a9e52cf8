"""What any object's status answers, read by its shape alone and never by its kind.

So any controller may take part that writes a status of such a shape.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from flagger_py.contracts.answers import GateAnswer, Measurement, Verdict
from flagger_py.contracts.splits import InForce
from flagger_py.wire import Manifest


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict on the run *token*, or on no run when the analysis judges continuously."""

    token: str | None
    verdict: Verdict
    sentence: str
    measurements: tuple[Measurement, ...] = ()
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Routed:
    """What a route reports; *current* says whether it speaks of the present generation."""

    in_force: InForce | None
    current: bool
    ready: bool
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Gated:
    """The last answer to the run *token*; *polls* is the number of the question that brought it."""

    token: str | None
    open: bool
    answer: GateAnswer | None = None
    polls: int = 0
    sentence: str = ""


def acknowledged(manifest: Manifest) -> bool:
    """Tell whether the object's controller has seen its present generation."""
    observed = status_of(manifest).get("observedGeneration", -1)
    return bool(observed >= manifest["metadata"].get("generation", 0))


def read_judged(manifest: Manifest) -> Judged | None:
    """Read the verdict an object reports, or None when it reports none that can be read."""
    status = status_of(manifest)
    try:
        verdict = Verdict(status["verdict"])
        found = status.get("measurements", ())
        measurements = tuple(Measurement.model_validate(item) for item in found)
    except (KeyError, ValueError):
        return None
    run = status.get("run")
    return Judged(
        token=run.get("token") if isinstance(run, Mapping) else run,
        verdict=verdict,
        sentence=_ready(status).get("message", ""),
        measurements=measurements,
        at=max((m.at for m in measurements if m.at), default=None),
    )


def read_routed(manifest: Manifest) -> Routed:
    """Read which split an object reports in force."""
    status = status_of(manifest)
    ready = _ready(status)
    try:
        in_force = InForce.model_validate(status["inForce"])
    except (KeyError, ValidationError):
        in_force = None
    return Routed(
        in_force=in_force,
        current=acknowledged(manifest),
        ready=ready.get("status") == "True",
        reason=ready.get("reason", ""),
        sentence=ready.get("message", ""),
    )


def read_gated(manifest: Manifest) -> Gated:
    """Read the answer an object reports; closed is the default."""
    status = status_of(manifest)
    is_open = condition_of(status, "Open")
    run = status.get("run")
    try:
        answer = GateAnswer.model_validate(status["answer"])
    except (KeyError, ValidationError):
        answer = None
    return Gated(
        token=run.get("token") if isinstance(run, Mapping) else run,
        open=is_open.get("status") == "True",
        answer=answer,
        polls=run.get("polls", 0) if isinstance(run, Mapping) else 0,
        sentence=is_open.get("message", ""),
    )


def status_of(manifest: Manifest) -> Mapping[str, Any]:
    return manifest.get("status") or {}


def condition_of(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Return the condition of type *kind*, empty when the status has none."""
    found: Mapping[str, Any]
    for found in status.get("conditions", ()):
        if found.get("type") == kind:
            return found
    return {}


def _ready(status: Mapping[str, Any]) -> Mapping[str, Any]:
    return condition_of(status, "Ready")
