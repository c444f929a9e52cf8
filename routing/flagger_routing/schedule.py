"""Which split is asked for now, where a schedule says it by time."""

from dataclasses import dataclass
from datetime import datetime

from flagger_py.contracts import Split
from flagger_py.quantities import duration_s

from .api import ScheduleStart, TrafficRouteSpec, TrafficRouteStatus
from .objects import digest


@dataclass(frozen=True, slots=True)
class Asked:
    """The split that is asked for, and in how many seconds another one will be."""

    split: Split
    start: ScheduleStart | None = None
    next_s: float | None = None


def asked(spec: TrafficRouteSpec, status: TrafficRouteStatus, now: datetime) -> Asked:
    """Return the last entry whose time has come since the schedule was first seen as it is.

    `spec.split` holds until the first entry's time.
    """
    if not spec.schedule:
        return Asked(spec.split)
    own = digest([entry.wire() for entry in spec.schedule])
    start = status.schedule
    if start is None or start.digest != own:
        start = ScheduleStart(digest=own, at=now)
    elapsed_s = (now - start.at).total_seconds()
    split, next_s = spec.split, None
    timed = [
        (duration_s(e.after, f"spec.schedule[{i}].after"), e) for i, e in enumerate(spec.schedule)
    ]
    for after_s, entry in sorted(timed, key=lambda item: item[0]):
        if after_s > elapsed_s:
            next_s = after_s - elapsed_s
            break
        split = entry.split
    return Asked(split, start, next_s)
