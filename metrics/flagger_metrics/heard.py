"""What came of asking a question: an answer, or the trouble that kept it from being asked."""

from dataclasses import dataclass
from enum import StrEnum

from .providers import Answer
from .questions import Question


class Cause(StrEnum):
    """Who has to do something about a trouble."""

    SPEC = "Spec"
    """The user has to edit an object."""
    DEPENDENCY = "Dependency"
    """An object that is referred to is missing or unreadable; it may come."""
    PROVIDER = "Provider"
    """The metric provider does not answer; it may again."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no value can be read: *sentence* as Flagger's event says it, *advice* for a condition."""

    cause: Cause
    reason: str
    sentence: str
    advice: str


@dataclass(frozen=True, slots=True)
class Heard:
    """One question with what came of it; exactly one of *answer* and *trouble* is there."""

    question: Question
    query: str | None = None
    answer: Answer | None = None
    trouble: Trouble | None = None
    sampled: bool = False
