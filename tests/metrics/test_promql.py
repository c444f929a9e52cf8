"""The evaluator gives what Prometheus would give, computed by hand here."""

import math
from datetime import timedelta

import pytest

from flagger_metrics.promql import PromqlFault, evaluate
from flagger_metrics.promql_queries import reach_s, selectors
from flagger_metrics.samples import Samples

from .analyses import NOW, later


def counters(samples: Samples | None = None, until_s: int = 10) -> Samples:
    """Scraped each second: 90 answers of 200 and 10 of 500 per second, from zero."""
    samples = samples or Samples()
    for second in range(until_s + 1):
        for code, rate in (("200", 90), ("500", 10)):
            labels = {"__name__": "requests", "code": code, "job": "edge"}
            samples.append(labels, rate * second, later(second))
        for le, rate in (("0.1", 50), ("0.5", 90), ("1", 99), ("+Inf", 100)):
            samples.append({"__name__": "took_bucket", "le": le}, rate * second, later(second))
        samples.append({"__name__": "up"}, 1, later(second))
    return samples


def asked(query: str, samples: Samples | None = None, at_s: float = 10) -> dict[str, float]:
    """Return the values by the series' labels without the name, as text."""
    return {
        ",".join(f"{k}={v}" for k, v in series.labels): series.value
        for series in evaluate(query, samples or counters(), later(at_s))
    }


@pytest.mark.parametrize(
    ("query", "result"),
    [
        ("vector(1)", {"": 1.0}),
        ("1 + 2 * 3 ^ 2 % 7", {"": 5.0}),
        ("-up", {"": -1.0}),
        ('requests{code="500"}', {"__name__=requests,code=500,job=edge": 100.0}),
        ('requests{code!~"5..", job=~"e.*"}', {"__name__=requests,code=200,job=edge": 900.0}),
        ('requests{code=~"2"}', {}),
        ('up{none=""}', {"__name__=up": 1.0}),
        ('requests{code="500"} offset 3s', {"__name__=requests,code=500,job=edge": 70.0}),
        ("sum(requests)", {"": 1000.0}),
        ("avg(requests)", {"": 500.0}),
        ("min by (job) (requests)", {"job=edge": 100.0}),
        ("max without (code) (requests)", {"job=edge": 900.0}),
        ("count(requests)", {"": 2.0}),
        ("sum(nothing)", {}),
        ("nothing or vector(0)", {"": 0.0}),
        ("up or vector(0)", {"__name__=up": 1.0}),
        ("sum(rate(requests[5s]))", {"": 100.0}),
        ('sum(rate(requests{code!~"5.*"}[5s])) / sum(rate(requests[5s])) * 100', {"": 90.0}),
        ("increase(requests{code='500'}[5s])", {"code=500,job=edge": 50.0}),
        ("irate(requests{code='500'}[5s])", {"code=500,job=edge": 10.0}),
        ("rate(requests[1s])", {}),
        ("max_over_time(requests{code='500'}[3s])", {"code=500,job=edge": 100.0}),
        ("last_over_time(up[3s])", {"__name__=up": 1.0}),
        ("avg_over_time(requests{code='500'}[3s])", {"code=500,job=edge": 90.0}),
        ("histogram_quantile(0.5, sum(rate(took_bucket[5s])) by (le))", {"": 0.1}),
        ("histogram_quantile(0.7, sum(rate(took_bucket[5s])) by (le))", {"": 0.3}),
        ("histogram_quantile(0.995, sum(rate(took_bucket[5s])) by (le))", {"": 1.0}),
        ("requests > 500", {"__name__=requests,code=200,job=edge": 900.0}),
        ("500 < requests", {"__name__=requests,code=200,job=edge": 900.0}),
        ("requests > bool 500", {"code=200,job=edge": 1.0, "code=500,job=edge": 0.0}),
        ("1 > bool 2", {"": 0.0}),
        ("requests - requests offset 1s", {"code=200,job=edge": 90.0, "code=500,job=edge": 10.0}),
        ("requests / on(code) requests", {"code=200": 1.0, "code=500": 1.0}),
        ('requests unless requests{code="200"}', {"__name__=requests,code=500,job=edge": 100.0}),
        ('requests and requests{code="200"}', {"__name__=requests,code=200,job=edge": 900.0}),
        ("scalar(sum(requests)) / 10", {"": 100.0}),
        ("clamp_max(up, 0.5)", {"": 0.5}),
        ("abs(vector(-2))", {"": 2.0}),
        ("time()", {"": later(10).timestamp()}),
        ("vector(1) / vector(0)", {"": math.inf}),
    ],
)
def test_a_query_is_evaluated(query: str, result: dict[str, float]) -> None:
    assert asked(query) == pytest.approx(result)


@pytest.mark.parametrize(
    "query", ["vector(0) / vector(0)", "scalar(nothing)", "vector(0) % vector(0)"]
)
def test_what_is_undefined_is_nan(query: str) -> None:
    (value,) = asked(query).values()

    assert math.isnan(value)


