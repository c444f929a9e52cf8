"""Which weight comes next: the steps of an analysis and of a promotion (pure arithmetic)."""

from collections.abc import Sequence

FULL = 100


def weight_max(max_weight: int, step_weight: int, steps: Sequence[int]) -> int:
    """Return the weight at which the analysis is complete.

    A list of steps ends at its last entry, at most 100; *max_weight* then does not count.
    Without a list it is *max_weight*, 100 when that is not set.
    """
    if steps and step_weight <= 0:
        return min(FULL, steps[-1])
    return min(FULL, max_weight) if max_weight > 0 else FULL


def next_weight(weight: int, step_weight: int, steps: Sequence[int]) -> int:
    """Return the weight that follows *weight*, in percent, at most 100.

    A constant *step_weight* wins over a list. In a list the entry after the last one that equals
    *weight* follows; from a weight that the list does not name the next greater one, else 100.
    """
    if step_weight > 0:
        return min(FULL, weight + step_weight)
    if weight == 0 and steps:
        return min(FULL, steps[0])
    places = [index for index, step in enumerate(steps) if step == weight]
    if places:
        return min(FULL, steps[places[-1] + 1]) if places[-1] + 1 < len(steps) else FULL
    return min(FULL, next((step for step in steps if step > weight), FULL))


def promotion_weight(weight: int, step: int) -> int:
    """Return the canary's weight after one step of *step* percent back to the primary."""
    return max(0, weight - step) if step > 0 else 0
