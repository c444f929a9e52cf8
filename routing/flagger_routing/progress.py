"""Whether the split that should be in force is: what the route says and who has judged it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.conditions import Standing, progressing, ready, retrying
from flagger_py.contracts import InForce, Split
from flagger_py.decision import Emit
from flagger_py.refs import SERVICE
from flagger_py.wire import Manifest

from .api import Applied
from .case import Case, Seen
from .choose import Choice, receivers, spoken_split
from .plan import State, Step
from .reasons import Reason
from .routers.contract import Accepted, Judgement, NotYet, Refused, Unjudged

LOOK_AGAIN_S = 30.0
"""How often a state that others should end is looked at, should an event be lost."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What a pass has to say of the split; *settled* where nothing is under way any more."""

    in_force: InForce | None
    applied: Applied | None
    standing: Standing
    events: tuple[Emit, ...] = ()
    requeue_after_s: float | None = None
    settled: bool = False


def follow(
    case: Case, seen: Seen, split: Split, choice: Choice, steps: tuple[Step, ...]
) -> Progress:
    """Judge how far *split* is in force, given all *steps* of this pass."""
    diverted = _diverted(case, seen, split, steps)
    steps = tuple(step for step in steps if not _is_backend(step, case))
    judgement = _judged(case, seen, split, steps)
    withdrawn = isinstance(judgement, Unjudged) and bool(case.judged_by(seen))
    if isinstance(judgement, Unjudged) and withdrawn:
        once = " and ".join(case.judged_by(seen))
        judgement = NotYet(f"no longer judged by {once}: {judgement.sentence}")
    wait_s: float | None = None
    events: tuple[Emit, ...] = ()
    message = f"{spoken_split(split)} is in force by provider {case.provider}"
    if isinstance(judgement, Unjudged):
        wait_s = _settles_in_s(case, steps)
        if wait_s <= 0:
            message = f"{message}, though {judgement.sentence}"
            events = _warned(case, split, judgement)
            judgement, wait_s = Accepted(), None
    interrupted = withdrawn or diverted or _interrupted(case, seen, split, steps)
    in_force = _in_force(case, split, judgement, interrupted)
    standing = choice.hindrance or _standing(judgement, message)
    return Progress(
        in_force=in_force if choice.hindrance is None else _held(case, in_force),
        applied=_applied(case, split),
        standing=standing,
        events=events,
        requeue_after_s=_sooner(wait_s, look_again_s(standing)),
        settled=standing.ready == "True" and not _under_way(steps),
    )


def look_again_s(standing: Standing) -> float | None:
    """Return when to look by ourselves: only where others work on it, not where a user must."""
    return None if standing.ready == "True" or standing.stalled else LOOK_AGAIN_S


def _judged(case: Case, seen: Seen, split: Split, steps: tuple[Step, ...]) -> Judgement:
    """A router without reports is believed at once; the others speak of what is stored."""
    if not case.router.reports:
        return Accepted()
    routes = case.routes(seen)
    if any(step.writes for step in steps if _is_route(step, case)):
        return NotYet(f"{spoken_split(split)} is written, waiting for the Gateways' judgement")
    if not _says(case, routes, split, steps):
        return NotYet(f"{spoken_split(split)} is written, waiting to see it stored")
    return case.router.judge(routes)


def _interrupted(case: Case, seen: Seen, split: Split, steps: tuple[Step, ...]) -> bool:
    """Tell whether requests may have followed another split since the status was written."""
    before = case.subject.status.applied
    if before is not None and before.split != split:
        return True
    repaired = [s for s in steps if s.state is State.REPAIRED and _is_route(s, case)]
    if not repaired:
        return False
    return not _says(case, case.routes(seen), split, steps)


def _diverted(case: Case, seen: Seen, split: Split, steps: tuple[Step, ...]) -> bool:
    """Tell whether a Service that gets requests led elsewhere until this pass put it back."""
    for step in steps:
        name = step.want.whole["metadata"]["name"]
        if step.state is not State.REPAIRED or not _is_backend(step, case):
            continue
        live = seen.live.get(step.want.ident)
        if name in receivers(case, split) and not _leads_there(step.want.whole, live):
            return True
    return False


