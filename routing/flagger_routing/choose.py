"""Which split should be in force: the one asked for, or the last one while that cannot be had."""

from dataclasses import dataclass

from flagger_py.conditions import Reason as SharedReason
from flagger_py.conditions import Standing, retrying, stalled
from flagger_py.contracts import Split
from flagger_py.errors import SpecError

from . import services
from .case import Case, Seen
from .reasons import Reason


@dataclass(frozen=True, slots=True)
class Choice:
    """The split to hold; None where none may be put in force yet.

    *hindrance* says why what is asked for is not what is held, or that it is not served; *early*
    that it may be gone in a moment: endpoints follow their pods.
    """

    split: Split | None
    hindrance: Standing | None = None
    early: bool = False


def choose(case: Case, seen: Seen) -> Choice:
    """Never move a share to a Service that has no ready endpoint, nor to what is not supported."""
    asked, last = case.asked.split, last_split(case, seen)
    refusal = case.router.refusal(case.request(asked), seen.related)
    if refusal is not None:
        return Choice(last, stalled(refusal, SharedReason.NOT_SUPPORTED))
    idle = [name for name in receivers(case, asked) if name not in seen.serving]
    if not idle:
        return Choice(asked, _apex_hindrance(case) if apex_waits(case, seen) else None)
    listed = " and ".join(f"Service {name}" for name in idle)
    stays = f"{spoken_split(last)} stays" if last else "nothing is routed yet"
    message = f"{listed} has no ready endpoint for {spoken_split(asked)}; {stays}"
    subject = case.subject
    unanswered = subject.status.observed_generation != subject.generation
    early = unanswered and seen.idle_s < case.settings.tell_idle_s
    return Choice(last, retrying(message, Reason.BACKEND_NOT_READY), early)


def hindered(choice: Choice, fault: SpecError) -> Choice:
    """Say that *choice* is had, or not, without the service that is asked for."""
    also = f"; {choice.hindrance.message}" if choice.hindrance else ""
    return Choice(choice.split, stalled(f"{fault.message}{also}", fault.reason))


def apex_waits(case: Case, seen: Seen) -> bool:
    """Tell whether the apex leads elsewhere still, and the primary cannot take its callers yet."""
    selectors = case.subject.spec.selectors
    apex = services.address(case.subject.namespace, case.names, services.Role.APEX)
    live = seen.live.get(apex.ident)
    if selectors is None or live is None or case.names.primary in seen.serving:
        return False
    return bool(live["spec"].get("selector") != dict(selectors.primary))


def receivers(case: Case, split: Split) -> tuple[str, ...]:
    """Return the Services that get requests under *split*.

    Where matches confine the canary's share, the rest of the requests goes to the primary.
    """
    found = []
    if split.primary > 0 or split.match:
        found.append(case.names.primary)
    if split.canary > 0 or split.mirror:
        found.append(case.names.canary)
    return tuple(found)


def _apex_hindrance(case: Case) -> Standing:
    names = case.names
    message = (
        f"Service {names.primary} has no ready endpoint; Service {names.apex} stays as it is, for "
        "callers that do not go through the route"
    )
    return retrying(message, Reason.BACKEND_NOT_READY)


def last_split(case: Case, seen: Seen) -> Split | None:
    """Return the split that was in force last: as we said it, else as a route found here says."""
    status = case.subject.status
    if status.in_force is not None:
        return status.in_force.split
    if status.applied is not None:
        return status.applied.split
    routes = case.routes(seen)
    return case.router.read(routes, case.request(case.asked.split)) if routes else None


def spoken_split(split: Split) -> str:
    """Say a split as a sentence does: `80/20 with matches`."""
    more = [word for word, said in (("matches", split.match), ("a mirror", split.mirror)) if said]
    return f"{split.primary}/{split.canary}" + (f" with {' and '.join(more)}" if more else "")
