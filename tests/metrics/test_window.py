"""A window is as written, but never older than the split under judgement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flagger_metrics.window import window, window_text

from .analyses import NOW, later


@pytest.mark.parametrize(
    ("interval_s", "passed_s", "scrape_s", "seconds"),
    [
        (60, 300, 15, 60),
        (60, 60, 15, 60),
        (60, 45, 15, 45),
        (60, 45.9, 15, 45),
        (60, 10, 15, 30),
        (60, 10, 1, 10),
        (60, 0, 1, 2),
        (60, -5, 1, 2),
        (10, 0, 15, 10),
    ],
    ids=["old", "exact", "young", "cut", "scrapes", "fine", "new", "future", "never-longer"],
)
def test_a_window_is_clipped_at_since(
    interval_s: float, passed_s: float, scrape_s: float, seconds: float
) -> None:
    assert window(interval_s, NOW, later(passed_s), scrape_s) == seconds


def test_without_since_a_window_is_as_written() -> None:
    assert window(60, None, NOW, 15) == 60


@given(st.floats(1, 3600), st.floats(0, 7200), st.floats(0.1, 60))
def test_a_window_never_reaches_before_since_but_for_two_scrapes(
    interval_s: float, passed_s: float, scrape_s: float
) -> None:
    now = later(passed_s)

    seconds = window(interval_s, NOW, now, scrape_s)

    assert seconds <= max((now - NOW).total_seconds(), 2 * scrape_s)
    assert seconds <= interval_s


@pytest.mark.parametrize(
    ("written", "interval_s", "window_s", "text"),
    [
        ("1m", 60, 60, "1m"),
        ("1m30s", 90, 90, "1m30s"),
        ("1m", 60, 10, "10s"),
        ("1m", 60, 1.5, "1500ms"),
        ("1m", 60, 0.0001, "1ms"),
    ],
)
def test_a_window_is_written_as_promql_reads_it(
    written: str, interval_s: float, window_s: float, text: str
) -> None:
    assert window_text(written, interval_s, window_s) == text
