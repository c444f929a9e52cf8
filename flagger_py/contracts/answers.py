"""What an analysis can find and what a gate can be told, each with what it rests on."""

from enum import StrEnum

from flagger_py.contracts.moments import Moment
from flagger_py.wire import Wire


class Verdict(StrEnum):
    """What an analysis found about one run. Only Passed lets a release go on."""

    PENDING = "Pending"
    PASSED = "Passed"
    FAILED = "Failed"
    INCONCLUSIVE = "Inconclusive"
    NO_DATA = "NoData"
    ERROR = "Error"


class Answer(StrEnum):
    """What a gate was told. Denied and Unreachable both keep it closed, for different reasons."""

    APPROVED = "Approved"
    DENIED = "Denied"
    UNREACHABLE = "Unreachable"


class Measurement(Wire):
    """One reading and what it means, complete enough to be explained without its source."""

    name: str
    verdict: Verdict
    sentence: str
    query: str | None = None
    value: float | None = None
    rule: str | None = None
    at: Moment | None = None


class GateAnswer(Wire):
    """What was answered, when, and by whom; *by* is a claim unless the source proves identity."""

    value: Answer
    at: Moment
    by: str | None = None
    text: str = ""
