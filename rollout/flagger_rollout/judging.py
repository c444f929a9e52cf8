"""What the analyses of a Canary say together about one tick: its own and the referenced ones."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flagger_py.contracts import (
    GateRun,
    Judged,
    Run,
    Verdict,
    acknowledged,
    condition_of,
    read_gated,
    status_of,
)
from flagger_py.decision import Apply, Force, Observe

from . import claims
from .asking import Asked
from .case import Case
from .sight import Child

_RANK = (
    Verdict.FAILED,
    Verdict.ERROR,
    Verdict.NO_DATA,
    Verdict.INCONCLUSIVE,
    Verdict.PENDING,
    Verdict.PASSED,
)
"""The first of these that any analysis says is what they say together."""

NOTHING_MEASURED = "no metric is configured, so nothing was measured"


@dataclass(frozen=True, slots=True)
class Found:
    """*sentence* quotes the readings; *halt* is Flagger's text for the event where it failed.

    *child* is the analysis whose answer is missing, where the verdict is Pending. *asked* tells
    that this is the answer to this tick's own question: a failure then counts before it is due.
    """

    verdict: Verdict
    sentence: str
    halt: str = ""
    child: Child | None = None
    asked: bool = False


def run_for(case: Case, since: datetime, due: datetime) -> Run | None:
    """Return this tick's question to the Canary's own analysis, None without metrics."""
    return _run(case, since, due) if case.spec.analysis.metrics else None


def foreign_runs(case: Case, since: datetime, due: datetime) -> tuple[Apply, ...]:
    """Ask the referenced analyses that answer to tokens; the continuous ones are only read."""
    run = _run(case, since, due)
    return tuple(
        claims.ask(case, child.manifest, {"run": run.wire()}, Force.ASK)
        for child in case.seen.foreign_analyses
        if child.manifest is not None and asks_by_token(child.manifest)
    )


def _run(case: Case, since: datetime, due: datetime) -> Run:
    return Run(token=case.tick_token, begun=case.progress.begun_at, since=since, due=due)


def asks_by_token(manifest: Mapping[str, Any]) -> bool:
    """Tell whether an object answers to a run; one with an interval and no run speaks for all."""
    spec = manifest.get("spec") or {}
    return "run" in spec or "interval" not in spec


def verdict(case: Case) -> Found:
    """Combine what the analyses say about this tick; the worst one speaks for them all."""
    found = [_foreign(case, child) for child in case.seen.foreign_analyses]
    if case.spec.analysis.metrics:
        found.insert(0, _own(case))
    if not found:
        return Found(Verdict.PASSED, NOTHING_MEASURED)
    worst = min(found, key=lambda one: _RANK.index(one.verdict))
    if worst.verdict is not Verdict.PASSED:
        return worst
    return Found(Verdict.PASSED, "; ".join(one.sentence for one in found))


def foreign_gates(case: Case) -> Asked | None:
    """Return the first referenced gate that is not open, None when all are."""
    for child in case.seen.foreign_gates:
        if not _is_open(case, child):
            return Asked(foreign=child, text=f"{child} is not open")
    return None


def foreign_gate_runs(case: Case) -> tuple[Apply, ...]:
    """Ask the referenced gates that answer to tokens before the next step."""
    run = GateRun(token=_gate_token(case))
    return tuple(
        claims.ask(case, child.manifest, {"run": run.wire()}, Force.ASK)
        for child in case.seen.foreign_gates
        if child.manifest is not None and _gate_is_asked(child.manifest)
    )


def durations(case: Case, due: datetime) -> tuple[Observe, ...]:
    """Tell how long after its due time a check was decided."""
    labels = {"name": case.spec.target_ref.name, "namespace": case.subject.namespace}
    late_s = max(0.0, (case.now - due).total_seconds())
    return (Observe("flagger_canary_duration_seconds", labels, late_s),)


def _own(case: Case) -> Found:
    child = case.seen.analysis
    judged = child.judged
    if judged is None or judged.token != case.tick_token:
        return Found(Verdict.PENDING, "", child=child)
    return replace(_found(case, child, judged), asked=True)


def _foreign(case: Case, child: Child) -> Found:
    judged = child.judged
    if judged is None or child.manifest is None:
        return Found(Verdict.PENDING, f"{child} reports no verdict", child=child)
    if asks_by_token(child.manifest):
        if judged.token != case.tick_token:
            return Found(Verdict.PENDING, "", child=child)
        return replace(_found(case, child, judged), asked=True)
    if judged.at is None or judged.at < (case.route_since or case.now):
        return Found(Verdict.PENDING, f"{child} has not judged this split yet", child=child)
    return _found(case, child, judged)


def _found(case: Case, child: Child, judged: Judged) -> Found:
    if judged.verdict is Verdict.PENDING:
        return Found(Verdict.PENDING, judged.sentence, child=child)
    if judged.verdict is Verdict.PASSED:
        return Found(Verdict.PASSED, _readings(judged) or judged.sentence)
    sentence, culprit = judged.sentence or f"{child} says {judged.verdict}", judged.verdict
    for measurement in judged.measurements:
        if measurement.verdict is judged.verdict:
            sentence, culprit = measurement.sentence, measurement.verdict
            break
    return Found(judged.verdict, sentence, _halt(case, culprit, sentence))


def _halt(case: Case, culprit: Verdict, sentence: str) -> str:
    """Return Flagger's text: a provider's error stands alone, no values have no subject."""
    match culprit:
        case Verdict.ERROR:
            return sentence
        case Verdict.NO_DATA:
            return f"Halt advancement {sentence}"
        case Verdict.FAILED | Verdict.INCONCLUSIVE | Verdict.PENDING | Verdict.PASSED:
            return f"Halt {case.canary_ref} advancement {sentence}"


def _readings(judged: Judged) -> str:
    return "; ".join(
        f"{m.name} {m.value:.6g} ({m.rule})" if m.value is not None else f"{m.name}: {m.sentence}"
        for m in judged.measurements
    )


def _gate_is_asked(manifest: Mapping[str, Any]) -> bool:
    """Tell whether a gate is asked by token; one that answers without a run speaks for everybody.

    One whose controller has not looked at it yet is not asked either: to ask a switch is to take
    it from all its other readers, and it may be one.
    """
    spec = manifest.get("spec") or {}
    if "run" in spec:
        return True
    if "interval" in spec or _behind(manifest):
        return False
    decided = condition_of(status_of(manifest), "Open").get("status") in ("True", "False")
    return not decided or read_gated(manifest).token is not None


def _is_open(case: Case, child: Child) -> bool:
    manifest, gated = child.manifest, child.gated
    if manifest is None or gated is None or not gated.open:
        return False
    if _gate_is_asked(manifest):
        return gated.token == _gate_token(case)
    # Nothing changes while an object is suspended: an open gate stays open.
    return not _behind(manifest) or bool(manifest["spec"].get("suspend"))


def _behind(manifest: Mapping[str, Any]) -> bool:
    """Tell whether an object counts its versions and says nothing about the present one yet."""
    return "observedGeneration" in status_of(manifest) and not acknowledged(manifest)


def _gate_token(case: Case) -> str:
    return case.token("foreign-gate", case.status.canary_weight)
