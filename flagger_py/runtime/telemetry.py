"""What a process counts: its work in controller-runtime's and Flux's names, and what parts tell.

How long an object's passes took is dropped when the object goes; for what parts tell see `told`.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial

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
from flagger_py.clock import monotonic_s
from flagger_py.refs import Kind
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.meters import PassDurations
from flagger_py.runtime.told import Told

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Passes:
    """The series of one controller's passes, found once: to find one takes longer than to add."""

    active: Gauge
    time: Histogram
    total: Callable[[str], Counter]


class Telemetry:
    """The metrics of one process; *meanings* are those of the metrics that parts tell, by name."""

    def __init__(
        self,
        version: str,
        mesh_provider: str = "",
        *,
        process: bool = True,
        meanings: Mapping[str, str] | None = None,
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # ships no type
        self.registry = CollectorRegistry(auto_describe=True)
        if process:
            ProcessCollector(registry=self.registry)
            PlatformCollector(registry=self.registry)
            GCCollector(registry=self.registry)
        self._told = Told(self.registry, meanings or {}, clock_s)
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
        self.sweep()
        return generate_latest(self.registry) + self._duration.exposition()

    def sweep(self) -> None:
        """Drop the series that have ended, so that they pile up where nobody scrapes, neither."""
        self._told.sweep()

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
        else:
            self._told.passed(reader)

    def tell(self, reader: Reader, item: decision.Telling) -> None:
        """Note what a part tells; a metric that contradicts itself is left out."""
        try:
            self._told.tell(reader, item)
        except ValueError as error:
            log.error("the metric %s is left out: %s", item.name, error)

    def gone(self, kind: Kind, reader: Reader) -> None:
        """Drop the series of an object that is no more."""
        self._told.gone(reader)
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

    def _gauge(self, name: str, text: str, labels: str) -> Gauge:
        return Gauge(name, text, labels.split(), registry=self.registry)

    def _counter(self, name: str, text: str, labels: str) -> Counter:
        return Counter(name, text, labels.split(), registry=self.registry)

    def _histogram(self, name: str, text: str, labels: str) -> Histogram:
        return Histogram(name, text, labels.split(), registry=self.registry)
