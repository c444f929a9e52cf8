"""What a pass does: write Services and route, and say which split is in force."""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from flagger_py.conditions import progressing
from flagger_py.contracts import ALL_TO_PRIMARY
from flagger_py.decision import Action, Decision, Emit, Hold, Release
from flagger_py.owned import applied_fields
from flagger_py.refs import owner_reference
from flagger_py.wire import Manifest

from . import adopt, handback, leftovers, progress, services, taken
from .api import FINALIZER, MANAGER, Adopted, TrafficRouteStatus
from .case import Case, RouteSubject, Seen, open_case
from .choose import Choice, choose, hindered, spoken_split
from .describe import describe
from .objects import digest, ident_of, spoken, version_of
from .plan import APPEARS_WITHIN, State, Step, Want, is_ours, plan
from .reasons import Reason
from .routers.contract import Router
from .services import Role
from .settings import RoutingSettings
from .wanted import wanted

RouteDecision = Decision[TrafficRouteStatus]


def decide(
    subject: RouteSubject,
    seen: Seen,
    *,
    settings: RoutingSettings,
    routers: Mapping[str, Router],
) -> RouteDecision:
    """Decide one pass; a `SpecError` leaves everything as it is."""
    if subject.deleting:
        return handback.decide(subject, seen, let_go_s=settings.let_go_s)
    case = open_case(subject, settings, routers)
    choice = choose(case, seen)
    objects = wanted(case, seen, choice.split)
    if objects.fault is not None:
        choice = hindered(choice, objects.fault)
    status = describe(case, seen).model_copy(update={"refused": objects.refused})
    wants = (*objects.backends, *objects.front)
    lives = [live for want in wants if (live := seen.live.get(want.ident))]
    taken.refuse(lives, seen.held)
    found = _newly_found(case, seen, wants)
    if found:
        return _remember(case, status, found)
    backends = _planned(case, seen, objects.backends)
    front = _planned(case, seen, objects.front)
    if not subject.spec.apex_ready:
        said = _apex_waits(status)
    elif choice.split is None:
        said = _nothing_yet(case, status, choice)
    else:
        said = progress.follow(case, seen, choice.split, choice, (*backends, *front))
    decision = _ended(case, seen, status, (*backends, *front), said)
    return _unsaid(case, seen, decision) if choice.early else decision


def _planned(case: Case, seen: Seen, wants: tuple[Want, ...]) -> tuple[Step, ...]:
    subject = case.subject
    known = {written.ident: written for written in subject.status.objects}
    owner = owner_reference(subject.manifest)
    return tuple(
        plan(want, seen.live.get(want.ident), known.get(want.ident), owner, subject.now)
        for want in wants
    )


def _newly_found(case: Case, seen: Seen, wants: Iterable[Want]) -> tuple[Adopted, ...]:
    """Return what must be remembered of objects that were there before, ere we change them.

    An object that changed between being remembered and being written is remembered anew; one
    that bears our fields already was written, even if the process died before it could say so.
    """
    subject = case.subject
    owner = owner_reference(subject.manifest)
    apex = services.address(subject.namespace, case.names, Role.APEX).ident
    found = []
    for want in wants:
        live = seen.live.get(want.ident)
        if live is None or is_ours(live, owner):
            continue
        known = adopt.record_of(subject.status.adopted, live)
        if known is not None and applied_fields(live, MANAGER):
            continue
        selectors = subject.spec.selectors if want.ident == apex else None
        calm = _without_shares(case, seen).get(want.ident, live)
        fresh = adopt.original(calm, want.part, selectors)
        if fresh != known:
            found.append(fresh)
    return tuple(found)


def _without_shares(case: Case, seen: Seen) -> dict[str, Manifest]:
    """Return routes that say a split, Flagger's or ours, as they are handed back: without it.

    The release that gave the canary a share is over by then, and so may be its pods.
    """
    calm = case.router.moved(case.routes(seen), case.request(ALL_TO_PRIMARY))
    return {ident_of(route): route for route in calm or ()}


