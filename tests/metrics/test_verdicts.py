"""A verdict is fail-closed: nothing unclear is ever Passed."""

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from flagger_metrics.heard import Cause, Heard, Trouble
from flagger_metrics.judging import judge, reduced
from flagger_metrics.providers import Answer
from flagger_metrics.questions import questions
from flagger_metrics.stage import Analysis
from flagger_metrics.verdict import NOTHING_MEASURED, Judged, Outcome, combine
from flagger_py.contracts import Verdict
from flagger_py.contracts.thresholds import Policy, Reduce

from .analyses import NOW, analysis, metric, success_rate

TROUBLE = Trouble(Cause.SPEC, "InvalidSpec", "Metric query failed for m: why", "advice")


def judged(subject: Analysis, *heard: Answer | Trouble) -> tuple[Judged, ...]:
    """Judge every question of *subject* by the answer in the same place."""
    asked = questions(subject.spec, "test")
    return tuple(
        judge(
            subject.spec,
            "test",
            Heard(question, "q", trouble=item)
            if isinstance(item, Trouble)
            else Heard(question, "q", item),
            NOW,
        )
        for question, item in zip(asked, heard, strict=True)
    )


def outcome(subject: Analysis, *heard: Answer | Trouble) -> Outcome:
    return combine(judged(subject, *heard))


ANSWERS = st.one_of(
    st.just(Answer()),
    st.just(Answer(error="down")),
    st.just(TROUBLE),
    st.lists(st.floats(), min_size=1, max_size=3).map(lambda v: Answer(tuple(v))),
)
POLICIES = st.sampled_from([Policy.FAIL, Policy.HOLD])


@example([(Answer((0.0, -math.inf)), Policy.FAIL, Policy.FAIL, Reduce.MAX)])
@given(
    st.lists(
        st.tuples(ANSWERS, POLICIES, POLICIES, st.sampled_from([None, *Reduce])),
        min_size=1,
        max_size=4,
    )
)
def test_no_unclear_metric_passes_under_fail_or_hold(
    cases: list[tuple[Answer | Trouble, Policy, Policy, Reduce | None]],
) -> None:
    entries = [
        metric(f"m{n}", thresholdRange={}, onNoData=data, onError=error, reduce=how)
        for n, (_, data, error, how) in enumerate(cases)
    ]

    found = outcome(analysis(*entries), *[answer for answer, *_ in cases])

    clear = all(
        isinstance(answer, Answer)
        and answer.error is None
        and answer.values
        and not any(math.isnan(value) for value in answer.values)
        and (len(answer.values) == 1 or how is not None)
        and math.isfinite(reduced(answer.values, how or Reduce.FIRST))
        for answer, _, _, how in cases
    )
    assert clear or found.verdict is not Verdict.PASSED


@given(st.permutations([Answer((5.0,)), Answer(error="x"), Answer(), Answer((1.0, 2.0))]))
def test_the_worst_verdict_speaks_whatever_the_order(answers: list[Answer]) -> None:
    entries = [metric(f"m{n}") for n in range(4)]

    for worst in (Verdict.FAILED, Verdict.ERROR, Verdict.NO_DATA, Verdict.INCONCLUSIVE):
        subject = analysis(*entries[: len(answers)])
        found = judged(subject, *answers)
        assert combine(found).verdict is worst
        answers = [a for a, one in zip(answers, found, strict=True) if one.counts is not worst]


def test_the_sentence_is_that_of_the_first_metric_with_the_verdict() -> None:
    subject = analysis(metric("a"), metric("b"), metric("c"))

    found = outcome(subject, Answer(), Answer((2.0,)), Answer((3.0,)))

    assert found == Outcome(Verdict.FAILED, "b 2.00 > 1")


def test_without_metrics_a_run_passes_and_says_that_nothing_was_measured() -> None:
    assert outcome(analysis()) == Outcome(Verdict.PASSED, NOTHING_MEASURED)


@pytest.mark.parametrize(
    ("policy", "verdict"),
    [(Policy.FAIL, Verdict.NO_DATA), (Policy.HOLD, Verdict.INCONCLUSIVE)],
)
def test_the_policy_says_what_no_data_counts_as(policy: Policy, verdict: Verdict) -> None:
    found = outcome(analysis(metric("m", onNoData=policy)), Answer())

    assert found == Outcome(verdict, "no values found for metric: m")


def test_what_is_ignored_does_not_count_but_is_said() -> None:
    subject = analysis(metric("a", onError="Ignore"), metric("b"))

    found = outcome(subject, Answer(error="down"), Answer((0.0,)))

    assert found.verdict is Verdict.PASSED
    assert found.sentence == ("b 0.00 is <= 1 (not counted: Prometheus query failed for a: down)")


def test_ignoring_no_data_does_not_ignore_errors() -> None:
    found = outcome(analysis(metric("a", onNoData="Ignore")), Answer(error="down"))

    assert found.verdict is Verdict.ERROR


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_without_bounds_what_is_no_number_is_no_data_and_never_written(value: float) -> None:
    (one,) = judged(analysis(metric("m", thresholdRange={})), Answer((value,)))

    assert one.reading.verdict is Verdict.NO_DATA
    assert one.reading.value is None


SLOW = {"name": "request-duration", "thresholdRange": {"max": 500}}


