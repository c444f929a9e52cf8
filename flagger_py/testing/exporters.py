"""What the edge and the pods export about the requests they answered, as Prometheus scrapes it.

Traefik's `traefik_service_*`, the applications' own `http_request_duration_seconds`, and `up`.
The value of a scrape is computed when somebody asks for it, so that time in which nobody does
costs nothing. Counters may be fractions, since nothing is drawn by lot.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from flagger_py.testing.curves import BOUNDS, Histogram, Span
from flagger_py.testing.pods import Pod, Pods

EDGE = "traefik_service_request_duration_seconds"
EDGE_TOTAL = "traefik_service_requests_total"
APPS = "http_request_duration_seconds"
JOBS = ("edge", "pods")
"""What is scraped; as in Prometheus, `up` tells of each that it answered."""

Read = Callable[[float], float | None]
"""Returns a series' value at a moment, in seconds since the epoch; None where it has none."""

Exported = tuple[Mapping[str, str], Read]


@dataclass(slots=True)
class Exporters:
    """The counters of one edge, and of all of *pods*, since the World began."""

    pods: Pods
    _edge: dict[tuple[str, int], Histogram] = field(default_factory=dict)
    _apps: dict[tuple[str, str, int], Histogram] = field(default_factory=dict)

    def count_at_edge(self, exported: str, code: int, span: Span) -> None:
        """Count requests that the edge's service *exported* answered with *code*."""
        self._edge.setdefault((exported, code), Histogram()).add(span)

    def count_in_pod(self, pod: Pod, code: int, span: Span) -> None:
        self._apps.setdefault((pod.namespace, pod.name, code), Histogram()).add(span)

    def named(self, name: str) -> Iterator[Exported]:
        """Go over the series of the metric *name* with their labels."""
        if name == "up":
            yield from (({"job": job}, lambda _: 1.0) for job in JOBS)
        elif name == EDGE_TOTAL:
            yield from _series(f"{EDGE}_count", EDGE, self._of_the_edge())
        elif name.startswith(EDGE):
            yield from _series(name, EDGE, self._of_the_edge())
        elif name.startswith(APPS):
            yield from _series(name, APPS, self._of_the_pods())

    def _of_the_edge(self) -> Iterator[tuple[dict[str, str], "Alive"]]:
        for (exported, code), histogram in self._edge.items():
            labels = {"service": exported, "code": str(code), "method": "GET", "protocol": "http"}
            yield labels, Alive(histogram)

    def _of_the_pods(self) -> Iterator[tuple[dict[str, str], "Alive"]]:
        for (namespace, name, code), histogram in self._apps.items():
            labels = {
                "kubernetes_namespace": namespace,
                "kubernetes_pod_name": name,
                "method": "GET",
                "path": "root",
                "status": str(code),
            }
            yield labels, Alive(histogram, self.pods.gone_s(name))


@dataclass(frozen=True, slots=True)
class Alive:
    """A histogram while it is exported: from its first request until its pod is gone."""

    histogram: Histogram
    until_s: float = float("inf")

    def bucket(self, bound: str, at_s: float) -> float | None:
        return self._told(at_s, self.histogram.below(bound, at_s))

    def count(self, at_s: float) -> float | None:
        return self._told(at_s, self.histogram.count(at_s))

    def sum_s(self, at_s: float) -> float | None:
        return self._told(at_s, self.histogram.sum_s.at(at_s))

    def _told(self, at_s: float, value: float) -> float | None:
        return value if at_s <= self.until_s and self.histogram.count(at_s) > 0 else None


def _series(
    name: str, base: str, histograms: Iterable[tuple[dict[str, str], Alive]]
) -> Iterator[Exported]:
    """Read the part of each histogram that *name* is: its buckets, its count or its sum."""
    for labels, alive in histograms:
        match name.removeprefix(base):
            case "_bucket":
                yield from (
                    ({**labels, "le": bound}, partial(alive.bucket, bound)) for bound in BOUNDS
                )
            case "_count":
                yield labels, alive.count
            case "_sum":
                yield labels, alive.sum_s
