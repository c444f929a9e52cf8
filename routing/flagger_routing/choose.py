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

    *hindrance* says why what is asked for is not what is held, or that it is not served.
    """

    split: Split | None
    hindrance: Standing | None = None


def choose(case: Case, seen: Seen) -> Choice:
    """Never let a share grow at a Service without ready endpoint, nor ask for the unsupported.

    A share that shrinks there is better than one that stays, where the other side serves.
    """
    asked, last = case.asked.split, last_split(case, seen)
    refusal = case.router.refusal(case.request(asked), seen.related)
    if refusal is not None:
        return Choice(last, stalled(refusal, SharedReason.NOT_SUPPORTED))
    idle = [name for name in receivers(case, asked) if name not in seen.serving]
    if not idle:
        return Choice(asked, _apex_hindrance(case) if apex_waits(case, seen) else None)
    listed = " and ".join(f"Service {name}" for name in idle)
    if not any(_grows(case, name) for name in idle):
        message = f"{listed} has no ready endpoint for {spoken_split(asked)}"
        return Choice(asked, retrying(message, Reason.BACKEND_NOT_READY))
    last = _kept(case, last, idle)
    stays = f"{spoken_split(last)} stays" if last else "nothing is routed yet"
    message = f"{listed} has no ready endpoint for {spoken_split(asked)}; {stays}"
    return Choice(last, retrying(message, Reason.BACKEND_NOT_READY))


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


def _kept(case: Case, last: Split | None, idle: list[str]) -> Split | None:
    """Return the split to stay at: what was in force, or what was written since if it gives less.

    Putting back what was in force must not give an idle side more than the route says now.
    """
    applied = case.subject.status.applied
    if last is None or applied is None:
        return last
    less = all(_share(case, applied.split, name) < _share(case, last, name) for name in idle)
    return applied.split if less else last


def _grows(case: Case, name: str) -> bool:
    """Tell whether *name* is to get requests that it did not get as we said and wrote last."""
    status, asked = case.subject.status, case.asked.split
    known = [one.split for one in (status.in_force, status.applied) if one is not None]
    if not known:
        return True
    return any(
        before.match != asked.match
        or (asked.mirror and not before.mirror)
        or _share(case, before, name) < _share(case, asked, name)
        for before in known
    )


def _share(case: Case, split: Split, name: str) -> int:
    return split.primary if name == case.names.primary else split.canary


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
