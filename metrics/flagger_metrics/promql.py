"""What a PromQL query says about samples that we hold ourselves.

The subset: selectors with matchers and `offset`; the functions of `OVER_RANGE`,
`histogram_quantile`, `vector`, `scalar`, `time`, `abs`, `clamp_min` and `clamp_max`; the
aggregations of `AGGREGATIONS` with `by` and `without`; arithmetic, comparisons with and without
`bool`, `and`, `or`, `unless`, with `on` and `ignoring`. Anything else is a fault that names the
subset. A window holds the samples later than its start, up to and including its end, as in
Prometheus 3.
"""

import math
from collections.abc import Callable, Sequence
from datetime import datetime

import promql_parser as syntax

from .promql_functions import OVER_RANGE, quantile_of_buckets
from .promql_queries import check, offset_s, parsed, selector_of
from .promql_vectors import (
    AGGREGATIONS,
    ALL_LABELS,
    ARITHMETIC,
    COMPARISONS,
    Grouping,
    PromqlFault,
    Series,
    Vector,
    aggregated,
    outcome,
    set_operation,
    with_scalar,
    with_vector,
    without_name,
)
from .samples import Labels, Sample, Samples

__all__ = ["PromqlFault", "Series", "check", "evaluate"]

LOOKBACK_S = 300.0
"""How old the last sample of a series may be for an instant selector."""

_SETS = ("and", "or", "unless")
_ACROSS = ("scalar", "vector", "time")
_EACH: dict[str, Callable[..., float]] = {"abs": abs, "clamp_min": max, "clamp_max": min}

Value = float | Vector


def evaluate(query: str, samples: Samples, at: datetime) -> tuple[Series, ...]:
    """Return the instant vector that *query* gives at the moment *at*.

    A scalar is one element without labels. Raises `PromqlFault` with Prometheus' sentence where
    there is one.
    """
    try:
        value = _Evaluation(samples, at.timestamp()).value(parsed(query))
    except RecursionError as error:
        raise PromqlFault("the query is nested too deeply") from error
    return (Series((), value),) if isinstance(value, float) else value


