"""What the functions of PromQL that we know compute, from the samples of one series or buckets.

Source: Prometheus' documentation of querying functions; the extrapolation of `rate` and the
interpolation of `histogram_quantile` follow `promql/functions.go` and `promql/quantile.go` (v3).
"""

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from .promql_vectors import greatest, least, mean, total
from .samples import Sample

_SAMPLES_MIN = 2

OverRange = Callable[[Sequence[Sample], float, float], float | None]
"""Takes a series' samples in a window and the window's start and end; None is no result."""


def increased(samples: Sequence[Sample]) -> float:
    """Return how far a counter went up; a value below the one before is a reset to zero."""
    total = samples[-1].value - samples[0].value
    for before, after in pairwise(samples):
        if after.value < before.value:
            total += before.value
    return total


def increase(samples: Sequence[Sample], start_s: float, end_s: float) -> float | None:
    """Return a counter's increase, extrapolated to the edges of the window."""
    if len(samples) < _SAMPLES_MIN:
        return None
    grown = increased(samples)
    return grown * _extent(samples, start_s, end_s, grown)


def rate(samples: Sequence[Sample], start_s: float, end_s: float) -> float | None:
    """Return a counter's increase per second."""
    grown = increase(samples, start_s, end_s)
    return None if grown is None else grown / (end_s - start_s)


def delta(samples: Sequence[Sample], start_s: float, end_s: float) -> float | None:
    """Return how far a gauge went, extrapolated to the edges of the window."""
    if len(samples) < _SAMPLES_MIN:
        return None
    moved = samples[-1].value - samples[0].value
    return moved * _extent(samples, start_s, end_s, None)


def irate(samples: Sequence[Sample], _start_s: float, _end_s: float) -> float | None:
    """Return a counter's increase per second between its last two samples."""
    if len(samples) < _SAMPLES_MIN:
        return None
    before, last = samples[-2], samples[-1]
    grown = last.value if last.value < before.value else last.value - before.value
    return grown / (last.at_s - before.at_s)


def _over(compute: Callable[[list[float]], float]) -> OverRange:
    def over(samples: Sequence[Sample], _start_s: float, _end_s: float) -> float | None:
        return compute([sample.value for sample in samples]) if samples else None

    return over


OVER_RANGE: Mapping[str, OverRange] = {
    "rate": rate,
    "increase": increase,
    "irate": irate,
    "delta": delta,
    "sum_over_time": _over(total),
    "avg_over_time": _over(mean),
    "min_over_time": _over(least),
    "max_over_time": _over(greatest),
    "count_over_time": _over(lambda values: float(len(values))),
    "last_over_time": _over(lambda values: values[-1]),
}


def quantile_of_buckets(quantile: float, buckets: Sequence[tuple[float, float]]) -> float:
    """Return the *quantile* of a histogram given as (upper bound, cumulative count) pairs.

    Within a bucket values are taken as spread evenly. NaN without a bucket for +Inf, with fewer
    than two buckets, without observations or where a count is NaN; the highest finite bound where
    the quantile lies above it.
    """
    if math.isnan(quantile) or any(math.isnan(count) for _, count in buckets):
        return math.nan
    if not 0 <= quantile <= 1:
        return math.inf if quantile > 1 else -math.inf
    bounds, counts = _monotonic(buckets)
    if len(bounds) < _SAMPLES_MIN or not math.isinf(bounds[-1]) or counts[-1] == 0:
        return math.nan
    rank = quantile * counts[-1]
    nth = next((i for i, count in enumerate(counts[:-1]) if count >= rank), len(counts) - 1)
    if nth == len(bounds) - 1:
        return bounds[-2]
    if nth == 0 and bounds[0] <= 0:
        return bounds[0]
    low, below = (bounds[nth - 1], counts[nth - 1]) if nth else (0.0, 0.0)
    inside = counts[nth] - below
    if inside == 0:
        return math.nan
    return low + (bounds[nth] - low) * ((rank - below) / inside)


def _monotonic(buckets: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    """Sort by bound, add up equal bounds and let no cumulative count fall."""
    summed: dict[float, float] = {}
    for bound, count in buckets:
        summed[bound] = summed.get(bound, 0.0) + count
    bounds = sorted(summed)
    counts: list[float] = []
    for bound in bounds:
        counts.append(max(summed[bound], counts[-1] if counts else 0.0))
    return bounds, counts


def _extent(samples: Sequence[Sample], start_s: float, end_s: float, grown: float | None) -> float:
    """Return by which factor the samples' change extends to the edges of the window.

    A series whose first or last sample is further from the edge than samples usually are from one
    another is taken to begin or end half an interval beyond; a counter (*grown* is its increase)
    never began below zero.
    """
    first, last = samples[0], samples[-1]
    sampled_s = last.at_s - first.at_s
    between_s = sampled_s / (len(samples) - 1)
    before_s, after_s = first.at_s - start_s, end_s - last.at_s
    far_s = between_s * 1.1
    if before_s >= far_s:
        before_s = between_s / 2
    if grown is not None and grown > 0 and first.value >= 0:
        before_s = min(before_s, sampled_s * (first.value / grown))
    if after_s >= far_s:
        after_s = between_s / 2
    return (sampled_s + before_s + after_s) / sampled_s
