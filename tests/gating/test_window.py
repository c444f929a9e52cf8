"""When a time window is open, also where the clocks are changed."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from flagger_gating.window import time_zone, window_open
from flagger_py.errors import SpecError

from .bench import Bench, gate

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0
OFFICE = "0 9 * * 1-5"


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("schedule", "hours", "now", "opened", "change"),
    [
        (OFFICE, 8, "2026-11-23T08:59:59+01:00", False, "2026-11-23T09:00:00+01:00"),
        (OFFICE, 8, "2026-11-23T09:00:00+01:00", True, "2026-11-23T17:00:00+01:00"),
        (OFFICE, 8, "2026-11-20T16:59:59+01:00", True, "2026-11-20T17:00:00+01:00"),
        (OFFICE, 8, "2026-11-20T17:00:00+01:00", False, "2026-11-23T09:00:00+01:00"),
        (OFFICE, 8, "2026-11-23T08:30:00+00:00", True, "2026-11-23T17:00:00+01:00"),
        ("0 22 * * *", 8, "2026-11-23T03:00:00+01:00", True, "2026-11-23T06:00:00+01:00"),
        ("0 0 * * *", 48, "2026-11-23T03:00:00+01:00", True, None),
        ("0,30 9 * * *", 0.5, "2026-11-23T09:10:00+01:00", True, "2026-11-23T10:00:00+01:00"),
        ("0 0 29 2 *", 1, "2026-11-23T09:10:00+01:00", False, "2028-02-29T00:00:00+01:00"),
        ("30 2 * * *", 0.5, "2026-03-29T03:29:00+02:00", False, "2026-03-29T03:30:00+02:00"),
        ("30 2 * * *", 0.5, "2026-03-29T03:45:00+02:00", True, "2026-03-29T04:00:00+02:00"),
        ("0 22 * * *", 8, "2026-03-29T06:59:00+02:00", True, "2026-03-29T07:00:00+02:00"),
        ("0 22 * * *", 8, "2026-10-25T04:59:00+01:00", True, "2026-10-25T05:00:00+01:00"),
        ("30 2 * * *", 0.25, "2026-10-25T02:40:00+02:00", True, "2026-10-25T02:45:00+02:00"),
        ("30 2 * * *", 0.25, "2026-10-25T02:40:00+01:00", False, "2026-10-26T02:30:00+01:00"),
        ("0 * * * *", 0.5, "2026-10-25T02:10:00+02:00", True, "2026-10-25T02:30:00+02:00"),
        ("0 * * * *", 0.5, "2026-10-25T02:10:00+01:00", True, "2026-10-25T02:30:00+01:00"),
        ("0 * * * *", 0.5, "2026-10-25T02:40:00+02:00", False, "2026-10-25T02:00:00+01:00"),
    ],
    ids=[
        "a second before it opens",
        "at its start",
        "a second before it closes",
        "at its end, over the weekend",
        "told in another zone",
        "begun yesterday",
        "longer than its period",
        "two that touch are one",
        "years ahead",
        "start in the lost hour, before",
        "start in the lost hour, after",
        "spring night keeps its length",
        "autumn night keeps its length",
        "doubled hour, first time",
        "doubled hour, not a second time",
        "every hour, first time",
        "every hour, second time too",
        "every hour, between the two",
    ],
)
def test_a_window_is_open_from_each_start_for_its_duration(
    schedule: str, hours: float, now: str, opened: bool, change: str | None
) -> None:
    state = window_open(schedule, hours * HOUR, BERLIN, at(now))

    assert state.open is opened
    assert change is None or state.next_change == at(change)
    assert state.next_change > at(now)


def test_a_window_without_end_is_looked_at_again() -> None:
    state = window_open("* * * * *", 60.0, BERLIN, at("2026-11-23T09:00:30+01:00"))

    assert state.open
    assert state.next_change > at("2026-11-23T09:10:00+01:00")


@pytest.mark.parametrize(
    "schedule",
    ["", "now", "0 9 * *", "0 0 9 * * *", "61 * * * *", "R R * * *", "0 0 31 2 *", "@reboot"],
)
def test_a_schedule_that_names_no_moments_is_the_users_to_mend(schedule: str) -> None:
    with pytest.raises(SpecError, match="schedule"):
        window_open(schedule, HOUR, BERLIN, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd"])
def test_an_unknown_time_zone_is_the_users_to_mend(name: str) -> None:
    with pytest.raises(SpecError, match="timeZone"):
        time_zone(name)


def office(**spec: object) -> Bench:
    """Return a gate that opens at 13:00 UTC, one hour after the bench's clock starts."""
    window = {"schedule": "0 13 * * *", "duration": "2h"}
    return Bench(gate({"window": window}, **spec))


def test_a_gate_follows_its_window_and_wakes_for_it() -> None:
    bench = office()
    states = []

    for _ in range(3):
        last = bench.settle()
        states.append((bench.condition("Open")[0], bench.now.hour))
        bench.wait(last.requeue_after_s or 0)

    assert states == [("False", 12), ("True", 13), ("True", 14)]
    bench.settle()
    assert bench.condition("Open") == ("False", "Denied")
    assert bench.message("Open") == "Closed: denied: the window opens at 2026-11-23 13:00 UTC"
    assert [reason for reason, _ in bench.events] == ["Denied", "Approved", "Denied"]


def test_between_changes_nothing_is_written() -> None:
    bench = office()
    bench.settle()
    writes = bench.writes

    bench.wait(1800)
    bench.settle()

    assert bench.writes == writes


def test_a_run_that_met_an_open_window_stays_approved() -> None:
    bench = office(run={"token": "t1"})
    bench.settle()
    bench.wait(3600)
    bench.settle()
    assert bench.gated.open

    bench.wait(3 * 3600)
    bench.settle()

    assert bench.gated.open
    bench.ask("t2")
    bench.settle()
    assert not bench.gated.open


def test_a_run_that_met_a_closed_window_is_approved_when_it_opens() -> None:
    bench = office(run={"token": "t1"})
    last = bench.settle()
    assert bench.condition("Open") == ("False", "Denied")

    bench.wait(last.requeue_after_s or 0)
    bench.settle()

    assert bench.condition("Open") == ("True", "Approved")


def test_a_broken_window_stalls_the_gate_and_keeps_it_closed() -> None:
    bench = Bench(gate({"window": {"schedule": "often", "duration": "1h"}}))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "InvalidSpec")
    assert not bench.gated.open


def test_a_window_that_is_broken_while_open_closes() -> None:
    bench = office()
    bench.wait(3600)
    bench.settle()
    assert bench.gated.open

    bench.edit(question={"window": {"schedule": "0 13 * * *", "duration": "2h", "timeZone": "X"}})
    bench.settle()

    assert (bench.gated.open, bench.gated.answer) == (False, None)
    assert bench.condition("Stalled")[0] == "True"