def test_a_rate_without_traffic_divides_zero_by_zero() -> None:
    samples = Samples()
    for second in range(6):
        samples.append({"__name__": "requests", "code": "200"}, 7, later(second))

    (value,) = asked("sum(rate(requests[5s])) / sum(rate(requests[5s]))", samples, 5).values()

    assert math.isnan(value)


def test_a_counter_that_restarts_counts_what_came_before_and_after() -> None:
    samples = Samples()
    for second, value in enumerate((10, 20, 30, 5, 15)):
        samples.append({"__name__": "requests"}, value, later(second))

    # The window holds 20, 30, 5, 15: 10 up, 5 after the restart, 10 more in 3 s, for 4 s.
    assert asked("increase(requests[4s])", samples, 4) == pytest.approx({"": 25 * 4 / 3})


def test_a_series_that_begins_within_the_window_is_not_stretched_to_its_start() -> None:
    """Samples at 8, 9, 10 of a window of 10 s: half an interval is added, not 8 s."""
    samples = Samples()
    for second, value in ((8, 100), (9, 110), (10, 120)):
        samples.append({"__name__": "requests"}, value, later(second))

    assert asked("increase(requests[10s])", samples) == pytest.approx({"": 20 * 2.5 / 2})


def test_a_counter_is_not_stretched_below_zero() -> None:
    """At 9 s it stood at 1 and grows by 10 a second: it began 0.1 s before."""
    samples = Samples()
    for second, value in ((9, 1), (10, 11)):
        samples.append({"__name__": "requests"}, value, later(second))

    assert asked("increase(requests[10s])", samples) == pytest.approx({"": 10 * 1.1})


def test_a_window_does_not_hold_its_own_start() -> None:
    assert asked("count_over_time(up[5s])") == {"": 5.0}


def test_a_series_is_forgotten_by_instant_queries_after_five_minutes() -> None:
    assert asked("up", at_s=309) == {"__name__=up": 1.0}
    assert asked("up", at_s=310) == {}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sum(", "parse error: unclosed left parenthesis"),
        ("topk(1, up)", "the aggregation topk cannot be evaluated"),
        ("absent(up)", "the function absent cannot be evaluated"),
        ("rate(up[5s:1s])", "subqueries cannot be evaluated"),
        ("up @ 5", "cannot be evaluated"),
        ("up + ignoring(code) group_left requests", "group_left and group_right"),
        ("requests + ignoring(code) requests", "duplicate series"),
        ("1 > 2", "BOOL modifier"),
        ('up{a=~"("}', "illegal regex"),
        ("x" * 20_000, "longer than"),
        ("(" * 5000 + "up" + ")" * 5000, "nested too deeply"),
        ("up+" * 5000 + "up", "nested too deeply"),
        ("up or " * 2500 + "up", "nested too deeply"),
        ("-" * 16_000 + "up", "nested too deeply"),
        ("# '\n" + "up+" * 5000 + "up # '", "nested too deeply"),
        ("# `\n" + "up+" * 3000 + "up # `", "nested too deeply"),
        ("# '\r" + "up+" * 3000 + "up # '", "nested too deeply"),
        ('"\n' + "up+" * 3000 + 'up"', "nested too deeply"),
        ("{" + "up+" * 3000 + "up}", "parse error"),
    ],
    ids=lambda value: value[:24],
)
def test_what_cannot_be_evaluated_is_a_fault_with_a_sentence(query: str, message: str) -> None:
    with pytest.raises(PromqlFault, match=message.replace("(", r"\(")):
        asked(query)


def test_quotes_comments_and_matchers_nest_nothing() -> None:
    pattern = "(a)|" * 300 + "b"
    labels = ",".join(f'l{n}=""' for n in range(600))
    quoted = f"""up{{x=~"{pattern}"}} or up{{x=~'{pattern}'}} or up"""

    assert asked(quoted) == {"__name__=up": 1.0}
    assert asked(f"up{{{labels}}} # {'+' * 600}") == {"__name__=up": 1.0}


LARGEST = 1.7e308


@pytest.mark.parametrize(
    ("values", "query", "result"),
    [
        ((math.inf, -math.inf), "sum(r)", math.nan),
        ((math.inf, -math.inf), "avg(r)", math.nan),
        ((LARGEST, LARGEST), "sum(r)", math.inf),
        ((-LARGEST, -LARGEST), "sum(r)", -math.inf),
        ((LARGEST, LARGEST), "avg(r)", LARGEST),
        ((math.inf, 1), "sum(r)", math.inf),
        ((math.inf, 1), "avg(r)", math.inf),
        ((0.1,) * 10, "sum(r)", 1.0),
    ],
)
def test_sums_beyond_the_numbers_are_what_prometheus_answers(
    values: tuple[float, ...], query: str, result: float
) -> None:
    samples = Samples()
    for n, value in enumerate(values):
        samples.append({"__name__": "r", "n": str(n)}, value, NOW)

    assert asked(query, samples, 0) == pytest.approx({"": result}, nan_ok=True)


