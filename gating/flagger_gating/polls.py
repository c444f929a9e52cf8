"""How far a question has got: which poll is open, when the next is due, which answer is final.

A webhook is asked in two passes. The first writes the poll's number into the status; only a pass
that reads this number back may send it. A crash between sending and writing the answer sends the
same number again, under the same idempotency key, and never another.

An attempt that brings no answer is repeated in a later pass, under the same number and key, so
that between two attempts a new question, a suspension or a deletion is seen.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from flagger_py.contracts import Answer
from flagger_py.subject import REQUESTED_AT, Subject

from .api import (
    HISTORY_MAX,
    HISTORY_TEXT_CHARS_MAX,
    GateRecord,
    GateReply,
    GateRunStatus,
    GateSpec,
    GateStatus,
    Webhook,
)

GateSubject = Subject[GateSpec, GateStatus]


PAUSE_S_MIN = 1.0
PAUSE_S_MAX = 30.0
ATTEMPTS_S_MAX = 3600.0
"""For how long a poll is attempted again where no deadline says less."""


@dataclass(frozen=True, slots=True)
class Poll:
    """A question that may be sent now: its number, its attempt and the run it belongs to."""

    hook: Webhook
    token: str | None
    number: int
    attempt: int


def open_poll(subject: GateSubject) -> Poll | None:
    """Return the poll whose number the status holds, whose answer it lacks, and that is due."""
    hook, run = subject.spec.question.webhook, subject.status.run
    if hook is None or run is None or run.token != subject.spec.token:
        return None
    if run.polls <= run.answered or subject.deleting or expired(subject, subject.status):
        return None
    if pause_left_s(subject, run) > 0:
        return None
    return Poll(hook, run.token, run.polls, run.attempts + 1)


def timeout_s(subject: GateSubject, hook: Webhook) -> float:
    """Return how long an attempt may take that begins now; nobody waits past the deadline."""
    run = subject.spec.run
    if run is None or run.deadline is None:
        return hook.timeout_s
    return min(hook.timeout_s, (run.deadline - subject.now).total_seconds())


def tried(status: GateStatus, run: GateRunStatus, at: datetime) -> GateStatus:
    """Count one attempt at the open poll, begun *at*, that brought no answer."""
    failed = run.model_copy(update={"attempts": run.attempts + 1, "tried_at": at})
    return status.model_copy(update={"run": failed})


def may_repeat(subject: GateSubject, run: GateRunStatus) -> bool:
    """Tell whether another attempt may follow the one that brought no answer just now."""
    hook, asked = subject.spec.question.webhook, subject.spec.run
    if hook is None or run.attempts >= hook.retries:
        return False
    ends = run.asked_at + timedelta(seconds=ATTEMPTS_S_MAX)
    if asked is not None and asked.deadline is not None:
        ends = min(ends, asked.deadline)
    return subject.now + timedelta(seconds=_pause_s(run.attempts + 1)) < ends


def pause_left_s(subject: GateSubject, run: GateRunStatus) -> float:
    """Return how long until the next attempt is due, 0 when it is."""
    if run.tried_at is None:
        return 0.0
    return _left_s(subject, run.tried_at, _pause_s(run.attempts))


def asked(subject: GateSubject) -> tuple[GateStatus, GateRunStatus]:
    """Return the status for the present run, begun where the token is new.

    The polls of a Gate are counted through, so that no key is ever used for two of them, whatever
    the history has forgotten. A token that comes back stays approved if it was.
    """
    status, token = subject.status, subject.spec.token
    if status.run is not None and status.run.token == token:
        return status, status.run
    known = next((record for record in status.history if record.token == token), None)
    polls = max([record.poll for record in status.history], default=0)
    if status.run is not None:
        polls = max(polls, status.run.polls)
    if known and token is not None and known.value is Answer.APPROVED:
        run = GateRunStatus(token=token, polls=polls, answered=polls, asked_at=known.at)
        answer = GateReply(value=known.value, at=known.at, by=known.by, text=known.text)
        return status.model_copy(update={"run": run, "answer": answer}), run
    run = GateRunStatus(token=token, polls=polls + 1, answered=polls, asked_at=subject.now)
    return status.model_copy(update={"run": run, "answer": None}), run


def asked_again(status: GateStatus, run: GateRunStatus, now: datetime) -> GateStatus:
    """Open the next poll; the last answer stays until another comes."""
    again = run.model_copy(update={"polls": run.polls + 1, "asked_at": now})
    return status.model_copy(update={"run": again})


def answered(status: GateStatus, run: GateRunStatus, reply: GateReply) -> GateStatus:
    """Close the open poll with *reply* and remember it, newest first.

    The same answer to the same run, told again, replaces the older one. What has to go is the
    oldest answer, but an approval of a run goes last: nobody is asked again for that.
    """
    closed = run.model_copy(update={"answered": run.polls, "attempts": 0, "tried_at": None})
    record = GateRecord(
        token=run.token,
        poll=run.polls,
        value=reply.value,
        at=reply.at,
        by=reply.by,
        text=reply.text[:HISTORY_TEXT_CHARS_MAX],
    )
    older = status.history
    if older and _kind_of(older[0]) == _kind_of(record):
        older = older[1:]
    history = _bounded((record, *older))
    return status.model_copy(update={"run": closed, "answer": reply, "history": history})


def final(subject: GateSubject, status: GateStatus) -> bool:
    """Tell whether this run's answer stands for ever: an approval, or the only one asked for.

    A person may change a denial, and a closed window opens: only a webhook is asked just once.
    """
    if subject.spec.token is None or status.answer is None:
        return False
    return status.answer.value is Answer.APPROVED or subject.spec.asked_once


def expired(subject: GateSubject, status: GateStatus) -> bool:
    """Tell whether nobody waits for an answer any more; a final answer does not expire."""
    run = subject.spec.run
    if run is None or run.deadline is None or subject.now < run.deadline:
        return False
    answers_this = status.run is not None and status.run.token == run.token
    return not (answers_this and final(subject, status))


def waits_s(subject: GateSubject, run: GateRunStatus) -> float:
    """Return how long until the next poll is due, 0 when it is."""
    return _left_s(subject, run.asked_at, subject.spec.interval_s)


def _left_s(subject: GateSubject, since: datetime, wait_s: float) -> float:
    """Return what is left of *wait_s*; a clock set back and who asks by hand wait no longer."""
    elapsed = subject.now - since
    if elapsed < timedelta(0) or _requested(subject):
        return 0.0
    return max(wait_s - elapsed.total_seconds(), 0.0)


def _pause_s(attempts: int) -> float:
    """Return the seconds between so many failed *attempts* and the next: 1, 2, 4, up to 30."""
    return min(PAUSE_S_MIN * 2.0 ** min(attempts - 1, 10), PAUSE_S_MAX)


def _requested(subject: GateSubject) -> bool:
    """Tell whether a reconciliation was requested by hand and not yet handled."""
    wanted = subject.annotations.get(REQUESTED_AT)
    return wanted is not None and wanted != subject.status.last_handled_reconcile_at


def _bounded(history: tuple[GateRecord, ...]) -> tuple[GateRecord, ...]:
    kept = list(history)
    while len(kept) > HISTORY_MAX:
        passing = [n for n, record in enumerate(kept) if n and not _approves_run(record)]
        del kept[passing[-1] if passing else -1]
    return tuple(kept)


def _approves_run(record: GateRecord) -> bool:
    return record.value is Answer.APPROVED and record.token is not None


def _kind_of(record: GateRecord) -> tuple[str | None, Answer, str | None]:
    return record.token, record.value, record.by
