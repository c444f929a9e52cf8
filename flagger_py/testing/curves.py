"""Counters that grow evenly between two changes: lines with bends, read at any moment."""

from bisect import bisect_right
from dataclasses import dataclass, field

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
BOUNDS = (*(f"{le:g}" for le in BUCKETS_S), "+Inf")
"""The upper bounds of the buckets as they are exported under the label `le`."""

BENDS_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Span:
    """Requests from *begun_s* to *until_s*, in seconds since the epoch, each taking *took_s*."""

    begun_s: float
    until_s: float
    requests: float
    took_s: float


@dataclass(slots=True)
class Curve:
    """A counter; it is 0 before its first bend and stays as it is after its last."""

    at_s: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, begun_s: float, until_s: float, amount: float) -> None:
        """Let the counter grow by *amount* between two moments.

        They are the last two that it grew between, or later.
        """
        if self.at_s and self.at_s[-1] == until_s:
            self.values[-1] += amount
            return
        before = self.values[-1] if self.values else 0.0
        if not self.at_s or self.at_s[-1] < begun_s:
            self._bend(begun_s, before)
        self._bend(until_s, before + amount)

    def at(self, at_s: float) -> float:
        place = bisect_right(self.at_s, at_s)
        if place == 0:
            return 0.0
        if place == len(self.at_s):
            return self.values[-1]
        left, right = self.at_s[place - 1], self.at_s[place]
        low, high = self.values[place - 1], self.values[place]
        return low + (high - low) * (at_s - left) / (right - left)

    def _bend(self, at_s: float, value: float) -> None:
        self.at_s.append(at_s)
        self.values.append(value)
        if len(self.at_s) > BENDS_MAX:
            del self.at_s[: BENDS_MAX // 2], self.values[: BENDS_MAX // 2]


@dataclass(slots=True)
class Histogram:
    """Requests by the bucket they fall into, and how long all of them took together."""

    sum_s: Curve = field(default_factory=Curve)
    _buckets: dict[int, Curve] = field(default_factory=dict)

    def add(self, span: Span) -> None:
        nth = next((i for i, le in enumerate(BUCKETS_S) if span.took_s <= le), len(BUCKETS_S))
        bucket = self._buckets.setdefault(nth, Curve())
        bucket.add(span.begun_s, span.until_s, span.requests)
        self.sum_s.add(span.begun_s, span.until_s, span.requests * span.took_s)

    def below(self, bound: str, at_s: float) -> float:
        """Return how many requests until then were no slower than *bound*, one of `BOUNDS`."""
        nth = BOUNDS.index(bound)
        return sum(curve.at(at_s) for place, curve in self._buckets.items() if place <= nth)

    def count(self, at_s: float) -> float:
        return self.below("+Inf", at_s)
