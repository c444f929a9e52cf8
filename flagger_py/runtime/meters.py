"""Metrics that Prometheus' own classes would make too large, or do not know."""

from array import array
from bisect import bisect_left
from dataclasses import dataclass
from itertools import accumulate
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from flagger_py.refs import Key

M = TypeVar("M", Counter, Gauge, Histogram)

FLUX_BUCKETS = (0.01, 0.0384, 0.1472, 0.5646, 2.1661, 8.3099, 31.8798, 122.3022, 469.195, 1800.0)
_NAME = "gotk_reconcile_duration_seconds"
_TEXT = "The duration in seconds of a pass over an object"
_HEAD = f"# HELP {_NAME} {_TEXT}\n# TYPE {_NAME} histogram\n".encode()
_LABELS = "LABELS"
_SERIES = "".join(
    (
        *(f'{_NAME}_bucket{{{_LABELS},le="{bound}"}} %s\n' for bound in (*FLUX_BUCKETS, "+Inf")),
        f"{_NAME}_count{{{_LABELS}}} %s\n",
        f"{_NAME}_sum{{{_LABELS}}} %s\n",
    )
)
"""The text of one object's series: its labels, the counts up to each bound, of all, the sum."""


@dataclass(slots=True)
class _Histogram:
    """One count for each bucket, one for what is longer, and the sum of all; and its *text*."""

    counts: "array[float]"
    text: bytes = b""
    stale: bool = True


class PassDurations:
    """A histogram for each object, in an array of a hundred bytes instead of a tree of objects.

    Its text, of 1.3 KB, is written here, and kept until the next pass: by way of Prometheus' own
    classes the series of ten thousand objects would take seconds at each scrape. A scrape is
    answered in a thread of its own, while passes go on.
    """

    def __init__(self) -> None:
        self._seen: dict[tuple[str, Key], _Histogram] = {}

    def observe(self, kind: str, key: Key, took_s: float) -> None:
        found = self._seen.get((kind, key))
        if found is None:
            counts = array("d", [0.0] * (len(FLUX_BUCKETS) + 2))
            found = self._seen[kind, key] = _Histogram(counts)
        found.counts[bisect_left(FLUX_BUCKETS, took_s)] += 1
        found.counts[-1] += took_s
        found.stale = True

    def remove(self, kind: str, key: Key) -> None:
        self._seen.pop((kind, key), None)

    def exposition(self) -> bytes:
        """Return all series in Prometheus' text format; names of objects need no escapes."""
        texts = [_HEAD]
        for (kind, key), found in list(self._seen.items()):
            if found.stale:
                found.stale = False  # First: what is observed from here on makes it stale again.
                found.text = _series(kind, key, found.counts)
            texts.append(found.text)
        return b"".join(texts)


def _series(kind: str, key: Key, counts: "array[float]") -> bytes:
    labels = f'kind="{kind}",name="{key.name}",namespace="{key.namespace}"'
    totals = tuple(accumulate(counts[:-1]))
    return (_SERIES.replace(_LABELS, labels) % (*totals, totals[-1], counts[-1])).encode()


class QueueMeter:
    """Implements `queue.Meter` with the metrics of client-go's workqueue."""

    def __init__(self, registry: CollectorRegistry, name: str) -> None:
        def labelled(made: M) -> M:
            return made.labels(name)

        self._depth = labelled(
            Gauge("workqueue_depth", "Keys that wait", ["name"], registry=registry)
        )
        self._adds = labelled(
            Counter("workqueue_adds_total", "Keys added", ["name"], registry=registry)
        )
        self._waited = labelled(
            Histogram(
                "workqueue_queue_duration_seconds", "Wait in the queue", ["name"], registry=registry
            )
        )
        self._retries = labelled(
            Counter("workqueue_retries_total", "Passes asked for anew", ["name"], registry=registry)
        )
        self._work = labelled(
            Histogram(
                "workqueue_work_duration_seconds", "Length of a pass", ["name"], registry=registry
            )
        )
        self._longest = labelled(
            Gauge(
                "workqueue_longest_running_processor_seconds",
                "Age of the oldest pass under way",
                ["name"],
                registry=registry,
            )
        )

    def added(self, depth: int) -> None:
        self._adds.inc()
        self._depth.set(depth)

    def taken(self, waited_s: float, depth: int) -> None:
        self._waited.observe(waited_s)
        self._depth.set(depth)

    def retried(self) -> None:
        self._retries.inc()

    def worked(self, took_s: float) -> None:
        self._work.observe(took_s)

    def longest(self, seconds: float) -> None:
        self._longest.set(seconds)
