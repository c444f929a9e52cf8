"""Bounds are Flagger's, and a breach is told in Flagger's words."""

from typing import Any

import pytest

from flagger_metrics.api import Metric
from flagger_metrics.gotext import duration_text, number_text
from flagger_metrics.thresholds import bounds, breach, rule

RATE = "request-success-rate"
DURATION = "request-duration"


def told(value: float, name: str = "", title: str = "errors", **fields: Any) -> str | None:
    entry = Metric.read({"name": title, **fields}, "metric")
    return breach(value, bounds(entry, name=name), title=title, name=name)


@pytest.mark.parametrize(
    ("value", "fields", "sentence"),
    [
        (98.0, {"thresholdRange": {"min": 99}}, "success rate 98.00% < 99%"),
        (99.0, {"thresholdRange": {"min": 99}}, None),
        (99.996, {"thresholdRange": {"max": 99.5}}, "success rate 100.00% > 99.5%"),
        (98.0, {"threshold": 99}, "success rate 98.00% < 99%"),
        (99.0, {"threshold": 99}, None),
        (0.0, {}, None),
        (98.0, {"threshold": 99, "thresholdRange": {}}, None),
    ],
    ids=["below", "bound", "above", "legacy", "legacy-bound", "unset", "empty-range-wins"],
)
def test_a_success_rate_must_reach_its_minimum(
    value: float, fields: dict[str, Any], sentence: str | None
) -> None:
    assert told(value, RATE, RATE, **fields) == sentence


@pytest.mark.parametrize(
    ("value", "fields", "sentence"),
    [
        (1200.0, {"thresholdRange": {"max": 500}}, "request duration 1.2s > 500ms"),
        (500.0, {"thresholdRange": {"max": 500.9}}, None),
        (501.0, {"thresholdRange": {"max": 500.9}}, "request duration 501ms > 500ms"),
        (1.0, {"thresholdRange": {"min": 2}}, "request duration 1ms < 2ms"),
        (501.0, {"threshold": 500}, "request duration 501ms > 500ms"),
        (1.0, {}, "request duration 1ms > 0s"),
        (0.0, {}, None),
        (61_500.0, {"threshold": 60_000}, "request duration 1m1.5s > 1m0s"),
    ],
    ids=["above", "bound-cut", "above-cut", "below", "legacy", "unset", "unset-zero", "minutes"],
)
def test_a_duration_is_compared_in_whole_milliseconds(
    value: float, fields: dict[str, Any], sentence: str | None
) -> None:
    assert told(value, DURATION, DURATION, **fields) == sentence


@pytest.mark.parametrize(
    ("value", "fields", "sentence"),
    [
        (5.0, {"thresholdRange": {"max": 3}}, "errors 5.00 > 3"),
        (3.0, {"thresholdRange": {"max": 3}}, None),
        (0.5, {"thresholdRange": {"min": 1, "max": 3}}, "errors 0.50 < 1"),
        (1.0, {"thresholdRange": {"min": 1}}, None),
        (5.0, {"threshold": 3}, "errors 5.00 > 3"),
        (0.01, {}, "errors 0.01 > 0"),
        (-1.0, {}, None),
        (1e9, {"thresholdRange": {}}, None),
    ],
    ids=["above", "max", "below", "min", "legacy", "unset", "negative", "empty-range"],
)
def test_any_other_metric_has_inclusive_bounds(
    value: float, fields: dict[str, Any], sentence: str | None
) -> None:
    assert told(value, **fields) == sentence


@pytest.mark.parametrize(
    ("name", "fields", "text"),
    [
        (RATE, {"thresholdRange": {"min": 99}}, ">= 99"),
        (DURATION, {"thresholdRange": {"max": 500}}, "<= 500 ms"),
        ("", {"thresholdRange": {"min": 1, "max": 5.5}}, ">= 1 and <= 5.5"),
        ("", {"thresholdRange": {}}, "any value"),
        ("", {}, "<= 0"),
    ],
)
def test_the_rule_is_readable(name: str, fields: dict[str, Any], text: str) -> None:
    entry = Metric.read({"name": "m", **fields}, "metric")

    assert rule(bounds(entry, name=name), name=name) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (99.0, "99"),
        (99.5, "99.5"),
        (0.1, "0.1"),
        (100000.0, "100000"),
        (1e6, "1e+06"),
        (123456789.0, "1.23456789e+08"),
        (1e21, "1e+21"),
        (0.0001, "0.0001"),
        (0.00001, "1e-05"),
        (-3.0, "-3"),
        (0.0, "0"),
        (float("inf"), "+Inf"),
        (float("-inf"), "-Inf"),
        (float("nan"), "NaN"),
    ],
)
def test_numbers_read_as_go_prints_them(value: float, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0s"),
        (1, "1ms"),
        (1200, "1.2s"),
        (60_000, "1m0s"),
        (61_500, "1m1.5s"),
        (3_600_000, "1h0m0s"),
        (-5, "-5ms"),
    ],
)
def test_durations_read_as_go_prints_them(milliseconds: int, text: str) -> None:
    assert duration_text(milliseconds) == text