@pytest.mark.parametrize(
    ("entry", "provider", "value", "sentence"),
    [
        (metric("e"), "traefik", math.inf, "e +Inf > 1"),
        (metric("e", thresholdRange={"min": 0}), "traefik", -math.inf, "e -Inf < 0"),
        (success_rate(), "traefik", -math.inf, "success rate -Inf% < 99%"),
        (SLOW, "traefik", math.inf, "request duration +Inf > 500ms"),
        (SLOW, "gatewayapi:v1", 1e306, "request duration +Inf > 500ms"),
    ],
)
@pytest.mark.parametrize("policy", list(Policy))
def test_an_infinite_value_beyond_the_bounds_fails_whatever_no_data_means(
    entry: dict[str, object], provider: str, value: float, sentence: str, policy: Policy
) -> None:
    """Errors divided by no requests are no absence of errors."""
    subject = analysis({**entry, "onNoData": policy}, target={"provider": provider})

    (one,) = judged(subject, Answer((value,)))

    assert (one.counts, one.reading.sentence) == (Verdict.FAILED, sentence)
    assert "value" not in one.reading.wire()


def test_an_infinite_value_within_the_bounds_passes() -> None:
    (one,) = judged(analysis(metric("e")), Answer((-math.inf,)))

    assert (one.counts, one.reading.sentence) == (Verdict.PASSED, "e -Inf is <= 1")
    assert one.reading.value is None


@pytest.mark.parametrize(
    ("how", "value"),
    [("max", math.inf), ("min", 1.0), ("avg", math.inf), ("sum", math.inf), ("last", math.inf)],
)
def test_infinite_values_are_reduced_like_others(how: str, value: float) -> None:
    assert reduced((1.0, math.inf), Reduce(how)) == value


def test_infinities_that_cancel_out_are_no_data() -> None:
    (one,) = judged(analysis(metric("e", reduce="sum")), Answer((math.inf, -math.inf)))

    assert one.counts is Verdict.NO_DATA


def test_several_series_are_inconclusive() -> None:
    (one,) = judged(analysis(metric("m")), Answer((0.0, 0.0, 0.0)))

    assert one.reading.verdict is Verdict.INCONCLUSIVE
    assert one.reading.sentence == (
        "m answered 3 series; set reduce to max, min, avg, sum, first or last"
    )


@pytest.mark.parametrize(
    ("how", "value"),
    [("max", 4.0), ("min", 1.0), ("avg", 7 / 3), ("sum", 7.0), ("first", 2.0), ("last", 4.0)],
)
def test_several_series_can_be_reduced(how: str, value: float) -> None:
    subject = analysis(metric("m", reduce=how, thresholdRange={}))

    (one,) = judged(subject, Answer((2.0, 1.0, 4.0)))

    assert one.reading.value == pytest.approx(value)


@pytest.mark.parametrize("how", list(Reduce))
def test_nan_in_any_series_is_not_reduced_away(how: Reduce) -> None:
    assert math.isnan(reduced((1.0, math.nan, 2.0), how))


TRAEFIK = {"name": "app", "provider": "traefik"}
GATEWAY = {"name": "app", "provider": "gatewayapi:v1"}
TEMPLATE = {"name": "m", "templateRef": {"name": "t"}}


@pytest.mark.parametrize(
    ("entry", "target", "answer", "sentence"),
    [
        (
            success_rate(),
            TRAEFIK,
            Answer(),
            "no values found for traefik metric request-success-rate probably app.test is not "
            "receiving traffic: running query failed: no values found",
        ),
        (
            success_rate(),
            GATEWAY,
            Answer(),
            "no values found for gatewayapi:v1 metric request-success-rate probably app.test is "
            "not receiving traffic: no values found",
        ),
        (metric("empty"), TRAEFIK, Answer(), "no values found for metric: empty"),
        (TEMPLATE, TRAEFIK, Answer(), "no values found for custom metric: m: no values found"),
        (
            success_rate(),
            TRAEFIK,
            Answer(error="down"),
            "Prometheus query failed: running query failed: down",
        ),
        (metric("i"), TRAEFIK, Answer(error="down"), "Prometheus query failed for i: down"),
        (TEMPLATE, TRAEFIK, Answer(error="down"), "Metric query failed for m: down"),
        (TEMPLATE, TRAEFIK, TROUBLE, "Metric query failed for m: why"),
        (success_rate(), TRAEFIK, Answer((98.0,)), "success rate 98.00% < 99%"),
        (
            {"name": "request-duration", "thresholdRange": {"max": 500}},
            TRAEFIK,
            Answer((1200.9,)),
            "request duration 1.2s > 500ms",
        ),
        (
            {"name": "request-duration", "thresholdRange": {"max": 500}},
            GATEWAY,
            Answer((1.2009,)),
            "request duration 1.2s > 500ms",
        ),
        (metric("e"), TRAEFIK, Answer((5.0,)), "e 5.00 > 1"),
        (success_rate(), TRAEFIK, Answer((99.8,)), "success rate 99.80% is >= 99"),
    ],
)
def test_a_sentence_is_what_flagger_says_after_halt(
    entry: dict[str, object], target: dict[str, str], answer: Answer | Trouble, sentence: str
) -> None:
    (one,) = judged(analysis(entry, target=target), answer)

    assert one.reading.sentence == sentence


def test_a_reading_carries_its_query_value_rule_and_warnings() -> None:
    (one,) = judged(analysis(success_rate()), Answer((99.5,), warnings=("slow",)))

    assert one.reading.wire() == {
        "name": "request-success-rate",
        "verdict": "Passed",
        "sentence": "success rate 99.50% is >= 99",
        "query": "q",
        "value": 99.5,
        "rule": ">= 99",
        "at": "2026-11-22T12:00:00Z",
        "warnings": ["slow"],
    }
