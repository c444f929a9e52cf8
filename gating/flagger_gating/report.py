"""How a Gate's state reads: the condition Open, Ready, and the reasons of events.

Ready says that the question could be evaluated; Open says what was answered. A closed gate is
Ready, so that a Gate in Git does not fail whoever waits for its health; so is one that was to be
asked once and found nobody: nothing is under way any more.
"""

from collections.abc import Mapping
from datetime import UTC
from enum import StrEnum
from typing import Literal

from flagger_py.conditions import Condition, Reason, Standing, progressing, ready, retrying
from flagger_py.contracts import Answer
from flagger_py.subject import Subject

from . import manual, polls
from .api import GateReply, GateSpec, GateStatus

OPEN = "Open"


class OpenReason(StrEnum):
    """Why a gate is open, closed or neither."""

    APPROVED = "Approved"
    DENIED = "Denied"
    UNREACHABLE = "Unreachable"
    NOT_ASKED = "NotAsked"
    """Nothing has been answered yet: a question is about to leave, or a person is awaited."""
    EXPIRED = "Expired"


EVENT_TYPES: Mapping[Answer, Literal["Normal", "Warning"]] = {
    Answer.APPROVED: "Normal",
    Answer.DENIED: "Normal",
    Answer.UNREACHABLE: "Warning",
}


def open_condition(
    subject: Subject[GateSpec, GateStatus],
    status: GateStatus,
    late: bool,
    claims_count: bool = True,
) -> Condition:
    """Say whether the gate is open; Unknown is closed too, for want of a decision.

    *late* tells that the deadline passed; *claims_count* whether an annotation may answer.
    """
    answer, run = status.answer, subject.spec.run
    if late and run and run.deadline:
        told = f"; the last answer was {answer.value}" if answer else ""
        deadline = f"{run.deadline.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
        message = f"Closed: the deadline {deadline} has passed{told}"
        return Condition(type=OPEN, status="False", reason=OpenReason.EXPIRED, message=message)
    if answer is None:
        return unanswered(subject, _unanswered(subject, status, claims_count))
    match answer.value:
        case Answer.APPROVED:
            message = f"Open: approved{_told(answer)}"
            return Condition(type=OPEN, status="True", reason=OpenReason.APPROVED, message=message)
        case Answer.DENIED:
            message = f"Closed: denied{_told(answer)}{_remedy(subject, claims_count)}"
            return Condition(type=OPEN, status="False", reason=OpenReason.DENIED, message=message)
        case Answer.UNREACHABLE:
            message = f"Closed: nobody answered{_told(answer)}"
            return Condition(
                type=OPEN, status="Unknown", reason=OpenReason.UNREACHABLE, message=message
            )


def unanswered(subject: Subject[GateSpec, GateStatus], message: str) -> Condition:
    """Say that nobody has answered: undecided, except for whoever reads a switch or a window.

    These two answer everybody who reads them, and what nobody has opened is closed. A webhook
    that nobody has asked has no answer for anybody.
    """
    speaks = subject.spec.question.webhook is None and subject.spec.run is None
    return Condition(
        type=OPEN,
        status="False" if speaks else "Unknown",
        reason=OpenReason.NOT_ASKED,
        message=message,
    )


def words(answer: GateReply) -> str:
    """Return the text of *answer*, after a colon where there is one.

    Flagger's words for a server's fault leave out which one it was, and for a denial without a
    body it has none; here the status is said.
    """
    text = answer.text
    status = f"HTTP {answer.http_status}" if answer.http_status else ""
    if not text and answer.value is not Answer.APPROVED:
        text = status
    elif answer.value is Answer.UNREACHABLE and status and status not in text:
        text = f"{text} ({status})"
    return f": {text}" if text else ""


def standing_of(
    subject: Subject[GateSpec, GateStatus],
    status: GateStatus,
    opened: Condition,
    hindered: str | None,
) -> Standing:
    """Say whether the question could be evaluated, whatever was answered."""
    if hindered is not None:
        return retrying(hindered, Reason.DEPENDENCY_NOT_READY)
    if opened.reason == OpenReason.UNREACHABLE:
        if polls.final(subject, status):
            again = "it was to be asked once; ask again by another token, or set spec.interval"
            return ready(f"{opened.message}; {again}", OpenReason.UNREACHABLE)
        return retrying(opened.message, OpenReason.UNREACHABLE)
    if subject.spec.unasked:
        return ready("Waiting for a run")
    asking = status.answer is None and subject.spec.question.webhook is not None
    if asking and opened.reason == OpenReason.NOT_ASKED:
        return progressing(opened.message)
    return ready(opened.message)


def _told(answer: GateReply) -> str:
    return (f" by {answer.by}" if answer.by else "") + words(answer)


def _attempts(subject: Subject[GateSpec, GateStatus], status: GateStatus) -> str:
    hook, run = subject.spec.question.webhook, status.run
    if hook is None or run is None or not run.attempts:
        return ""
    return f"; {run.attempts} of {hook.retries + 1} attempts brought no answer"


def _unanswered(
    subject: Subject[GateSpec, GateStatus], status: GateStatus, claims_count: bool
) -> str:
    if subject.spec.unasked:
        return "Closed: nobody has asked yet; write spec.run, or set spec.interval"
    if subject.spec.question.webhook is not None:
        return f"Closed: the webhook has not answered yet{_attempts(subject, status)}"
    if not claims_count:
        return (
            "Closed: waits for an approval with proven identity; annotations do not count,"
            " because the controller runs with --require-authenticated-approval"
        )
    return f"Closed: waits for an approval{_remedy(subject, claims_count)}"


def _remedy(subject: Subject[GateSpec, GateStatus], claims_count: bool) -> str:
    """Say how a person opens the gate, where one can."""
    if subject.spec.question.manual is None or not claims_count:
        return ""
    command = manual.how_to_approve(
        subject.namespace, subject.name, subject.spec.token, subject.annotations
    )
    return f"; open it with {command}"
