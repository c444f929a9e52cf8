"""What goes wrong in a World, and when: decided by a seed, so that it goes wrong again.

Every request that a controller sends to the API server, and every request that leaves through its
egress, is a *point* at which something may happen. Nothing does unless a rate says so. What the
controller sees of it is an error of `flagger_py.errors`:

    Crash           the process ends at once, before or after the request took effect
    CONFLICT        409: `Conflict` without managers; the request had no effect
    THROTTLED       429: `Unavailable` with retry_after_s; no effect
    DOWN            503: `Unavailable`; no effect
    TIMED_OUT       504: `Unavailable`, though the request did take effect
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from flagger_py.clock import seeded
from flagger_py.errors import Conflict, FlaggerError, Unavailable


class Crash(BaseException):
    """The process of a part ends here; no controller may catch this."""


class Fault(StrEnum):
    """What happens at a point."""

    CRASH_BEFORE = "CrashBefore"
    CRASH_AFTER = "CrashAfter"
    CONFLICT = "Conflict"
    THROTTLED = "Throttled"
    DOWN = "Down"
    TIMED_OUT = "TimedOut"

    @property
    def took_effect(self) -> bool:
        return self in (Fault.CRASH_AFTER, Fault.TIMED_OUT)


@dataclass(frozen=True, slots=True)
class Rates:
    """How often things go wrong, all off by default.

    *crash* to *timed_out* are probabilities at each point (a crash comes before or after the
    effect with even odds), *lost* and *repeated* at each watch event. *lag_s_max* bounds how much
    later than usual a watch event arrives, *relist_s_max* when a watch that lost events is opened
    anew. The others are per controller and hour of virtual time.
    """

    crash: float = 0.0
    conflict: float = 0.0
    throttled: float = 0.0
    down: float = 0.0
    timed_out: float = 0.0
    lost: float = 0.0
    repeated: float = 0.0
    lag_s_max: float = 0.0
    relist_s_max: float = 10.0
    restart_s_max: float = 5.0
    outages_per_hour: float = 0.0
    outage_s_max: float = 120.0
    jumps_per_hour: float = 0.0
    jump_s_max: float = 60.0


@dataclass(frozen=True, slots=True)
class Point:
    """Where something may go wrong: the *number* counts all points of a World from 1."""

    number: int
    part: str
    verb: str
    target: str
    write: bool = True

    def __str__(self) -> str:
        return f"point {self.number}: {self.part} {self.verb} {self.target}"


class Faults:
    """Decides what goes wrong. *written* numbers the writes that were asked about so far."""

    def __init__(self, seed: int | str = 0, rates: Rates | None = None) -> None:
        self.rates = rates or Rates()
        self.points = 0
        self.writes = 0
        self.struck: list[tuple[Point, Fault]] = []
        self._planned: dict[int, Fault] = {}
        self._random = seeded(seed)

    def stop(self) -> None:
        """From now on nothing goes wrong any more."""
        self.rates = Rates()
        self._planned.clear()

    def crash_at(self, nth: int, *, after: bool = False) -> None:
        """Crash whoever makes the *nth* write from now, counted from 1.

        With *after* the write takes effect first. A run without faults tells in `writes` how many
        there are, so that a test can try each of them.
        """
        self.strike_at(nth, Fault.CRASH_AFTER if after else Fault.CRASH_BEFORE)

    def strike_at(self, nth: int, fault: Fault) -> None:
        """Let *fault* happen at the *nth* write from now, counted from 1."""
        self._planned[self.writes + nth] = fault

    def at(self, part: str, verb: str, target: str, *, write: bool = True) -> "Struck | None":
        """Say what happens at the next point, None when nothing does."""
        self.points += 1
        self.writes += write
        point = Point(self.points, part, verb, target, write)
        fault = self._planned.pop(self.writes, None) if write else None
        fault = fault or self._drawn(write)
        if fault is None:
            return None
        self.struck.append((point, fault))
        return Struck(point, fault, round(self._random.uniform(0.5, 5), 1))

    def chance(self, rate: float) -> bool:
        """Tell whether something that happens with probability *rate* happens now."""
        return rate > 0 and self._random.random() < rate

    def seconds(self, longest: float) -> float:
        """Return a duration up to *longest*, in whole milliseconds."""
        return round(self._random.uniform(0, longest), 3) if longest > 0 else 0.0

    def next_s(self, per_hour: float) -> float | None:
        """Return the seconds until something that happens *per_hour* times happens next."""
        return self._random.expovariate(per_hour / 3600) if per_hour > 0 else None

    def _drawn(self, write: bool) -> Fault | None:
        chances: Mapping[Fault, float] = {
            Fault.CRASH_BEFORE: self.rates.crash / 2,
            Fault.CRASH_AFTER: self.rates.crash / 2,
            Fault.CONFLICT: self.rates.conflict if write else 0.0,
            Fault.THROTTLED: self.rates.throttled,
            Fault.DOWN: self.rates.down,
            Fault.TIMED_OUT: self.rates.timed_out,
        }
        if not any(chances.values()):
            return None
        drawn = self._random.random()
        for fault, chance in chances.items():
            if drawn < chance:
                return fault
            drawn -= chance
        return None


@dataclass(frozen=True, slots=True)
class Struck:
    """What goes wrong at *point*."""

    point: Point
    fault: Fault
    retry_after_s: float

    def exception(self) -> FlaggerError | Crash:
        """Return what the caller of a request to the API server gets to see."""
        match self.fault:
            case Fault.CRASH_BEFORE | Fault.CRASH_AFTER:
                return Crash(f"{self.fault} at {self.point}")
            case Fault.CONFLICT:
                return Conflict(f"the object has been modified (at {self.point})")
            case Fault.THROTTLED:
                return Unavailable(
                    f"too many requests (at {self.point})",
                    reason="TooManyRequests",
                    retry_after_s=self.retry_after_s,
                )
            case Fault.DOWN:
                return Unavailable(f"the API server does not answer (at {self.point})")
            case Fault.TIMED_OUT:
                return Unavailable(f"the request timed out (at {self.point})", reason="Timeout")
