"""What a Gate does next: open a poll, take an answer, wait, or rest."""

from dataclasses import dataclass

from flagger_py.conditions import find, stalled
from flagger_py.contracts import Answer
from flagger_py.decision import Decision, Emit
from flagger_py.errors import SpecError

from . import manual, polls
from .api import GateReply, GateRunStatus, GateStatus, Manual, Webhook, Window
from .polls import GateSubject, expired, final
from .report import EVENT_TYPES, OPEN, OpenReason, open_condition, standing_of, unanswered, words
from .window import time_zone, window_open

LOOK_AGAIN_S_MAX = 3600.0
"""A clock that jumps is noticed within this time, however far away the next change is."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came back for the open poll, or why it could not be sent.

    *fleeting* tells that another attempt may bring an answer where *reply* is none. *hindered*
    names what is missing for now, *refused* what a user must change. *claims_count* tells whether
    an annotation may answer here.
    """

    reply: GateReply | None = None
    fleeting: bool = False
    hindered: str | None = None
    refused: SpecError | None = None
    claims_count: bool = True


def decide(subject: GateSubject, seen: Seen) -> Decision[GateStatus]:
    """Decide one pass; a Gate that is being deleted asks nothing and says nothing new."""
    if subject.deleting:
        rest = _rest(subject, seen, subject.status, None)
        return Decision(subject.status, rest.standing, conditions=rest.conditions)
    if subject.spec.unasked:
        return _rest(subject, seen, subject.status.model_copy(update={"answer": None}), None)
    status, run = polls.asked(subject)
    question = _question(subject)
    if final(subject, status) or expired(subject, status):
        return _rest(subject, seen, status, None)
    match question:
        case Webhook():
            return _ask_endpoint(subject, seen, status, run)
        case Manual():
            return _ask_person(subject, seen, status, run)
        case Window():
            return _ask_clock(subject, seen, status, run, question)


def _question(subject: GateSubject) -> Webhook | Manual | Window:
    question = subject.spec.question
    one = question.webhook or question.manual or question.window
    if one is None:
        raise AssertionError("a question without a kind is refused when it is read")
    return one


def _ask_endpoint(
    subject: GateSubject, seen: Seen, status: GateStatus, run: GateRunStatus
) -> Decision[GateStatus]:
    interval_s = subject.spec.interval_s
    if run.polls > run.answered:
        if seen.refused is not None:
            return _refuse(subject, status, seen.refused, interval_s)
        if seen.hindered is not None:
            return _rest(subject, seen, _unheld(subject, status), interval_s)
        if seen.reply is None:
            return _rest(subject, seen, status, polls.pause_left_s(subject, run))
        if seen.fleeting and polls.may_repeat(subject, run):
            return _rest(subject, seen, polls.tried(status, run, seen.reply.at), 0.0)
        return _take(subject, seen, (status, run), seen.reply, interval_s)
    wait_s = polls.waits_s(subject, run)
    if wait_s > 0:
        return _rest(subject, seen, status, wait_s)
    return _rest(subject, seen, polls.asked_again(status, run, subject.now), 0.0)


def _ask_person(
    subject: GateSubject, seen: Seen, status: GateStatus, run: GateRunStatus
) -> Decision[GateStatus]:
    claim = manual.claim(subject.annotations, run.token) if seen.claims_count else None
    if claim is None:
        return _rest(subject, seen, _unheld(subject, status), None)
    told = status.answer
    if told is not None and (told.value, told.by) == (claim.value, claim.by):
        return _rest(subject, seen, status, None)
    reply = GateReply(value=claim.value, at=subject.now, by=claim.by)
    return _take(subject, seen, (status, run), reply, None)


def _ask_clock(
    subject: GateSubject, seen: Seen, status: GateStatus, run: GateRunStatus, window: Window
) -> Decision[GateStatus]:
    try:
        zone = time_zone(window.time_zone)
        state = window_open(window.schedule, window.duration_s, zone, subject.now)
    except SpecError as error:
        return _refuse(subject, status, error, None)
    change = state.next_change.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z")
    value = Answer.APPROVED if state.open else Answer.DENIED
    text = f"the window is open until {change}" if state.open else f"the window opens at {change}"
    wait_s = (state.next_change - subject.now).total_seconds()
    told = status.answer
    if told is not None and (told.value, told.text) == (value, text):
        return _rest(subject, seen, status, wait_s)
    reply = GateReply(value=value, at=subject.now, text=text)
    return _take(subject, seen, (status, run), reply, wait_s)


def _take(
    subject: GateSubject,
    seen: Seen,
    asked: tuple[GateStatus, GateRunStatus],
    reply: GateReply,
    again_s: float | None,
) -> Decision[GateStatus]:
    """Record *reply* as the answer to what was *asked*; ask again in *again_s* unless final."""
    before, run = asked
    status = polls.answered(before, run, reply)
    again_s = None if final(subject, status) else again_s
    return _rest(subject, seen, status, again_s, _announced(subject, run, reply))


def _refuse(
    subject: GateSubject, status: GateStatus, error: SpecError, again_s: float | None
) -> Decision[GateStatus]:
    """Close a gate whose question cannot be put as its user wrote it."""
    opened = unanswered(subject, f"Closed: {error.message}")
    return Decision(
        _unheld(subject, status),
        stalled(error.message, error.reason),
        requeue_after_s=again_s,
        conditions=(opened,),
    )


def _unheld(subject: GateSubject, status: GateStatus) -> GateStatus:
    """Forget an answer that nothing upholds any more; a run keeps what it was told."""
    return status if subject.spec.token else status.model_copy(update={"answer": None})


def _rest(
    subject: GateSubject,
    seen: Seen,
    status: GateStatus,
    again_s: float | None,
    events: tuple[Emit, ...] = (),
) -> Decision[GateStatus]:
    """Report *status* and come back in *again_s*, or at the deadline where that is sooner."""
    late = expired(subject, status)
    opened = open_condition(subject, status, late, seen.claims_count)
    waits = [] if again_s is None else [again_s, LOOK_AGAIN_S_MAX]
    run = subject.spec.run
    if run and run.deadline and not late and not final(subject, status):
        waits += [(run.deadline - subject.now).total_seconds(), LOOK_AGAIN_S_MAX]
    if run and late and not _said_expired(subject):
        events = (*events, Emit(OpenReason.EXPIRED, opened.message, "Warning", run.token))
    return Decision(
        status,
        standing_of(subject, status, opened, seen.hindered),
        actions=events,
        requeue_after_s=min(waits, default=None),
        conditions=(opened,),
    )


def _announced(subject: GateSubject, run: GateRunStatus, reply: GateReply) -> tuple[Emit, ...]:
    """Return the event of an answer that differs from the last one; what a person said, always."""
    last = next(iter(subject.status.history), None)
    if last and last.value is reply.value and subject.spec.question.manual is None:
        return ()
    who = f" by {reply.by}" if reply.by else ""
    about = f" for run {run.token}" if run.token else ""
    token = f"{run.token}/{run.polls}" if run.token else ""
    message = f"{reply.value}{who}{about}{words(reply)}"
    return (Emit(reply.value, message, EVENT_TYPES[reply.value], token),)


def _said_expired(subject: GateSubject) -> bool:
    """Tell whether the status says already that this very run expired."""
    before, run = find(subject.status.conditions, OPEN), subject.status.run
    told = before is not None and before.reason == OpenReason.EXPIRED
    return told and run is not None and run.token == subject.spec.token
