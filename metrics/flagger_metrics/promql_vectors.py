"""What PromQL's operators and aggregations make of instant vectors.

Source: Prometheus' documentation, "Operators" and "Vector matching".
"""

import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .samples import NAME, Labels


class PromqlFault(Exception):
    """The query cannot be evaluated: it is wrong, or beyond what we know."""


@dataclass(frozen=True, slots=True)
class Series:
    """One element of an instant vector; a scalar is one without labels."""

    labels: Labels
    value: float

    @property
    def named(self) -> Mapping[str, str]:
        return dict(self.labels)


Vector = tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    """Which *labels* tell elements apart: these (`by`, `on`), or all but these.

    *without* says the latter, as PromQL does by `without` and `ignoring`.
    """

    labels: frozenset[str] = frozenset()
    without: bool = False

    def of(self, labels: Labels) -> Labels:
        """Return the labels that count; the name never does unless it is listed."""
        if self.without:
            return tuple((k, v) for k, v in labels if k not in self.labels and k != NAME)
        return tuple((k, v) for k, v in labels if k in self.labels)


ALL_LABELS = Grouping(without=True)


def divided(left: float, right: float) -> float:
    """Divide as IEEE 754 has it: by zero gives NaN or an infinity, never an error."""
    if right != 0:
        return left / right
    if left == 0 or math.isnan(left):
        return math.nan
    return math.copysign(math.inf, left) * math.copysign(1.0, right)


def remainder(left: float, right: float) -> float:
    """Return the remainder with the sign of *left*, as Go's `math.Mod`; NaN where there is none."""
    return math.fmod(left, right) if right != 0 and not math.isinf(left) else math.nan


def power(left: float, right: float) -> float:
    """Raise without an error: NaN for a root of a negative number, +Inf past the largest."""
    try:
        return math.pow(left, right)
    except ValueError:
        return math.nan if left != 0 else math.inf
    except OverflowError:
        return math.inf


def total(values: Sequence[float]) -> float:
    """Add up: +Inf past the largest number, NaN where both infinities are among *values*."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):
        return sum(values)


def mean(values: Sequence[float]) -> float:
    """Return the average, also of numbers whose sum is past the largest one."""
    added = total(values)
    if math.isfinite(added) or not all(math.isfinite(value) for value in values):
        return added / len(values)
    return math.fsum(value / len(values) for value in values)


def least(values: Sequence[float]) -> float:
    return _extreme(min, values)


def greatest(values: Sequence[float]) -> float:
    return _extreme(max, values)


ARITHMETIC: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": divided,
    "%": remainder,
    "^": power,
}
COMPARISONS: Mapping[str, Callable[[float, float], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
}
AGGREGATIONS: Mapping[str, Callable[[Sequence[float]], float]] = {
    "sum": total,
    "avg": mean,
    "min": least,
    "max": greatest,
    "count": lambda values: float(len(values)),
    "group": lambda _values: 1.0,
}


def without_name(labels: Labels) -> Labels:
    """Drop the metric's name, as whatever computes a new value does."""
    return tuple((k, v) for k, v in labels if k != NAME)


def aggregated(name: str, grouping: Grouping, vector: Iterable[Series]) -> Vector:
    """Combine the elements of each group into one, in the order in which groups appear."""
    groups: dict[Labels, list[float]] = {}
    for series in vector:
        groups.setdefault(grouping.of(series.labels), []).append(series.value)
    combine = AGGREGATIONS[name]
    return tuple(Series(labels, combine(values)) for labels, values in groups.items())


def outcome(symbol: str, left: float, right: float, *, as_bool: bool) -> float | None:
    """Apply an operator to two numbers; a comparison that does not hold is None, or 0 with bool."""
    if symbol in ARITHMETIC:
        return ARITHMETIC[symbol](left, right)
    holds = COMPARISONS[symbol](left, right)
    if as_bool:
        return 1.0 if holds else 0.0
    return left if holds else None


def kept_labels(symbol: str, labels: Labels, *, as_bool: bool) -> Labels:
    """Only a comparison that filters leaves the metric's name on."""
    return labels if symbol in COMPARISONS and not as_bool else without_name(labels)


def matched(left: Vector, right: Vector, matching: Grouping) -> Iterable[tuple[Series, Series]]:
    """Pair the elements of two vectors that agree in the labels that count, one to one."""
    known: dict[Labels, Series] = {}
    for series in right:
        if known.setdefault(matching.of(series.labels), series) is not series:
            raise PromqlFault("found duplicate series for the match group on the right hand-side")
    seen: set[Labels] = set()
    for series in left:
        key = matching.of(series.labels)
        other = known.get(key)
        if other is None:
            continue
        if key in seen:
            raise PromqlFault("multiple matches for labels: many-to-one matching is not supported")
        seen.add(key)
        yield series, other


def set_operation(symbol: str, left: Vector, right: Vector, matching: Grouping) -> Vector:
    """Apply `and`, `or` or `unless`: elements come from *left*, with `or` then from *right*."""
    ours = {matching.of(series.labels) for series in left}
    theirs = {matching.of(series.labels) for series in right}
    if symbol == "or":
        return (*left, *(s for s in right if matching.of(s.labels) not in ours))
    wanted = symbol == "and"
    return tuple(s for s in left if (matching.of(s.labels) in theirs) is wanted)


def with_scalar(
    symbol: str, left: float | Vector, right: float | Vector, *, as_bool: bool
) -> Vector:
    """Apply an operator to each element of a vector and a number, whichever side it is on."""
    vector = right if isinstance(left, float) else left
    found = []
    for series in vector if isinstance(vector, tuple) else ():
        one = left if isinstance(left, float) else series.value
        two = right if isinstance(right, float) else series.value
        value = outcome(symbol, one, two, as_bool=as_bool)
        if value is not None:
            filtered = symbol in COMPARISONS and not as_bool
            labels = kept_labels(symbol, series.labels, as_bool=as_bool)
            found.append(Series(labels, series.value if filtered else value))
    return tuple(found)


def with_vector(
    symbol: str, left: Vector, right: Vector, matching: Grouping, *, as_bool: bool
) -> Vector:
    """Apply an operator to the elements of two vectors that *matching* pairs."""
    found = []
    for one, two in matched(left, right, matching):
        value = outcome(symbol, one.value, two.value, as_bool=as_bool)
        if value is None:
            continue
        labels = kept_labels(symbol, one.labels, as_bool=as_bool)
        left_over = tuple(kv for kv in labels if (kv[0] in matching.labels) is not matching.without)
        found.append(Series(left_over, value))
    return tuple(found)


def _extreme(choose: Callable[[Sequence[float]], float], values: Sequence[float]) -> float:
    """Return the smallest or largest value; NaN only where there is nothing else."""
    numbers = [value for value in values if not math.isnan(value)]
    return choose(numbers) if numbers else math.nan
