"""What a deleted TrafficRoute still does: hand back what was adopted, then let go."""

from datetime import datetime, timedelta

from flagger_py.conditions import progressing
from flagger_py.decision import Action, Decision, Emit, Release
from flagger_py.errors import Conflict

from . import adopt
from .api import FINALIZER, TrafficRouteStatus, left_to_another
from .case import RouteSubject, Seen
from .reasons import Reason


def decide(subject: RouteSubject, seen: Seen, *, let_go_s: float) -> Decision[TrafficRouteStatus]:
    """Hand back and release in one pass; nothing is made any more.

    What cannot be read, or not be handed back within *let_go_s*, is named and left behind.
    """
    status = subject.status
    standing = progressing("The TrafficRoute is being deleted")
    if FINALIZER not in subject.finalizers:
        if left_to_another(subject.spec.provider):
            # Any decision is written into the status, and this one is another controller's.
            raise Conflict(f"TrafficRoute {subject.name} is left to {subject.spec.provider}")
        return Decision(status, standing)
    names = ", ".join(f"{one.kind} {one.name}" for one in status.adopted)
    reason = seen.hindrance or _late(subject, let_go_s)
    if reason is not None:
        left = f"{reason}; left as they are: {names or 'nothing'}"
        return Decision(
            status,
            standing,
            (Emit(Reason.LEFT_BEHIND, left, "Warning", token=subject.uid), Release()),
        )
    actions: list[Action] = []
    for one in status.adopted:
        live = seen.live.get(one.ident)
        known = live is not None and adopt.record_of((one,), live) is not None
        if live is not None and known and one.ident not in seen.held:
            actions.append(adopt.handed_back(one, live))
    if actions:
        message = f"Handed back as they were: {names}"
        actions.append(Emit(Reason.HANDED_BACK, message, token=subject.uid))
    return Decision(status, standing, (*actions, Release()))


def _late(subject: RouteSubject, let_go_s: float) -> str | None:
    stamp = datetime.fromisoformat(str(subject.meta["deletionTimestamp"]))
    if subject.now - stamp < timedelta(seconds=let_go_s):
        return None
    return f"Handing back did not succeed within {let_go_s:g} s"
