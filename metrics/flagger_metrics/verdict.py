"""How the verdicts on single metrics make one: fail-closed, nothing unclear is ever Passed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from flagger_py.contracts import Verdict
from flagger_py.contracts.thresholds import Policy

from .api import Reading

WORST_FIRST = (Verdict.FAILED, Verdict.ERROR, Verdict.NO_DATA, Verdict.INCONCLUSIVE)
NOTHING_MEASURED = "nothing was measured: the analysis has no metrics"


@dataclass(frozen=True, slots=True)
class Judged:
    """A reading and what it counts as; None where it does not count."""

    reading: Reading
    counts: Verdict | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The verdict on all metrics, with its sentence."""

    verdict: Verdict
    sentence: str


def counted(verdict: Verdict, on_no_data: Policy, on_error: Policy) -> Verdict | None:
    """Return what the *verdict* on one metric counts as under the metric's policies."""
    if verdict is Verdict.NO_DATA:
        return _under(on_no_data, verdict)
    if verdict is Verdict.ERROR:
        return _under(on_error, verdict)
    return verdict


def combine(judged: Sequence[Judged]) -> Outcome:
    """Return the worst verdict that counts, with the sentence of the first metric that has it.

    Without metrics, or where none counts, the verdict is Passed and says so; a Passed verdict also
    says what was left out.
    """
    for worst in WORST_FIRST:
        for one in judged:
            if one.counts is worst:
                return Outcome(worst, one.reading.sentence)
    if not judged:
        return Outcome(Verdict.PASSED, NOTHING_MEASURED)
    passed = [one.reading.sentence for one in judged if one.counts is not None]
    return Outcome(Verdict.PASSED, ("; ".join(passed) or "no metric counted") + _left_out(judged))


def _under(policy: Policy, verdict: Verdict) -> Verdict | None:
    match policy:
        case Policy.FAIL:
            return verdict
        case Policy.HOLD:
            return Verdict.INCONCLUSIVE
        case Policy.IGNORE:
            return None


def _left_out(judged: Iterable[Judged]) -> str:
    """Say which readings did not count, after the sentence proper."""
    said = [one.reading.sentence for one in judged if one.counts is None]
    return f" (not counted: {'; '.join(said)})" if said else ""
