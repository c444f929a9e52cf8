"""Which gauges of objects stand: what the latest pass told, and for a while what it no longer told.

Flagger never takes a series of a Canary back. Here one that is told no more, because its object
is gone or its spec names something else, stays for as long as Prometheus itself holds a value that
is scraped no more; so the last value is seen, and nothing grows without an end.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from prometheus_client import CollectorRegistry, Gauge

from flagger_py import decision
from flagger_py.clock import monotonic_s
from flagger_py.runtime.interest import Reader

LAST_WORD_S = 300.0
"""Prometheus' own look-back, https://prometheus.io/docs/prometheus/latest/querying/basics/."""

_Series = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Told:
    """The gauges that passes over one object told: the latest one, and the one before."""

    now: set[_Series] = field(default_factory=set)
    before: set[_Series] = field(default_factory=set)


class Gauges:
    """The gauges that objects tell; a shared one is the sum of what its objects told.

    A scrape is answered in a thread of its own, which may find something to drop: hence the lock.
    """

    def __init__(
        self, registry: CollectorRegistry, clock_s: Callable[[], float] = monotonic_s
    ) -> None:
        self._registry = registry
        self._clock_s = clock_s
        self._lock = Lock()
        self._gauges: dict[str, Gauge] = {}
        self._told: dict[Reader, _Told] = {}
        self._shares: dict[_Series, dict[Reader, float]] = {}
        self._ending: dict[tuple[Reader, _Series], float] = {}

    def tell(self, reader: Reader, item: decision.Gauge) -> None:
        """Note what a pass tells; raises `ValueError` for labels that are not those told before."""
        labels = sorted(item.labels)
        told = item.name, tuple(item.labels[label] for label in labels)
        with self._lock:
            gauge = self._gauges.get(item.name)
            if gauge is None:
                gauge = self._gauges[item.name] = Gauge(
                    item.name, item.name, labels, registry=self._registry
                )
            shares = self._shares.setdefault(told, {})
            known = shares.get(reader) == item.value and (item.shared or len(shares) == 1)
            if not known:  # To find a series and set it takes longer than all else here.
                child = _child(gauge, told[1])
                shares[reader] = item.value
                child.set(sum(shares.values()) if item.shared else item.value)
            self._ending.pop((reader, told), None)
            self._told.setdefault(reader, _Told()).now.add(told)

    def passed(self, reader: Reader) -> None:
        """Note that a pass told all it has to; one that told nothing leaves all as it is."""
        with self._lock:
            told = self._told.get(reader)
            if told is not None and told.now:
                self._end(reader, told.before - told.now)
                told.before, told.now = told.now, set()

    def gone(self, reader: Reader) -> None:
        """Let the series of an object that is no more end."""
        with self._lock:
            told = self._told.pop(reader, None)
            if told is not None:
                self._end(reader, told.now | told.before)

    def sweep(self) -> None:
        """Drop what has ended."""
        now_s = self._clock_s()
        with self._lock:
            over = [one for one, until_s in self._ending.items() if until_s <= now_s]
            for reader, series in over:
                del self._ending[reader, series]
                self._drop(reader, series)

    def _end(self, reader: Reader, ended: set[_Series]) -> None:
        until_s = self._clock_s() + LAST_WORD_S
        self._ending.update({(reader, series): until_s for series in ended})

    def _drop(self, reader: Reader, series: _Series) -> None:
        """Take *reader* out of *series*; one that nobody tells any more is removed."""
        name, values = series
        shares = self._shares[series]
        shares.pop(reader, None)
        if shares:
            _child(self._gauges[name], values).set(sum(shares.values()))
            return
        del self._shares[series]
        if values:
            self._gauges[name].remove(*values)


def _child(gauge: Gauge, values: tuple[str, ...]) -> Gauge:
    """Return the series of *values*; a gauge without labels is its only series."""
    return gauge.labels(*values) if values else gauge
