"""What a process counts: its work in controller-runtime's and Flux's names, and what parts tell.

Series of an object are dropped when it goes, and a gauge that a pass no longer tells is dropped
at once.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TypeVar

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

from flagger_py import decision
from flagger_py.refs import Kind
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.meters import PassDurations

log = logging.getLogger(__name__)

M = TypeVar("M", Counter, Gauge, Histogram)

_Series = tuple[str, tuple[str, ...]]


@dataclass(slots=True)
class _Told:
    """The gauges that passes over one object told: the latest one, and the one before."""

    now: set[_Series] = field(default_factory=set)
    before: set[_Series] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Passes:
    """The series of one controller's passes, found once: to find one takes longer than to add."""

    active: Gauge
    time: Histogram
    total: Callable[[str], Counter]


class Telemetry:
    """The metrics of one process."""

    def __init__(self, version: str, mesh_provider: str = "", *, process: bool = True) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # ships no type
        self.registry = CollectorRegistry(auto_describe=True)
        if process:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)
        self._gauges: dict[str, Gauge] = {}
        self._counters: dict[str, Counter] = {}
        self._histograms: dict[str, Histogram] = {}
        self._told: dict[Reader, _Told] = {}
        self._shares: dict[_Series, dict[Reader, float]] = {}
        info = self._gauge(
            "flagger_info", "Flagger version and mesh provider", "version mesh_provider"
        )
        info.labels(version, mesh_provider).set(1)
        self._total = self._counter(
            "controller_runtime_reconcile_total", "Passes by result", "controller result"
        )
        self._errors = self._counter(
            "controller_runtime_reconcile_errors_total", "Failed passes", "controller"
        )
        self._time = self._histogram(
            "controller_runtime_reconcile_time_seconds", "Length of a pass", "controller"
        )
        self._active = self._gauge(
            "controller_runtime_active_workers", "Objects worked on", "controller"
        )
        self._passes: dict[Kind, _Passes] = {}
        self._duration = PassDurations()
        self._requests = self._counter(
            "rest_client_requests_total", "Requests to the API server", "code method host"
        )

    def exposition(self) -> bytes:
        """Return all series in Prometheus' text format."""
        return generate_latest(self.registry) + self._duration.exposition()

    def requested(self, method: str, code: int, host: str) -> None:
        self._requests.labels(str(code) if code else "<error>", method, host).inc()

    def begun(self, kind: Kind) -> None:
        self._passes_of(kind).active.inc()

    def ended(self, kind: Kind, reader: Reader, result: str, took_s: float) -> None:
        """Count a pass; *result* is success, error, requeue or requeue_after."""
        passes = self._passes_of(kind)
        passes.active.dec()
        passes.total(result).inc()
        passes.time.observe(took_s)
        self._duration.observe(kind.kind, reader[1], took_s)
        if result == "error":
            self._errors.labels(kind.kind.lower()).inc()
        told = self._told.get(reader)
        if told is not None and result != "error":
            self._drop(reader, told.before - told.now)
            told.before, told.now = told.now, set()

    def tell(self, reader: Reader, item: decision.Telling) -> None:
        """Note what a part tells; a metric that contradicts itself is left out."""
        name, labels = item.name, " ".join(sorted(item.labels))
        values = tuple(item.labels[label] for label in sorted(item.labels))
        try:
            match item:
                case decision.Count():
                    counter = self._counters.get(name) or self._counter(name, name, labels)
                    _child(counter, values).inc()
                case decision.Observe():
                    histogram = self._histograms.get(name) or self._histogram(name, name, labels)
                    _child(histogram, values).observe(item.value)
                case decision.Gauge():
                    gauge = self._gauges.get(name) or self._gauge(name, name, labels)
                    shares = self._shares.setdefault((name, values), {})
                    known = shares.get(reader) == item.value and (item.shared or len(shares) == 1)
                    if not known:  # To find a series and set it takes longer than all else here.
                        child = _child(gauge, values)
                        shares[reader] = item.value
                        child.set(sum(shares.values()) if item.shared else item.value)
                    self._told.setdefault(reader, _Told()).now.add((name, values))
        except ValueError as error:
            log.error("the metric %s is left out: %s", name, error)

    def gone(self, kind: Kind, reader: Reader) -> None:
        """Drop the series of an object that is no more."""
        told = self._told.pop(reader, None)
        if told is not None:
            self._drop(reader, told.now | told.before)
        self._duration.remove(kind.kind, reader[1])

    def _passes_of(self, kind: Kind) -> _Passes:
        found = self._passes.get(kind)
        if found is None:
            controller = kind.kind.lower()
            found = self._passes[kind] = _Passes(
                self._active.labels(controller),
                self._time.labels(controller),
                cache(partial(self._total.labels, controller)),
            )
        return found

    def _drop(self, reader: Reader, series: set[_Series]) -> None:
        """Take *reader* out of *series*; one that nobody tells any more is removed."""
        for name, values in series:
            shares = self._shares[(name, values)]
            shares.pop(reader, None)
            if shares:
                _child(self._gauges[name], values).set(sum(shares.values()))
            elif values:
                self._gauges[name].remove(*values)

    def _gauge(self, name: str, text: str, labels: str) -> Gauge:
        made = self._gauges[name] = Gauge(name, text, labels.split(), registry=self.registry)
        return made

    def _counter(self, name: str, text: str, labels: str) -> Counter:
        made = self._counters[name] = Counter(name, text, labels.split(), registry=self.registry)
        return made

    def _histogram(self, name: str, text: str, labels: str) -> Histogram:
        made = Histogram(name, text, labels.split(), registry=self.registry)
        self._histograms[name] = made
        return made


def _child(metric: M, values: tuple[str, ...]) -> M:
    """Return the series of *values*; a metric without labels is its only series."""
    return metric.labels(*values) if values else metric
