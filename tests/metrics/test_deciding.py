"""A run is acknowledged at once, judged once when it is due, and never judged again."""

from typing import Any

import pytest

from flagger_metrics.api import HISTORY_MAX, MetricAnalysisStatus
from flagger_metrics.decide import Seen, decide
from flagger_metrics.heard import Cause, Heard, Trouble
from flagger_metrics.providers import Answer
from flagger_metrics.questions import questions
from flagger_metrics.settings import MetricsSettings
from flagger_metrics.stage import Analysis, Stage, next_at, stage
from flagger_py.contracts import Verdict
from flagger_py.decision import Emit
from flagger_py.subject import REQUESTED_AT

from .analyses import after, analysis, condition, later, metric, run


def seen(
    subject: Analysis, *answers: Answer | Trouble | None, scrape_s: float | None = None
) -> Seen:
    """Answer the questions of *subject* in order; None stands for nothing wrong with one."""
    asked = questions(subject.spec, "test")
    return Seen(
        tuple(
            Heard(question, "q", trouble=item)
            if isinstance(item, Trouble)
            else Heard(question, "q", item)
            for question, item in zip(asked, answers, strict=True)
        ),
        scrape_s,
    )


def at(second: float, status: MetricAnalysisStatus | None = None, **spec: Any) -> Analysis:
    return analysis(metric(), now=later(second), status=status, **spec)


def acknowledged(**question: Any) -> MetricAnalysisStatus:
    subject = at(1, run=run(**question))
    return after(subject, decide(subject, Seen()))


def judged(answer: Answer, second: float = 10) -> MetricAnalysisStatus:
    subject = at(second, acknowledged(), run=run())
    return after(subject, decide(subject, seen(subject, answer)))


GOOD, BAD = Answer((0.5,)), Answer((2.0,))


def test_a_new_run_is_acknowledged_at_once() -> None:
    subject = at(1, run=run())

    decision = decide(subject, Seen())
    status = after(subject, decision)

    assert stage(subject) is Stage.ACKNOWLEDGE
    assert (status.run, status.verdict, status.measurements) == ("t1", Verdict.PENDING, ())
    assert status.observed_generation == 1
    assert decision.requeue_after_s == 9
    assert condition(status, "Ready").status == "Unknown"
    assert condition(status, "Reconciling").status == "True"
    assert condition(status, "Healthy").status == "Unknown"
    assert condition(status, "Ready").message == (
        "The verdict on run t1 is due at 2026-11-22T12:00:10Z"
    )


@pytest.mark.parametrize("second", [1, 5, 9.999])
def test_until_it_is_due_nothing_is_written(second: float) -> None:
    before = acknowledged()
    subject = at(second, before, run=run())

    decision = decide(subject, Seen())

    assert stage(subject) is Stage.WAIT
    assert after(subject, decision) == before
    assert decision.requeue_after_s == pytest.approx(10 - second)
    assert decision.actions == ()


@pytest.mark.parametrize(
    ("answer", "verdict", "healthy"),
    [
        (GOOD, Verdict.PASSED, "True"),
        (BAD, Verdict.FAILED, "False"),
        (Answer(), Verdict.NO_DATA, "Unknown"),
        (Answer(error="down"), Verdict.ERROR, "Unknown"),
        (Answer((1.0, 1.0)), Verdict.INCONCLUSIVE, "Unknown"),
    ],
)
def test_when_due_the_verdict_is_given(answer: Answer, verdict: Verdict, healthy: str) -> None:
    status = judged(answer)

    assert (status.run, status.verdict) == ("t1", verdict)
    assert condition(status, "Healthy").status == healthy
    assert condition(status, "Ready").status == "True"
    assert condition(status, "Ready").reason == verdict
    assert condition(status, "Ready").message == status.measurements[0].sentence
    assert status.judged_at == later(10)
    assert status.history[0].run == "t1"


@pytest.mark.parametrize("second", [10, 11, 3600])
def test_a_verdict_is_final(second: float) -> None:
    before = judged(BAD)
    subject = at(second, before, run=run())

    decision = decide(subject, Seen())

    assert stage(subject) is Stage.SETTLED
    assert after(subject, decision) == before
    assert decision.requeue_after_s is None


