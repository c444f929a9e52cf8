"""Whether a time window is open, and when that changes.

A window starts by the wall clock of its zone and lasts a fixed time. Where the clocks go forward
over a start, the window starts as late as they jump; where they go back, a start happens once,
unless the schedule names every hour.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from croniter import croniter  # type: ignore[import-untyped]  # it ships no types
from croniter.croniter import CroniterError  # type: ignore[import-untyped]  # it ships no types

from flagger_py.errors import SpecError

_FIELDS = 5
_RANDOM = re.compile(r"(?<![a-z])[hr](?![a-z])", re.IGNORECASE)
"""What croniter draws or hashes a value for; a window must be the same for everyone."""
_JOINED_MAX = 24
_CLOCK_SHIFT_MAX = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class WindowState:
    """Open or closed, and when to look again.

    Windows that follow one another without a gap count as one; two dozen of them are joined, so
    that a window which never ends is looked at again after these.
    """

    open: bool
    next_change: datetime


def window_open(schedule: str, duration_s: float, zone: ZoneInfo, now: datetime) -> WindowState:
    """Tell whether *now* lies within *duration_s* seconds after a start named by *schedule*.

    Raises `SpecError` when *schedule* is no cron expression of five fields or never comes.
    """
    check_schedule(schedule)
    now = now.astimezone(UTC)
    duration = timedelta(seconds=duration_s)
    try:
        start = _last_start(schedule, zone, now)
        is_open = start is not None and now < start + duration
        coming = _next_starts(schedule, zone, now, _JOINED_MAX if is_open else 1)
    except CroniterError as error:
        raise SpecError(f"schedule {schedule!r} names no date that ever comes") from error
    if start is None or not is_open:
        return WindowState(False, coming[0])
    end = start + duration
    for following in coming:
        if following > end:
            break
        end = following + duration
    return WindowState(True, end)


def check_schedule(schedule: str) -> None:
    """Raise `SpecError` unless *schedule* has five cron fields or is a name such as @daily."""
    named = schedule.startswith("@")
    drawn = not named and _RANDOM.search(schedule)
    five = named or len(schedule.split()) == _FIELDS
    if five and not drawn and croniter.is_valid(schedule):
        return
    raise SpecError(
        f"schedule {schedule!r} is no cron expression; write five fields: minute, hour,"
        " day of month, month, day of week, for example `0 9 * * 1-5`"
    )


def time_zone(name: str) -> ZoneInfo:
    """Return the zone *name*; raises `SpecError` when there is none of that name."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise SpecError(
            f"timeZone {name!r} is unknown; write an IANA name such as Europe/Berlin or UTC"
        ) from error


def _last_start(schedule: str, zone: ZoneInfo, now: datetime) -> datetime | None:
    """Return the latest start at or before *now*, in UTC.

    Wall clock and real time disagree about the order of moments around a shift of the clocks, so
    everything within the longest shift is looked at.
    """
    wall = now.astimezone(zone).replace(tzinfo=None)
    walk = croniter(schedule, wall + _CLOCK_SHIFT_MAX)
    found: datetime | None = None
    while True:
        try:
            moment: datetime = walk.get_prev(datetime)
        except CroniterError:
            return found
        if found is not None and moment < wall - _CLOCK_SHIFT_MAX:
            return found
        past = [start for start in _starts(schedule, zone, moment) if start <= now]
        found = max([*past, found] if found else past, default=None)


def _next_starts(schedule: str, zone: ZoneInfo, now: datetime, count: int) -> list[datetime]:
    """Return the first *count* starts after *now*, in UTC and in order."""
    wall = now.astimezone(zone).replace(tzinfo=None)
    walk = croniter(schedule, wall - _CLOCK_SHIFT_MAX)
    found: list[datetime] = []
    enough: datetime | None = None
    while True:
        moment: datetime = walk.get_next(datetime)
        if enough is not None and moment > enough + _CLOCK_SHIFT_MAX:
            return sorted(found)[:count]
        found += [start for start in _starts(schedule, zone, moment) if start > now]
        if enough is None and len(found) >= count:
            enough = moment


def _starts(schedule: str, zone: ZoneInfo, wall: datetime) -> Iterator[datetime]:
    """Return the moments, in UTC, at which the wall clock shows *wall*: one, or two in autumn."""
    first = wall.replace(tzinfo=zone).astimezone(UTC)
    yield first
    second = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    if second > first and _every_hour(schedule):
        yield second


def _every_hour(schedule: str) -> bool:
    return schedule == "@hourly" or schedule.split()[1:2] == ["*"]
