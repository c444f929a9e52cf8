"""What to do about objects that a former spec wanted: delete ours, hand back the others'."""

from dataclasses import dataclass

from flagger_py.decision import Action, Delete
from flagger_py.refs import SERVICE, controlled_by, key_of
from flagger_py.wire import Manifest

from . import adopt
from .api import TrafficRouteStatus, Written
from .case import Case, Seen
from .objects import ident_of
from .plan import Step


@dataclass(frozen=True, slots=True)
class Cleared:
    """The status without what was handed back; *kept* are objects that still have to wait."""

    status: TrafficRouteStatus
    kept: tuple[Written, ...] = ()
    actions: tuple[Action, ...] = ()


def clear(
    case: Case, seen: Seen, status: TrafficRouteStatus, steps: tuple[Step, ...], *, settled: bool
) -> Cleared:
    """Remove what is wanted no more, once what replaces it is in force.

    A Service that the route still names stays, even when it is ours no longer to make.
    """
    wanted = {step.want.ident for step in steps}
    old = [w for w in case.subject.status.objects if w.ident not in wanted]
    if not settled:
        return Cleared(status, tuple(old))
    names = {case.names.apex, case.names.primary, case.names.canary}
    actions: list[Action] = []
    gone: set[str] = set()
    for written in old:
        live = seen.live.get(written.ident)
        if live is None or (written.kind == SERVICE.kind and written.name in names):
            continue
        actions += _removal(case, seen, live)
        gone.add(written.ident)
    adopted = tuple(one for one in status.adopted if one.ident not in gone)
    return Cleared(status.model_copy(update={"adopted": adopted}), (), tuple(actions))


def _removal(case: Case, seen: Seen, live: Manifest) -> tuple[Action, ...]:
    if controlled_by(live, case.subject.uid):
        kind = seen.kinds[ident_of(live)]
        return (Delete(kind, key_of(live), str(live["metadata"]["uid"])),)
    known = adopt.record_of(case.subject.status.adopted, live)
    return (adopt.handed_back(known, live),) if known else ()
