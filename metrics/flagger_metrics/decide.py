"""What a MetricAnalysis says next: what is to be looked at, and what follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from flagger_py.conditions import (
    MESSAGE_CHARS_MAX,
    STALLED,
    Condition,
    Standing,
    Status,
    find,
    progressing,
    ready,
    retrying,
    stalled,
)
from flagger_py.contracts import Verdict
from flagger_py.decision import Decision, Emit
from flagger_py.quantities import duration_s

from .api import HISTORY_MAX, Judgement, MetricAnalysisStatus
from .heard import Cause, Heard, Trouble
from .judging import judge
from .settings import DEFAULTS, MetricsSettings
from .stage import Analysis, Stage, next_at, stage
from .verdict import combine

PROVIDER_UNAVAILABLE = "ProviderUnavailable"
HEALTHY = "Healthy"
WAITING = "Waiting for a run"
COLLECTING = "Collecting the first samples"
PROVIDER_RETRY_S = 10.0
EXTENSION_SCRAPES = 4
"""How many scrape intervals after its due time a verdict may wait for samples."""

Next = Decision[MetricAnalysisStatus]


@dataclass(frozen=True, slots=True)
class Seen:
    """What was heard in this pass: every question when judging or checking, else of none.

    *scrape_s* is how soon to scrape next, None where nothing is scraped by us.
    """

    heard: tuple[Heard, ...] = ()
    scrape_s: float | None = None


def decide(subject: Analysis, seen: Seen, settings: MetricsSettings = DEFAULTS) -> Next:
    """Return the next status. A verdict on a run is written once and never changes."""
    match stage(subject, settings):
        case Stage.CHECK:
            return _checked(settings, subject, seen)
        case Stage.ACKNOWLEDGE:
            return _acknowledged(subject, seen)
        case Stage.WAIT:
            return _waiting(settings, subject, seen)
        case Stage.JUDGE:
            return (
                _collecting(subject, seen) if _too_early(subject, seen) else _judged(subject, seen)
            )
        case Stage.SETTLED:
            return _as_before(subject)


def _checked(settings: MetricsSettings, subject: Analysis, seen: Seen) -> Next:
    status = subject.status.model_copy(
        update={"run": None, "verdict": None, "measurements": (), "judged_at": None}
    )
    troubles = [heard.trouble for heard in seen.heard if heard.trouble is not None]
    for cause in (Cause.SPEC, Cause.DEPENDENCY, Cause.PROVIDER):
        for trouble in troubles:
            if trouble.cause is cause:
                return Decision(status, *_troubled(settings, trouble))
    return Decision(status, ready(WAITING))


def _troubled(
    settings: MetricsSettings, trouble: Trouble
) -> tuple[Standing, tuple[()], float | None]:
    match trouble.cause:
        case Cause.SPEC:
            return stalled(trouble.advice, trouble.reason), (), None
        case Cause.DEPENDENCY:
            return retrying(trouble.advice, trouble.reason), (), settings.requeue_dependency_s
        case Cause.PROVIDER:
            return retrying(trouble.advice, trouble.reason), (), PROVIDER_RETRY_S


def _acknowledged(subject: Analysis, seen: Seen) -> Next:
    run = subject.spec.run
    status = subject.status.model_copy(
        update={
            "run": run.token if run else None,
            "verdict": Verdict.PENDING,
            "measurements": (),
            "judged_at": None,
        }
    )
    due = run.due if run else None
    pending = _pending(status, due, _sooner(_seconds(subject.now, due), seen.scrape_s))
    return replace(pending, complete=True)


def _waiting(settings: MetricsSettings, subject: Analysis, seen: Seen) -> Next:
    """Wait for the verdict, or for the next one; at most until the next scrape of ours."""
    run = subject.spec.run
    if run is not None:
        wait_s = _sooner(_seconds(subject.now, run.due), seen.scrape_s)
        return _pending(subject.status, run.due, wait_s)
    before = _as_before(subject)
    wait_s = _sooner(_seconds(subject.now, next_at(subject, settings)), seen.scrape_s)
    return Decision(before.status, before.standing, (), wait_s, before.conditions)


def _collecting(subject: Analysis, seen: Seen) -> Next:
    """Ask for more time: too little was scraped since the process started."""
    run = subject.spec.run
    if run is not None:
        return _pending(subject.status, run.due, seen.scrape_s)
    status = subject.status.model_copy(
        update={"run": None, "verdict": Verdict.PENDING, "measurements": (), "judged_at": None}
    )
    return Decision(status, progressing(COLLECTING), (), seen.scrape_s)


def _judged(subject: Analysis, seen: Seen) -> Next:
    spec, run = subject.spec, subject.spec.run
    judged = tuple(judge(spec, subject.namespace, heard, subject.now) for heard in seen.heard)
    outcome = combine(judged)
    token = run.token if run else None
    judgement = Judgement(
        run=token, verdict=outcome.verdict, sentence=outcome.sentence, at=subject.now
    )
    status = subject.status.model_copy(
        update={
            "run": token,
            "verdict": outcome.verdict,
            "measurements": tuple(one.reading for one in judged),
            "judged_at": subject.now,
            "history": (judgement, *subject.status.history)[:HISTORY_MAX],
        }
    )
    if run is not None:
        # Where we scraped, one more pass lets go of the samples.
        return Decision(
            status,
            _answered(judgement),
            requeue_after_s=seen.scrape_s,
            conditions=(_healthy(judgement),),
            complete=True,
        )
    wait_s = _sooner(duration_s(spec.interval or "1m", "spec.interval"), seen.scrape_s)
    standing = _health(judgement, seen.heard)
    actions = _news(subject, judgement)
    return Decision(status, standing, actions, wait_s, (_healthy(judgement),))


def _as_before(subject: Analysis) -> Next:
    """Say again what the last verdict said; nothing is read."""
    status = subject.status
    token = subject.spec.run.token if subject.spec.run else None
    last = next((j for j in status.history if j.run == token), None)
    if last is None:
        verdict, at = status.verdict or Verdict.PENDING, status.judged_at or subject.now
        last = Judgement(run=token, verdict=verdict, sentence="", at=at)
    standing = _answered(last) if token is not None else _health(last, ())
    stuck = find(status.conditions, STALLED)
    if token is None and stuck is not None:
        standing = stalled(stuck.message, stuck.reason)
    return Decision(status, standing, (), None, (_healthy(last),))


def _pending(status: MetricAnalysisStatus, due: datetime | None, wait_s: float | None) -> Next:
    when = f"due at {_written(due)}" if due is not None else "due now"
    message = f"The verdict on run {status.run} is {when}"
    conditions = (
        Condition(type=HEALTHY, status="Unknown", reason=Verdict.PENDING, message=message),
    )
    return Decision(status, progressing(message), (), wait_s, conditions)


def _answered(judgement: Judgement) -> Standing:
    """A question that was answered is ready, whatever the answer: Healthy says which it was."""
    return ready(judgement.sentence, judgement.verdict)


def _health(judgement: Judgement, heard: tuple[Heard, ...]) -> Standing:
    """Let Ready mirror what a continuous analysis finds; it tries again by itself."""
    if judgement.verdict is Verdict.PASSED:
        return ready(judgement.sentence, judgement.verdict)
    for one in heard:
        if one.trouble is not None and one.trouble.cause is Cause.SPEC:
            return stalled(one.trouble.advice, one.trouble.reason)
    return retrying(judgement.sentence, judgement.verdict)


def _healthy(judgement: Judgement) -> Condition:
    known: Mapping[Verdict, Status] = {Verdict.PASSED: "True", Verdict.FAILED: "False"}
    return Condition(
        type=HEALTHY,
        status=known.get(judgement.verdict, "Unknown"),
        reason=judgement.verdict,
        message=judgement.sentence[:MESSAGE_CHARS_MAX],
    )


def _news(subject: Analysis, judgement: Judgement) -> tuple[Emit, ...]:
    """Tell a continuous analysis' verdict when it is not the one before."""
    if judgement.verdict is subject.status.verdict:
        return ()
    token = _written(judgement.at)
    if judgement.verdict is Verdict.PASSED:
        return (Emit(judgement.verdict, judgement.sentence, "Normal", token),)
    return (Emit(judgement.verdict, judgement.sentence, "Warning", token),)


def _too_early(subject: Analysis, seen: Seen) -> bool:
    """Tell whether samples are missing that may still come in time."""
    if not any(heard.answer is not None and heard.answer.early for heard in seen.heard):
        return False
    run = subject.spec.run
    if run is None or run.due is None:
        return True
    return subject.now < run.due + timedelta(seconds=EXTENSION_SCRAPES * (seen.scrape_s or 0.0))


def _seconds(now: datetime, until: datetime | None) -> float:
    return 0.0 if until is None else (until - now).total_seconds()


def _sooner(wait_s: float, scrape_s: float | None) -> float:
    return max(0.0, wait_s if scrape_s is None else min(wait_s, scrape_s))


def _written(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