def _leads_there(wanted: Manifest, live: Manifest | None) -> bool:
    if live is None or live["spec"].get("selector") != wanted["spec"]["selector"]:
        return False
    found = [_leads(port) for port in live["spec"].get("ports") or ()]
    return all(_leads(port) in found for port in wanted["spec"]["ports"])


def _leads(port: Mapping[str, Any]) -> tuple[object, ...]:
    return port.get("port"), port.get("protocol", "TCP"), port.get("targetPort", port.get("port"))


def _says(case: Case, routes: tuple[Manifest, ...], split: Split, steps: tuple[Step, ...]) -> bool:
    """Tell whether the *routes* say *split*, compared as both read back: in the router's words."""
    if not routes:
        return False
    request = case.request(split)
    wanted = tuple(step.want.whole for step in steps if _is_route(step, case))
    return case.router.read(routes, request) == case.router.read(wanted, request)


def _in_force(case: Case, split: Split, judgement: Judgement, interrupted: bool) -> InForce | None:
    kept = case.subject.status.in_force
    same = kept is not None and kept.split == split
    if same and (interrupted or isinstance(judgement, Refused)):
        kept, same = None, False
    if not isinstance(judgement, Accepted):
        return kept
    since = kept.since if same and kept is not None else _from(case)
    return InForce(split=split, since=since, generation=case.subject.generation)


def _from(case: Case) -> datetime:
    """Return from when a split that is accepted now is in force.

    An edge that reports nothing follows a little after the object is stored, which is itself
    after the beginning of this pass.
    """
    if case.router.reports:
        return case.subject.now
    return case.subject.now + timedelta(seconds=case.settings.edge_lag_s)


def _held(case: Case, in_force: InForce | None) -> InForce | None:
    """A split that is held against the present spec renders an earlier generation."""
    kept = case.subject.status.in_force
    if in_force is None or kept is None or kept.split != in_force.split:
        return in_force
    if in_force.split == case.asked.split:
        return in_force
    return in_force.model_copy(update={"generation": kept.generation})


def _applied(case: Case, split: Split) -> Applied:
    before = case.subject.status.applied
    if before is not None and before.split == split:
        return before
    return Applied(split=split, at=case.subject.now)


def _settles_in_s(case: Case, steps: tuple[Step, ...]) -> float:
    written = max(step.written.at for step in steps if _is_route(step, case))
    return case.settings.settle_s - (case.subject.now - written).total_seconds()


def _warned(case: Case, split: Split, judgement: Unjudged) -> tuple[Emit, ...]:
    kept = case.subject.status.in_force
    if kept is not None and kept.split == split:
        return ()
    message = (
        f"{judgement.sentence}; {spoken_split(split)} counts as in force "
        f"{case.settings.settle_s:g} s after it was written"
    )
    return (Emit(Reason.NOT_JUDGED, message, "Warning", token=str(case.subject.generation)),)


def _standing(judgement: Judgement, message: str) -> Standing:
    match judgement:
        case Accepted():
            return ready(message)
        case Refused(sentence=sentence):
            return retrying(sentence, Reason.ROUTE_REFUSED)
        case NotYet(sentence=sentence) | Unjudged(sentence=sentence):
            return progressing(sentence)


def _under_way(steps: tuple[Step, ...]) -> bool:
    return any(step.writes or step.state is State.PENDING for step in steps)


def _is_backend(step: Step, case: Case) -> bool:
    meta, kind = step.want.whole["metadata"], step.want.whole["kind"]
    return kind == SERVICE.kind and meta["name"] in (case.names.primary, case.names.canary)


def _is_route(step: Step, case: Case) -> bool:
    """Tell a route from the apex Service, which is the route where a router makes no object."""
    if not case.router.kinds:
        return True
    kinds = {(kind.group, kind.kind) for kind in case.router.kinds}
    manifest = step.want.whole
    return (manifest["apiVersion"].rpartition("/")[0], manifest["kind"]) in kinds


def _sooner(one: float | None, other: float | None) -> float | None:
    return min((wait for wait in (one, other) if wait is not None), default=None)