@pytest.mark.parametrize(
    ("values", "query", "result"),
    [
        ((math.inf, -math.inf), "sum_over_time(r[5s])", math.nan),
        ((LARGEST, LARGEST), "sum_over_time(r[5s])", math.inf),
        ((LARGEST, LARGEST), "avg_over_time(r[5s])", LARGEST),
        ((math.nan, 1, 2), "max_over_time(r[5s])", 2.0),
        ((2, math.nan, 1), "min_over_time(r[5s])", 1.0),
    ],
)
def test_sums_over_time_are_no_error_either(
    values: tuple[float, ...], query: str, result: float
) -> None:
    samples = Samples()
    for second, value in enumerate(values, 1):
        samples.append({"__name__": "r"}, value, later(second))

    assert asked(query, samples, len(values)) == pytest.approx({"": result}, nan_ok=True)


@pytest.mark.parametrize("counts", [(math.nan,) * 3, (1, 2, math.nan), (math.nan, 2, 3)])
def test_a_quantile_of_buckets_that_are_no_numbers_is_none(counts: tuple[float, ...]) -> None:
    samples = Samples()
    for le, count in zip(("1", "2", "+Inf"), counts, strict=True):
        samples.append({"__name__": "r", "le": le}, count, NOW)

    (value,) = asked("histogram_quantile(0.99, r)", samples, 0).values()

    assert math.isnan(value)


def test_a_hostile_pattern_takes_no_time() -> None:
    """The expression is linear for RE2; a backtracking engine would not come back."""
    samples = Samples().append({"__name__": "up", "a": "a" * 60}, 1, NOW)

    assert asked('up{a=~"(a+)+b"}', samples, 0) == {}


def test_what_a_query_selects_is_known_before_it_is_evaluated() -> None:
    found = selectors('sum(rate(a{x="1"}[1m])) / b or {__name__="c"} or {job=~"x"} or vector(0)')

    assert [selector.name for selector in found] == ["a", "b", "c", None]
    assert [selector.matches({"x": "1", "job": "y"}) for selector in found[:2]] == [True, True]
    assert found[0].matches({"x": "2"}) is False
    assert found[2].matches({"__name__": "c"}) is True
    assert found[3].matches({"job": "y"}) is False
    assert found[3].matches({}, {"job": "x"}) is True


@pytest.mark.parametrize(
    ("query", "seconds"),
    [
        ("vector(1)", 0),
        ("up", 0),
        ("up offset 3m", 180),
        ("sum(rate(up[5m]))", 300),
        ("up or rate(up[5m] offset 1m) or rate(up[1m])", 360),
        ("rate(up[5m] offset -10m)", 0),
    ],
)
def test_how_far_back_a_query_looks_is_known(query: str, seconds: float) -> None:
    assert reach_s(query) == seconds


def test_samples_are_bounded_in_age_and_number() -> None:
    samples = Samples(keep_s=5, series_max=2, samples_max=3)
    for second in range(10):
        samples.append({"__name__": "up"}, second, later(second))

    (_, kept), *_ = samples.named("up")

    assert [sample.value for sample in kept] == [7, 8, 9]


def test_series_that_are_gone_make_room_and_no_others_are_taken() -> None:
    samples = Samples(keep_s=5, series_max=2)
    samples.append({"__name__": "old"}, 1, NOW)
    samples.append({"__name__": "up"}, 1, NOW + timedelta(seconds=10))
    samples.append({"__name__": "new"}, 1, NOW + timedelta(seconds=10))
    samples.append({"__name__": "more"}, 1, NOW + timedelta(seconds=10))

    assert len(samples) == 2
    assert samples.refused == 1
    assert list(samples.named("old")) == []


def test_a_range_goes_over_the_samples_before_and_after_a_gap() -> None:
    """At 3 s the series was not on its page; an instant query there finds nothing."""
    samples = Samples()
    for second, value in ((1, 10), (2, 20), (4, 40), (5, 50)):
        if second == 4:
            samples.missing("a:1", later(3), lambda _: False)
        samples.append({"__name__": "up"}, value, later(second), "a:1")

    assert asked("up", samples, 3) == {}
    assert asked("up", samples, 2) == {"__name__=up": 20.0}
    assert asked("up offset 1s", samples, 4) == {}
    assert asked("count_over_time(up[10s])", samples, 5) == {"": 4.0}
    assert asked("max_over_time(up[10s])", samples, 3) == {"": 20.0}
    assert asked("increase(up[5s])", samples, 5) == pytest.approx({"": 50.0})


def test_a_sample_of_the_same_moment_counts_once() -> None:
    samples = Samples().append({"__name__": "up"}, 1, NOW).append({"__name__": "up"}, 2, NOW)

    assert asked("up", samples, 0) == {"__name__=up": 1.0}
