"""What a decider may ask the shell to do. Actions are data, so that a test asserts on a tuple."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, Literal, TypeVar

from flagger_py.conditions import Condition, FluxStatus, Standing
from flagger_py.egress import Request
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

S = TypeVar("S", bound=FluxStatus)


class Force(StrEnum):
    """What to do when another field manager holds a field that we apply."""

    NEVER = "Never"
    """Stall with the snippet that ends the fight."""
    UNLESS_GITOPS = "UnlessGitOps"
    """Take it over, except from a GitOps tool; then stall with the snippet."""
    OR_TOLERATE = "OrTolerate"
    """Take it over, except from a GitOps tool; then go on without, with a warning."""
    ASK = "Ask"
    """A question in a shared object: another's is never overwritten; stall as AskedByAnother."""
    ALWAYS = "Always"
    """The object is our own child: what it says is what we say."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Server-side apply *manifest*: exactly the fields we own, nothing else.

    The namespace and the ownerReference are the decider's to set. Nothing is sent when the live
    object already says so.
    """

    manifest: Manifest
    force: Force = Force.UNLESS_GITOPS


@dataclass(frozen=True, slots=True)
class Delete:
    """Delete the object if it still has *uid*; that it is gone already is no error."""

    kind: Kind
    key: Key
    uid: str


@dataclass(frozen=True, slots=True)
class Emit:
    """Record a Kubernetes Event on the object under decision, once.

    *token* says what the event belongs to: the same reason and message under the same token are
    one event, however often a pass repeats them. Without it every state of the object counts anew.
    """

    reason: str
    message: str
    type: Literal["Normal", "Warning"] = "Normal"
    token: str = ""


@dataclass(frozen=True, slots=True)
class Deliver:
    """Send *request* after the status is written; in order per object, failures logged only.

    Within a process the same *token* is delivered once; after a crash perhaps once more.
    """

    request: Request
    about: str
    token: str


@dataclass(frozen=True, slots=True)
class Hold:
    """Put our finalizer on the object under decision."""


@dataclass(frozen=True, slots=True)
class Release:
    """Take our finalizer off the object under decision."""


@dataclass(frozen=True, slots=True)
class Count:
    """Add one to a Prometheus counter once the status is written."""

    name: str
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Observe:
    """Add *value* to a Prometheus histogram once the status is written."""

    name: str
    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Gauge:
    """The present value of a Prometheus gauge, told anew at each pass.

    Of a *shared* one each object tells its part; the series is the sum over all objects.
    """

    name: str
    labels: Mapping[str, str]
    value: float
    shared: bool = False


Telling = Gauge | Count | Observe

Action = Apply | Delete | Emit | Deliver | Hold | Release | Count | Observe


@dataclass(frozen=True, slots=True)
class Decision(Generic[S]):
    """What follows from what was seen.

    The shell applies *actions* in order, then writes *status* once if anything changed, with
    conditions made from *standing* and *conditions* (the kind's own ones, after Ready). Where
    *requeue_after_s* is None only an event brings the object back.
    """

    status: S
    standing: Standing
    actions: tuple[Action, ...] = ()
    requeue_after_s: float | None = None
    conditions: tuple[Condition, ...] = ()
    gauges: tuple[Gauge, ...] = field(default=())
    complete: bool = False
    """Whether *requeue_after_s* says all: then no look follows the writing of the status, in case
    that what it waits for holds already."""
    quiet: bool = False
    """Whether it is too early to say anything: the status, its observedGeneration too, stays."""
    faulty: bool = False
    """Made by the shell for a pass that met a fault, not by a decider."""
