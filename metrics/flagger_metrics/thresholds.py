"""Whether a value passes the bounds of its metric, and how Flagger says that it does not."""

import math
from dataclasses import dataclass

from .api import Metric
from .gotext import duration_text, number_text
from .queries import DURATION, SUCCESS_RATE


@dataclass(frozen=True, slots=True)
class Bounds:
    """The smallest and the largest value that pass, both included; None is no bound."""

    low: float | None = None
    high: float | None = None


UNBOUNDED = Bounds()


def bounds(metric: Metric, *, name: str) -> Bounds:
    """Return the bounds of *metric* read as *name*: a built-in one, or empty for its own query.

    A range wins over a bare threshold, which is the least success rate or the most of anything
    else. Bounds of a duration are whole milliseconds.
    """
    asked = metric.threshold_range
    if asked is not None:
        found = Bounds(asked.min, asked.max)
    elif name == SUCCESS_RATE:
        found = Bounds(low=metric.threshold or 0.0)
    else:
        found = Bounds(high=metric.threshold or 0.0)
    if name == DURATION:
        return Bounds(_whole(found.low), _whole(found.high))
    return found


def rule(limits: Bounds, *, name: str) -> str:
    """Write the bounds as `>= 99`, `<= 500 ms`, `>= 1 and <= 5`."""
    unit = " ms" if name == DURATION else ""
    parts = []
    if limits.low is not None:
        parts.append(f">= {number_text(limits.low)}{unit}")
    if limits.high is not None:
        parts.append(f"<= {number_text(limits.high)}{unit}")
    return " and ".join(parts) or "any value"


def breach(value: float, limits: Bounds, *, title: str, name: str) -> str | None:
    """Say in Flagger's words how *value* breaks its bounds, None when it passes.

    *value* is no NaN, in milliseconds for a duration; *title* is the metric's own name.
    """
    if limits.low is not None and value < limits.low:
        return f"{measured(value, title=title, name=name)} < {_bound(limits.low, name)}"
    if limits.high is not None and value > limits.high:
        return f"{measured(value, title=title, name=name)} > {_bound(limits.high, name)}"
    return None


def measured(value: float, *, title: str, name: str) -> str:
    """Write what was measured: `success rate 98.00%`, `request duration 1.2s`, `errors +Inf`."""
    written = f"{value:.2f}" if math.isfinite(value) else number_text(value)
    if name == SUCCESS_RATE:
        return f"success rate {written}%"
    if name == DURATION:
        return f"request duration {duration_text(int(value)) if math.isfinite(value) else written}"
    return f"{title} {written}"


def _bound(value: float, name: str) -> str:
    if name == SUCCESS_RATE:
        return f"{number_text(value)}%"
    return duration_text(int(value)) if name == DURATION else number_text(value)


def _whole(bound: float | None) -> float | None:
    return None if bound is None else float(int(bound))
