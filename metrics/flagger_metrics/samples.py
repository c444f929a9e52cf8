"""What was scraped of late: samples by series, bounded in age and number."""

import math
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

NAME = "__name__"

Labels = tuple[tuple[str, str], ...]
"""A series' labels, its name among them, sorted."""

KEEP_S = 300.0
SERIES_MAX = 20_000
SAMPLES_MAX = 2_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A value and when it was scraped, in seconds since the epoch."""

    at_s: float
    value: float


@dataclass(slots=True)
class Samples:
    """A store for `promql.evaluate`, which only reads it.

    A series keeps at most *samples_max* samples of the last *keep_s* seconds; one that was not
    scraped for that long is dropped, and past *series_max* series new ones are refused.
    """

    keep_s: float = KEEP_S
    series_max: int = SERIES_MAX
    samples_max: int = SAMPLES_MAX
    refused: int = 0
    """Samples of the present scrape not taken because there were too many series."""
    _series: dict[str, dict[Labels, deque[Sample]]] = field(default_factory=dict)
    _scrapes: deque[float] = field(default_factory=lambda: deque(maxlen=SAMPLES_MAX))
    _size: int = 0
    _begun_s: float = -math.inf
    _forgot_s: float = -math.inf

    def begin(self, at: datetime) -> None:
        """Begin the scrape of the moment *at*; nothing happens where it has begun already.

        Where the clock was set back everything is forgotten: what was seen at moments that are
        still to come has no age, and a rate across the step would be wrong.
        """
        at_s = at.timestamp()
        if at_s == self._begun_s:
            return
        if at_s < self._begun_s:
            self._clear()
        self._begun_s = at_s
        self.refused = 0
        self._forget(at_s)

    def append(self, labels: Mapping[str, str], value: float, at: datetime) -> "Samples":
        """Add one sample and return the store; one that is not newer than the last is dropped.

        *labels* hold the metric's name under `__name__`; labels that are empty are none.
        """
        known: Labels = tuple(sorted((k, v) for k, v in labels.items() if v))
        at_s = at.timestamp()
        kept = self._kept(known, labels.get(NAME, ""), at_s)
        if kept is None:
            self.refused += 1
            return self
        if kept and kept[-1].at_s >= at_s:
            return self
        kept.append(Sample(at_s, float(value)))
        while kept[0].at_s < at_s - self.keep_s:
            kept.popleft()
        return self

    def scraped(self, at: datetime) -> None:
        """Note that something was scraped at the moment *at*, whether it had samples or not."""
        if not self._scrapes or self._scrapes[-1] < at.timestamp():
            self._scrapes.append(at.timestamp())

    def named(self, name: str | None) -> Iterator[tuple[Labels, deque[Sample]]]:
        """Go over the series of metric *name*, over all series where it is None."""
        groups = self._series.values() if name is None else (self._series.get(name, {}),)
        for group in groups:
            yield from group.items()

    def scrapes_after(self, moment: datetime | None) -> int:
        """Count the scrapes noted since *moment*, all of them where it is None."""
        since_s = 0.0 if moment is None else moment.timestamp()
        return sum(1 for at_s in self._scrapes if at_s >= since_s)

    def __len__(self) -> int:
        return self._size

    def _kept(self, labels: Labels, name: str, at_s: float) -> deque[Sample] | None:
        group = self._series.setdefault(name, {})
        kept = group.get(labels)
        if kept is not None:
            return kept
        if self._size >= self.series_max:
            self._forget(at_s)
        if self._size >= self.series_max:
            return None
        self._size += 1
        kept = deque(maxlen=self.samples_max)
        self._series.setdefault(name, group)[labels] = kept
        return kept

    def _forget(self, at_s: float) -> None:
        """Drop the series that were not scraped of late, once for each moment."""
        if at_s <= self._forgot_s:
            return
        self._forgot_s = at_s
        for name, group in list(self._series.items()):
            left = {key: kept for key, kept in group.items() if self._recent(kept, at_s)}
            self._size -= len(group) - len(left)
            group.clear()
            group.update(left)
            if not group:
                del self._series[name]

    def _recent(self, kept: deque[Sample], at_s: float) -> bool:
        return bool(kept) and kept[-1].at_s >= at_s - self.keep_s

    def _clear(self) -> None:
        self._series.clear()
        self._scrapes.clear()
        self._size = 0
        self._forgot_s = -math.inf
