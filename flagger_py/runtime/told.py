"""Which metrics that parts tell stand: those of objects that are, and for a while of those gone.

Flagger never takes a series of a Canary back. Here one that is told no more, because its object
is gone or its spec names something else, stays for as long as Prometheus itself holds a value that
is scraped no more; so the last value is seen, and nothing grows without an end.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from flagger_py import decision
from flagger_py.clock import monotonic_s
from flagger_py.runtime.interest import Reader

LAST_WORD_S = 300.0
"""Prometheus' own look-back, https://prometheus.io/docs/prometheus/latest/querying/basics/."""

M = TypeVar("M", Counter, Gauge, Histogram)

_Series = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Of:
    """The series of one object: gauges of the latest pass and of the one before, and all counts."""

    now: set[_Series] = field(default_factory=set)
    before: set[_Series] = field(default_factory=set)
    counts: set[_Series] = field(default_factory=set)


class Told:
    """The metrics that passes over objects tell; a shared gauge is the sum of what they told.

    A scrape is answered in a thread of its own, which may find something to drop: hence the lock.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        meanings: Mapping[str, str],
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._registry = registry
        self._meanings = meanings
        self._clock_s = clock_s
        self._lock = Lock()
        self._metrics: dict[str, Counter | Gauge | Histogram] = {}
        self._of: dict[Reader, _Of] = {}
        self._shares: dict[_Series, dict[Reader, float]] = {}
        self._ending: dict[tuple[Reader, _Series], float] = {}

    def tell(self, reader: Reader, item: decision.Telling) -> None:
        """Note what a pass tells; raises `ValueError` where it is not of a kind with what was."""
        labels = sorted(item.labels)
        series = item.name, tuple(item.labels[label] for label in labels)
        with self._lock:
            match item:
                case decision.Gauge():
                    self._set(self._metric(Gauge, item.name, labels), series, reader, item)
                    self._of.setdefault(reader, _Of()).now.add(series)
                case decision.Count():
                    _child(self._metric(Counter, item.name, labels), series).inc()
                    self._counted(reader, series)
                case decision.Observe():
                    histogram = self._metric(Histogram, item.name, labels)
                    _child(histogram, series).observe(item.value)
                    self._counted(reader, series)
            self._ending.pop((reader, series), None)

    def passed(self, reader: Reader) -> None:
        """Note that a pass told all it has to; one that told nothing leaves all as it is."""
        with self._lock:
            of = self._of.get(reader)
            if of is not None and of.now:
                self._end(reader, of.before - of.now)
                of.before, of.now = of.now, set()

    def gone(self, reader: Reader) -> None:
        """Let the series of an object that is no more end."""
        with self._lock:
            of = self._of.pop(reader, None)
            if of is not None:
                self._end(reader, of.now | of.before | of.counts)

    def sweep(self) -> None:
        """Drop what has ended."""
        with self._lock:
            now_s = self._clock_s()
            over = [one for one, until_s in self._ending.items() if until_s <= now_s]
            for reader, series in over:
                del self._ending[reader, series]
                self._drop(reader, series)

    def _metric(self, kind: type[M], name: str, labels: list[str]) -> M:
        found = self._metrics.get(name)
        if found is None:
            meaning = self._meanings.get(name, name)
            found = self._metrics[name] = kind(name, meaning, labels, registry=self._registry)
        if not isinstance(found, kind):
            raise ValueError(f"it was a {type(found).__name__} before")
        return found

    def _set(self, gauge: Gauge, series: _Series, reader: Reader, item: decision.Gauge) -> None:
        shares = self._shares.setdefault(series, {})
        known = shares.get(reader) == item.value and (item.shared or len(shares) == 1)
        if not known:  # To find a series and set it takes longer than all else here.
            shares[reader] = item.value
            _child(gauge, series).set(sum(shares.values()) if item.shared else item.value)

    def _counted(self, reader: Reader, series: _Series) -> None:
        self._shares.setdefault(series, {})[reader] = 0.0
        self._of.setdefault(reader, _Of()).counts.add(series)

    def _end(self, reader: Reader, ended: set[_Series]) -> None:
        until_s = self._clock_s() + LAST_WORD_S
        self._ending.update({(reader, series): until_s for series in ended})

    def _drop(self, reader: Reader, series: _Series) -> None:
        """Take *reader* out of *series*; one that nobody tells any more is removed."""
        name, values = series
        metric, shares = self._metrics[name], self._shares[series]
        shares.pop(reader, None)
        if shares and isinstance(metric, Gauge):
            _child(metric, series).set(sum(shares.values()))
        elif not shares:
            del self._shares[series]
            if values:
                metric.remove(*values)


def _child(metric: M, series: _Series) -> M:
    """Return *series* of *metric*; one without labels is its only series."""
    return metric.labels(*series[1]) if series[1] else metric