def test_a_verdict_stays_when_the_metrics_change() -> None:
    before = judged(BAD)
    subject = analysis(now=later(20), status=before, run=run(), generation=2)

    status = after(subject, decide(subject, Seen()))

    assert status.verdict is Verdict.FAILED
    assert status.measurements == before.measurements
    assert status.observed_generation == 2


def test_the_next_run_starts_without_the_readings_of_the_last() -> None:
    subject = at(20, judged(BAD), run=run("t2", since=15, due=30), generation=2)

    status = after(subject, decide(subject, Seen()))

    assert (status.run, status.verdict, status.measurements) == ("t2", Verdict.PENDING, ())
    assert [j.run for j in status.history] == ["t1"]


def test_a_run_without_due_is_judged_in_the_next_pass() -> None:
    before = acknowledged(due=None)
    subject = at(1, before, run=run(due=None))

    assert stage(subject) is Stage.JUDGE
    assert decide(at(1, run=run(due=None)), Seen()).requeue_after_s == 0


def test_a_run_whose_due_has_passed_is_acknowledged_first() -> None:
    subject = at(60, run=run())

    decision = decide(subject, Seen())

    assert decision.status.verdict is Verdict.PENDING
    assert decision.requeue_after_s == 0


def test_the_history_is_bounded() -> None:
    status = MetricAnalysisStatus()
    for n in range(HISTORY_MAX + 3):
        asked = run(f"t{n}", due=None)
        first = at(n, status, run=asked)
        second = at(n, after(first, decide(first, Seen())), run=asked)
        status = after(second, decide(second, seen(second, GOOD)))

    assert [j.run for j in status.history] == [f"t{n}" for n in range(12, 2, -1)]


def test_where_we_scrape_ourselves_a_wait_ends_at_the_next_scrape() -> None:
    subject = at(5, acknowledged(), run=run())

    assert decide(subject, Seen(scrape_s=1)).requeue_after_s == 1


def test_missing_samples_get_more_time_but_not_for_ever() -> None:
    before = acknowledged()
    early = Answer((0.5,), early=True)

    soon, late = at(12, before, run=run()), at(14, before, run=run())
    waiting = decide(soon, seen(soon, early, scrape_s=1))
    decided = decide(late, seen(late, early, scrape_s=1))

    assert after(soon, waiting) == before
    assert waiting.requeue_after_s == 1
    assert decided.status.verdict is Verdict.PASSED


SPEC = Trouble(Cause.SPEC, "InvalidTemplate", "Metric template t.test error", "edit t")
MISSING = Trouble(Cause.DEPENDENCY, "DependencyNotReady", "missing", "t not found")
DOWN = Trouble(Cause.PROVIDER, "ProviderUnavailable", "down", "prometheus not there")


def checked(*troubles: Trouble | None) -> tuple[MetricAnalysisStatus, float | None]:
    subject = analysis(*[metric(f"m{n}") for n in range(len(troubles))])
    decision = decide(subject, seen(subject, *troubles))
    assert stage(subject) is Stage.CHECK
    return after(subject, decision), decision.requeue_after_s


def test_without_run_and_interval_everything_is_only_checked() -> None:
    status, again_s = checked(None, None)

    assert status.verdict is None
    assert condition(status, "Ready").status == "True"
    assert condition(status, "Ready").message == "Waiting for a run"
    assert again_s is None


@pytest.mark.parametrize(
    ("troubles", "kind", "reason", "message", "again_s"),
    [
        ((None, SPEC), "Stalled", "InvalidTemplate", "edit t", None),
        ((MISSING,), "Reconciling", "DependencyNotReady", "t not found", 30),
        ((DOWN,), "Reconciling", "ProviderUnavailable", "prometheus not there", 10),
        ((DOWN, MISSING), "Reconciling", "DependencyNotReady", "t not found", 30),
        ((DOWN, MISSING, SPEC), "Stalled", "InvalidTemplate", "edit t", None),
    ],
    ids=["spec", "missing", "down", "missing-first", "spec-first"],
)
def test_what_is_in_the_way_is_told_by_who_can_help(
    troubles: tuple[Trouble | None, ...],
    kind: str,
    reason: str,
    message: str,
    again_s: float | None,
) -> None:
    status, wait_s = checked(*troubles)

    assert condition(status, kind).status == "True"
    assert condition(status, "Ready").status == "False"
    assert condition(status, "Ready").reason == reason
    assert condition(status, "Ready").message == message
    assert wait_s == again_s