def _remember(case: Case, status: TrafficRouteStatus, found: tuple[Adopted, ...]) -> RouteDecision:
    """Write down what objects said before us; only a pass that reads this back changes them."""
    names = ", ".join(f"{one.kind} {one.name}" for one in found)
    fresh = {one.ident for one in found}
    kept = tuple(one for one in status.adopted if one.ident not in fresh)
    message = f"Adopting what was there before: {names}"
    held = FINALIZER in case.subject.finalizers
    event = Emit(Reason.ADOPTED, message, token=digest([one.wire() for one in found]))
    return Decision(
        status=status.model_copy(update={"adopted": (*kept, *found)}),
        standing=progressing(message),
        actions=(*(() if held else (Hold(),)), event, *_told_ignored(case.subject, status)),
        requeue_after_s=0.0,
    )


def _apex_waits(status: TrafficRouteStatus) -> progress.Progress:
    message = "The Services of primary and canary are made; spec.apexReady is false"
    return progress.Progress(
        status.in_force, status.applied, progressing(message, Reason.APEX_NOT_READY)
    )


def _nothing_yet(case: Case, status: TrafficRouteStatus, choice: Choice) -> progress.Progress:
    standing = choice.hindrance or progressing(f"{case.provider} has nothing to serve yet")
    return progress.Progress(
        status.in_force,
        status.applied,
        standing,
        requeue_after_s=progress.look_again_s(standing),
    )


def _ended(
    case: Case,
    seen: Seen,
    status: TrafficRouteStatus,
    steps: tuple[Step, ...],
    said: progress.Progress,
) -> RouteDecision:
    """Put a pass together: finalizer, writes, removals, events, and the status once."""
    subject = case.subject
    cleared = leftovers.clear(case, seen, status, steps, settled=said.settled)
    status = cleared.status.model_copy(
        update={
            "in_force": said.in_force,
            "applied": said.applied,
            "objects": (*(step.written for step in steps), *cleared.kept),
        }
    )
    applies = tuple(step.apply for step in steps if step.apply is not None)
    actions: tuple[Action, ...] = (
        *_finalizer(subject, status),
        *applies,
        *cleared.actions,
        *(_repaired(step, seen, said) for step in steps if step.state is State.REPAIRED),
        *_told_ignored(subject, status),
        *said.events,
    )
    return Decision(
        status=status,
        standing=said.standing,
        actions=actions,
        requeue_after_s=_soonest(case, seen, steps, said),
    )


def _unsaid(case: Case, seen: Seen, decision: RouteDecision) -> RouteDecision:
    """Keep a hindrance that may be gone in a moment to ourselves, where nothing else is to do.

    Who asked for the split would repeat it and take it back: three writes, all of them stale.
    """
    if decision.actions or decision.status != case.subject.status:
        return decision
    left_s = case.settings.tell_idle_s - seen.idle_s
    again_s = left_s if case.asked.next_s is None else min(left_s, case.asked.next_s)
    return replace(decision, quiet=True, requeue_after_s=again_s)


def _finalizer(subject: RouteSubject, status: TrafficRouteStatus) -> tuple[Action, ...]:
    needed = bool(status.adopted) or subject.spec.revert_on_deletion
    held = FINALIZER in subject.finalizers
    if needed == held:
        return ()
    return (Hold(),) if needed else (Release(),)


def _repaired(step: Step, seen: Seen, said: progress.Progress) -> Emit:
    live: Manifest | None = seen.live.get(step.want.ident)
    what = "was changed" if live is not None else "was deleted"
    split = f" to {spoken_split(said.applied.split)}" if said.applied else ""
    message = f"{spoken(step.want.whole)} {what} by somebody else; put back{split}"
    token = f"{step.want.ident}/{version_of(live) or step.written.at.isoformat()}"
    return Emit(Reason.DRIFT_REPAIRED, message, "Warning", token=token)


def _told_ignored(subject: RouteSubject, status: TrafficRouteStatus) -> tuple[Emit, ...]:
    if not status.ignored or status.ignored == subject.status.ignored:
        return ()
    message = f"provider {status.router} makes nothing of {', '.join(status.ignored)}"
    return (Emit(Reason.FIELDS_IGNORED, message, "Warning", token=digest(list(status.ignored))),)


def _soonest(
    case: Case, seen: Seen, steps: tuple[Step, ...], said: progress.Progress
) -> float | None:
    waits = [said.requeue_after_s, case.asked.next_s]
    if any(s.state is State.PENDING and s.want.ident not in seen.live for s in steps):
        waits.append(APPEARS_WITHIN.total_seconds())
    return min((wait for wait in waits if wait is not None), default=None)
