"""What crosses parts: the run token, the split, and the three answers read from a status.

Whoever asks writes a token into `spec.run`; whoever answers repeats it in its status. An answer
to another token is no answer. Readers look at the shape of a status alone, never at its kind, so
that any controller may take part.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Self

from pydantic import Field, PlainSerializer, ValidationError, model_validator

from flagger_py.quantities import Weight
from flagger_py.wire import Manifest, Wire


@lru_cache(4096)
def _milliseconds(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace(".000", "").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_milliseconds, return_type=str)]
"""A point in time, written as RFC 3339 in UTC with milliseconds where there are any."""


class Verdict(StrEnum):
    """What an analysis found about one run. Only Passed lets a release go on."""

    PENDING = "Pending"
    PASSED = "Passed"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    NO_DATA = "NoData"
    ERROR = "Error"


class Answer(StrEnum):
    """What a gate was told. Denied and Unreachable both keep it closed, for different reasons."""

    APPROVED = "Approved"
    DENIED = "Denied"
    UNREACHABLE = "Unreachable"


class Run(Wire):
    """One question to an analysis.

    *since* is when the split under judgement was seen in force, *due* when a verdict is wanted.
    *begun* is when the revision under judgement got its first traffic, without it *since*: no
    window reaches further back, because there it would hold another revision's requests.
    """

    token: str = Field(min_length=1)
    begun: Moment | None = None
    since: Moment | None = None
    due: Moment | None = None


class GateRun(Wire):
    """One question to a gate; after *deadline* nobody waits for the answer any more."""

    token: str = Field(min_length=1)
    deadline: Moment | None = None


class Split(Wire):
    """Who gets which share of the requests; the two weights sum to 100.

    *match* confines the canary's share to matching requests, in the form of Flagger's
    `analysis.match`. *mirror* copies the primary's requests to the canary, whose answers are
    dropped. *affinity* keeps a user on the side that answered first.
    """

    primary: Weight = 100
    canary: Weight = 0
    match: tuple[Mapping[str, Any], ...] = ()
    mirror: bool = False
    mirror_weight: Weight | None = None
    affinity: Mapping[str, Any] | None = None

    @model_validator(mode="after")
    def _sums_to_100(self) -> Self:
        if self.primary + self.canary != 100:  # noqa: PLR2004 - percent
            raise ValueError(f"primary {self.primary} and canary {self.canary} must sum to 100")
        return self


ALL_TO_PRIMARY = Split()


class InForce(Wire):
    """The split that requests really follow, since when, and the spec generation it renders."""

    split: Split
    since: Moment
    generation: int


class Measurement(Wire):
    """One reading and what it means, complete enough to be explained without its source."""

    name: str
    verdict: Verdict
    sentence: str
    query: str | None = None
    value: float | None = None
    rule: str | None = None
    at: Moment | None = None


class GateAnswer(Wire):
    """What was answered, when, and by whom; *by* is a claim unless the source proves identity."""

    value: Answer
    at: Moment
    by: str | None = None
    text: str = ""


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
    """The last answer to the run *token*; *polls* counts how often the question was sent."""

    token: str | None
    open: bool
    answer: GateAnswer | None = None
    polls: int = 0
    sentence: str = ""


def token(*parts: object) -> str:
    """Derive a run token from *parts*, the asker's own state alone.

    Equal state gives the equal token, so that a crash before a status write asks the same
    question again and not another one.
    """
    text = json.dumps([str(part) for part in parts])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


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
