"""What was scraped of late: samples by series, bounded in age and number."""

import math
from collections import deque
from collections.abc import Callable, Iterator, Mapping
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
    """A value and when it was scraped, in seconds since the epoch.

    One that is *stale* marks where a series ended: then it was not on its page.
    """

    at_s: float
    value: float
    stale: bool = False


def known(labels: Mapping[str, str]) -> Labels:
    """Return *labels* as they name a series; those that are empty are none."""
    return tuple(sorted((k, v) for k, v in labels.items() if v))


_Groups = dict[str, dict[Labels, deque[Sample]]]


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
    _series: _Groups = field(default_factory=dict)
    _sources: _Groups = field(default_factory=dict)
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

    def append(
        self, labels: Mapping[str, str], value: float, at: datetime, source: str | None = None
    ) -> "Samples":
        """Add one sample and return the store; one that is not newer than the last is dropped.

        *labels* hold the metric's name under `__name__`; labels that are empty are none. Where
        *source* is given, `missing` ends the series when that source no longer has it.
        """
        series, at_s = known(labels), at.timestamp()
        kept = self._kept(series, labels.get(NAME, ""), at_s)
        if kept is None:
            self.refused += 1
            return self
        if source is not None:
            self._sources.setdefault(source, {})[series] = kept
        if kept and kept[-1].stale and kept[-1].at_s == at_s:
            kept.pop()  # Another source has it still.
        if not kept or kept[-1].at_s < at_s:
            self._add(kept, Sample(at_s, float(value)))
        return self

    def missing(self, source: str, at: datetime, present: Callable[[Labels], bool]) -> None:
        """Mark the end of the series of *source* that are not *present* at the moment *at*."""
        at_s = at.timestamp()
        for series, kept in self._sources.get(source, {}).items():
            if kept and not kept[-1].stale and kept[-1].at_s < at_s and not present(series):
                self._add(kept, Sample(at_s, math.nan, stale=True))

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

    def _add(self, kept: deque[Sample], sample: Sample) -> None:
        kept.append(sample)
        while kept[0].at_s < sample.at_s - self.keep_s:
            kept.popleft()

    def _kept(self, labels: Labels, name: str, at_s: float) -> deque[Sample] | None:
        kept = self._series.get(name, {}).get(labels)
        if kept is not None:
            return kept
        if self._size >= self.series_max:
            self._forget(at_s)
        if self._size >= self.series_max:
            return None
        self._size += 1
        kept = deque(maxlen=self.samples_max)
        self._series.setdefault(name, {})[labels] = kept
        return kept

    def _forget(self, at_s: float) -> None:
        """Drop the series that were not scraped of late, once for each moment."""
        if at_s <= self._forgot_s:
            return
        self._forgot_s = at_s
        self._series = self._recent(self._series, at_s)
        self._sources = self._recent(self._sources, at_s)
        self._size = sum(len(group) for group in self._series.values())

    def _recent(self, groups: _Groups, at_s: float) -> _Groups:
        since_s = at_s - self.keep_s
        left = (
            (name, {key: kept for key, kept in group.items() if kept and kept[-1].at_s >= since_s})
            for name, group in groups.items()
        )
        return {name: group for name, group in left if group}

    def _clear(self) -> None:
        self._series.clear()
        self._sources.clear()
        self._scrapes.clear()
        self._size = 0
        self._forgot_s = -math.inf
