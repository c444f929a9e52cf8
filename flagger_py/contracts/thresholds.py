"""Which readings pass: the bounds of a metric, and what counts where there is no one number."""

from enum import StrEnum

from pydantic import Field

from flagger_py.wire import Wire


class Policy(StrEnum):
    """What a metric without a value, or with an error instead of one, means for the verdict."""

    FAIL = "Fail"
    """It counts as what it is, NoData or Error, which its asker counts as a failed check."""
    HOLD = "Hold"
    """It counts as Inconclusive: neither for the release nor against it."""
    IGNORE = "Ignore"
    """It does not count; the verdict's sentence says that it was left out."""


class Reduce(StrEnum):
    """How several series become the one number that is judged."""

    MAX = "max"
    MIN = "min"
    AVG = "avg"
    SUM = "sum"
    FIRST = "first"
    LAST = "last"


class ThresholdRange(Wire):
    """Bounds that a value may reach and must not pass; a side without a bound is open."""

    min: float | None = Field(default=None, description="Least value that passes.")
    max: float | None = Field(default=None, description="Greatest value that passes.")