class _Evaluation:
    """One evaluation: the samples and the moment, passed down the tree of the query."""

    def __init__(self, samples: Samples, at_s: float) -> None:
        self.samples = samples
        self.at_s = at_s

    def value(self, expression: object) -> Value:
        match expression:
            case syntax.NumberLiteral():
                return float(expression.val)
            case syntax.ParenExpr():
                return self.value(expression.expr)
            case syntax.UnaryExpr():
                return self.negated(expression)
            case syntax.VectorSelector():
                return self.latest(expression)
            case syntax.Call():
                return self.call(expression)
            case syntax.AggregateExpr():
                return self.aggregate(expression)
            case syntax.BinaryExpr():
                return self.combined(expression)
        raise _beyond(type(expression).__name__)

    def vector(self, expression: object) -> Vector:
        value = self.value(expression)
        if isinstance(value, float):
            raise PromqlFault("expected an instant vector, got a scalar")
        return value

    def scalar(self, expression: object) -> float:
        value = self.value(expression)
        if not isinstance(value, float):
            raise PromqlFault("expected a scalar, got an instant vector")
        return value

    def negated(self, expression: syntax.UnaryExpr) -> Value:
        value = self.value(expression.expr)
        if isinstance(value, float):
            return -value
        return tuple(Series(without_name(s.labels), -s.value) for s in value)

    def latest(self, selector: syntax.VectorSelector) -> Vector:
        at_s = self.at_s - offset_s(selector)
        found = []
        for labels, kept in self.selected(selector):
            sample = next((s for s in reversed(kept) if s.at_s <= at_s), None)
            if sample is not None and not sample.stale and sample.at_s > at_s - LOOKBACK_S:
                found.append(Series(labels, sample.value))
        return tuple(found)

    def selected(self, selector: syntax.VectorSelector) -> list[tuple[Labels, Sequence[Sample]]]:
        if selector.at is not None or selector.matchers.or_matchers:
            raise _beyond("@ and `or` within a selector")
        wanted = selector_of(selector)
        return [
            (labels, kept)
            for labels, kept in self.samples.named(wanted.name)
            if wanted.matches(dict(labels))
        ]

    def over_range(self, name: str, selector: object) -> Vector:
        if not isinstance(selector, syntax.MatrixSelector):
            raise _beyond("subqueries")
        end_s = self.at_s - offset_s(selector.vector_selector)
        start_s = end_s - selector.range.total_seconds()
        found = []
        for labels, kept in self.selected(selector.vector_selector):
            inside = [s for s in kept if start_s < s.at_s <= end_s and not s.stale]
            value = OVER_RANGE[name](inside, start_s, end_s)
            if value is not None:
                kept_name = name == "last_over_time"
                found.append(Series(labels if kept_name else without_name(labels), value))
        return tuple(found)

    def call(self, call: syntax.Call) -> Value:
        name, arguments = call.func.name, call.args
        if name in OVER_RANGE:
            return self.over_range(name, arguments[0])
        if name in _ACROSS:
            return self.across(name, arguments)
        if name == "histogram_quantile":
            return self.quantile(self.scalar(arguments[0]), self.vector(arguments[1]))
        if name in _EACH:
            bounds = [self.scalar(argument) for argument in arguments[1:]]
            return tuple(
                Series(without_name(s.labels), float(_EACH[name](s.value, *bounds)))
                for s in self.vector(arguments[0])
            )
        raise _beyond(f"the function {name}")

    def across(self, name: str, arguments: Sequence[object]) -> Value:
        """Apply a function that turns scalars into vectors or back."""
        if name == "time":
            return self.at_s
        if name == "vector":
            return (Series((), self.scalar(arguments[0])),)
        vector = self.vector(arguments[0])
        return vector[0].value if len(vector) == 1 else math.nan

    def quantile(self, quantile: float, vector: Vector) -> Vector:
        groups: dict[Labels, list[tuple[float, float]]] = {}
        upper = Grouping(frozenset({"le"}), without=True)
        for series in vector:
            bound = _number(series.named.get("le", ""))
            if bound is not None:
                groups.setdefault(upper.of(series.labels), []).append((bound, series.value))
        return tuple(Series(k, quantile_of_buckets(quantile, b)) for k, b in groups.items())

    def aggregate(self, expression: syntax.AggregateExpr) -> Vector:
        name = str(expression.op)
        if name not in AGGREGATIONS:
            raise _beyond(f"the aggregation {name}")
        grouping = Grouping()
        if expression.modifier is not None:
            without = expression.modifier.type == syntax.AggModifierType.Without
            grouping = Grouping(frozenset(expression.modifier.labels), without)
        return aggregated(name, grouping, self.vector(expression.expr))

    def combined(self, expression: syntax.BinaryExpr) -> Value:
        symbol, modifier = str(expression.op), expression.modifier
        left, right = self.value(expression.lhs), self.value(expression.rhs)
        as_bool = modifier is not None and modifier.return_bool
        if symbol in _SETS:
            if isinstance(left, float) or isinstance(right, float):
                raise PromqlFault(
                    f"set operator {symbol!r} not allowed in binary scalar expression"
                )
            return set_operation(symbol, left, right, _matching(modifier))
        if symbol not in ARITHMETIC and symbol not in COMPARISONS:
            raise _beyond(f"the operator {symbol}")
        if isinstance(left, float) and isinstance(right, float):
            if symbol in COMPARISONS and not as_bool:
                raise PromqlFault("comparisons between scalars must use BOOL modifier")
            return outcome(symbol, left, right, as_bool=True) or 0.0
        if isinstance(left, float) or isinstance(right, float):
            return with_scalar(symbol, left, right, as_bool=as_bool)
        return with_vector(symbol, left, right, _matching(modifier), as_bool=as_bool)


def _matching(modifier: object) -> Grouping:
    """Return which labels two vectors must agree in."""
    if not isinstance(modifier, syntax.BinModifier):
        return ALL_LABELS
    if modifier.card in (
        syntax.VectorMatchCardinality.ManyToOne,
        syntax.VectorMatchCardinality.OneToMany,
    ):
        raise _beyond("group_left and group_right")
    if modifier.matching is None:
        return ALL_LABELS
    without = modifier.matching.type == syntax.LabelModifierType.Exclude
    return Grouping(frozenset(modifier.matching.labels), without)


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _beyond(what: str) -> PromqlFault:
    functions = ", ".join((*OVER_RANGE, "histogram_quantile", *_ACROSS, *_EACH))
    return PromqlFault(
        f"{what} cannot be evaluated over scraped samples; functions are {functions}, "
        f"aggregations {', '.join(AGGREGATIONS)}; for more ask a Prometheus server"
    )
