"""What a controller is: the kind it owns, how it looks and how it decides."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Generic, TypeVar

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.decision import Action, Decision, Deliver, Telling
from flagger_py.egress import Egress
from flagger_py.refs import Key, Kind
from flagger_py.runtime.cluster import Cluster, Site
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

LETS_GO_AFTER_S = 600.0

Spec = TypeVar("Spec", bound=FluxSpec)
Status = TypeVar("Status", bound=FluxStatus)
Seen = TypeVar("Seen")


def spec_seconds(name: str, default_s: float = LETS_GO_AFTER_S) -> Callable[[Manifest], float]:
    """Return how to read the seconds in `spec.`*name* of an object, also of an invalid one."""

    def seconds(manifest: Manifest) -> float:
        spec = manifest.get("spec")
        found = spec.get(name) if isinstance(spec, Mapping) else None
        usable = isinstance(found, int | float) and not isinstance(found, bool) and found > 0
        return float(found) if found is not None and usable else default_s

    return seconds


def _after_a_while(_manifest: Manifest) -> float:
    return LETS_GO_AFTER_S


@dataclass(frozen=True, slots=True)
class Part(Generic[Spec, Status, Seen]):
    """One controller as the shell sees it: *observe* is its only I/O in, and *decide* is pure."""

    name: str
    kind: Kind
    spec: type[Spec]
    status: type[Status]
    observe: Callable[[Subject[Spec, Status], Site], Awaitable[Seen]]
    decide: Callable[[Subject[Spec, Status], Seen], Decision[Status]]
    finalizer: str
    default_account: str | None = None
    suspended: Callable[[Subject[Spec, Status], Site], Awaitable[tuple[Action, ...]]] | None = None
    """What is still done for a suspended object: say so once, pass it down; nothing else."""
    lets_go_after: Callable[[Manifest], float] = _after_a_while
    """Seconds after which the finalizer lets a deleted object go, whatever fault keeps it."""
    meanings: Mapping[str, str] = field(default_factory=dict, hash=False)
    """What the metrics that its passes tell mean, by name: the help shown on /metrics."""
    warnings: tuple[str, ...] = ()
    """What an operator should know of the chosen flags, told when the process starts."""

    @property
    def manager(self) -> str:
        """The field manager of every object this part writes."""
        return f"flagger-{self.name}"

    @property
    def status_manager(self) -> str:
        return f"{self.manager}-status"


@dataclass(frozen=True, slots=True)
class Shell:
    """What a pass needs from its process."""

    cluster: Cluster
    egress: Egress
    clock: Callable[[], datetime]
    tell: Callable[[Telling], None]
    deliver: Callable[[Key, Deliver], None]
    instance: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a pass ended: when to look again by ourselves, and whether it was for a fault.

    *failed* asks the queue for exponential backoff, bounded from below by *requeue_after_s* and
    from above by *at_latest_s*.
    """

    requeue_after_s: float | None = None
    failed: bool = False
    wrote_status: bool = False
    sentence: str = ""
    at_latest_s: float | None = None


def ours(group: str) -> bool:
    """Tell whether objects of *group* are the toolkit's own, read and written as the controller."""
    return group == "flagger.app" or group.endswith(".flagger.app")