def test_a_trouble_is_an_error_when_a_verdict_is_due() -> None:
    subject = at(10, acknowledged(), run=run())

    status = after(subject, decide(subject, seen(subject, SPEC)))

    assert status.verdict is Verdict.ERROR
    assert status.measurements[0].sentence == "Metric template t.test error"


def continuous(
    second: float, status: MetricAnalysisStatus | None = None, **fields: Any
) -> Analysis:
    return at(second, status, interval="1m", **fields)


def watched(answer: Answer | Trouble, second: float = 0) -> MetricAnalysisStatus:
    subject = continuous(second)
    return after(subject, decide(subject, seen(subject, answer)))


def test_with_an_interval_alone_ready_mirrors_health() -> None:
    good, bad = watched(GOOD), watched(BAD)

    assert good.run is None
    assert condition(good, "Ready").status == condition(good, "Healthy").status == "True"
    assert condition(bad, "Ready").status == condition(bad, "Healthy").status == "False"
    assert condition(bad, "Ready").message == "errors 2.00 > 1"
    assert condition(bad, "Reconciling").reason == "ProgressingWithRetry"


@pytest.mark.parametrize("answer", [GOOD, BAD, Answer(), SPEC], ids=["good", "bad", "none", "spec"])
def test_within_the_interval_nothing_is_written(answer: Answer | Trouble) -> None:
    before = watched(answer)
    subject = continuous(20, before)

    decision = decide(subject, Seen())

    assert stage(subject) is Stage.WAIT
    assert after(subject, decision) == before
    assert decision.requeue_after_s == 40


def test_with_jitter_analyses_of_one_interval_judge_at_different_moments() -> None:
    settings = MetricsSettings(interval_jitter_percent=5)
    status = watched(GOOD)
    waits_s = set()
    for number in range(20):
        subject = continuous(0, status)
        subject.manifest["metadata"]["uid"] = f"uid-{number}"
        found = next_at(subject, settings)
        assert found is not None
        assert found == next_at(subject, settings)
        waits_s.add((found - subject.now).total_seconds())

    assert len(waits_s) == 20
    assert 57 <= min(waits_s) < 59
    assert 61 < max(waits_s) <= 63


def test_after_the_interval_it_judges_again() -> None:
    subject = continuous(60, watched(GOOD))

    decision = decide(subject, seen(subject, BAD))

    assert decision.status.verdict is Verdict.FAILED
    assert decision.requeue_after_s == 60


@pytest.mark.parametrize(
    "changed",
    [{"generation": 2}, {"annotations": {REQUESTED_AT: "now"}}],
    ids=["spec", "request"],
)
def test_a_change_or_a_request_is_judged_at_once(changed: dict[str, Any]) -> None:
    assert stage(continuous(20, watched(GOOD), **changed)) is Stage.JUDGE


def test_only_a_change_of_the_verdict_is_an_event() -> None:
    first = continuous(0)
    same = continuous(60, watched(GOOD))
    worse = continuous(60, watched(GOOD))

    told = decide(first, seen(first, GOOD)).actions
    kept = decide(same, seen(same, GOOD)).actions
    changed = decide(worse, seen(worse, BAD)).actions

    assert told == (Emit("Passed", "errors 0.50 is <= 1", "Normal", "2026-11-22T12:00:00Z"),)
    assert kept == ()
    assert changed == (Emit("Failed", "errors 2.00 > 1", "Warning", "2026-11-22T12:01:00Z"),)


def test_a_continuous_analysis_waits_for_its_first_samples() -> None:
    subject = continuous(0)

    decision = decide(subject, seen(subject, Answer(early=True), scrape_s=1))

    assert decision.status.verdict is Verdict.PENDING
    assert decision.requeue_after_s == 1
    assert stage(continuous(1, after(subject, decision))) is Stage.JUDGE


def test_an_answered_run_is_forgotten_when_it_is_taken_away() -> None:
    subject = at(20, judged(BAD), generation=2)

    status = after(subject, decide(subject, seen(subject, None)))

    assert (status.run, status.verdict, status.measurements) == (None, None, ())
    assert [j.run for j in status.history] == ["t1"]
