"""What the edge and the pods export about the requests they answered, as Prometheus scrapes it.

Traefik's `traefik_service_*` and the applications' own `http_request_duration_seconds`. Counters
may be fractions: shares of requests are counted exactly, nothing is drawn by lot.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from flagger_py.testing.pods import Pod, Pods

Sink = Callable[[str, Mapping[str, str], float, datetime], None]
"""Takes one sample: the metric's name, its labels, its value and when it was scraped."""

JOBS = ("edge", "pods")
"""What is scraped; as in Prometheus, `up` tells of each that it answered."""

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(slots=True)
class Histogram:
    """Requests counted by how long they took; the last bucket is everything slower."""

    count: float = 0.0
    sum_s: float = 0.0
    buckets: list[float] = field(default_factory=lambda: [0.0] * (len(BUCKETS_S) + 1))

    def add(self, requests: float, took_s: float) -> None:
        self.count += requests
        self.sum_s += requests * took_s
        nth = next((i for i, le in enumerate(BUCKETS_S) if took_s <= le), len(BUCKETS_S))
        self.buckets[nth] += requests


@dataclass(slots=True)
class Exporters:
    """The counters of one edge and of all pods behind it since the World began."""

    _edge: dict[tuple[str, int], Histogram] = field(default_factory=dict)
    _apps: dict[tuple[str, str, int], Histogram] = field(default_factory=dict)
    _addresses: dict[str, str] = field(default_factory=dict)

    def count_at_edge(self, exported: str, code: int, requests: float, took_s: float) -> None:
        """Count *requests* that the edge's service *exported* answered with *code*."""
        self._edge.setdefault((exported, code), Histogram()).add(requests, took_s)

    def count_in_pod(self, pod: Pod, code: int, requests: float, took_s: float) -> None:
        key = (pod.namespace, pod.name, code)
        self._apps.setdefault(key, Histogram()).add(requests, took_s)
        self._addresses[pod.name] = pod.address

    def scrape(self, pods: Pods, sink: Sink, now: datetime) -> None:
        """Tell *sink* every counter as it stands; pods that are gone are not scraped."""
        for job in JOBS:
            sink("up", {"job": job}, 1.0, now)
        for (exported, code), histogram in self._edge.items():
            labels = {
                "service": exported,
                "code": str(code),
                "method": "GET",
                "protocol": "http",
            }
            sink("traefik_service_requests_total", labels, histogram.count, now)
            _tell("traefik_service_request_duration_seconds", labels, histogram, sink, now)
        for (namespace, name, code), histogram in tuple(self._apps.items()):
            pod = pods.at(self._addresses[name])
            if pod is None or pod.name != name or pod.gone_at is not None:
                del self._apps[(namespace, name, code)]
                continue
            labels = {
                "kubernetes_namespace": namespace,
                "kubernetes_pod_name": name,
                "method": "GET",
                "path": "root",
                "status": str(code),
            }
            _tell("http_request_duration_seconds", labels, histogram, sink, now)


def _tell(
    name: str, labels: Mapping[str, str], histogram: Histogram, sink: Sink, now: datetime
) -> None:
    total = 0.0
    for le, count in zip((*BUCKETS_S, float("inf")), histogram.buckets, strict=True):
        total += count
        bound = "+Inf" if le == float("inf") else f"{le:g}"
        sink(f"{name}_bucket", {**labels, "le": bound}, total, now)
    sink(f"{name}_sum", labels, histogram.sum_s, now)
    sink(f"{name}_count", labels, histogram.count, now)
