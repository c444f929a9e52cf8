"""How the answers of a route, an analysis and a gate read: any kind that honours a contract."""

from collections.abc import Iterator
from datetime import datetime

from pydantic import ValidationError

from flagger_py.contracts import (
    Measurement,
    Split,
    Verdict,
    condition_of,
    read_gated,
    read_judged,
    read_routed,
    status_of,
)
from flagger_py.wire import Manifest

from .ages import age
from .picture import Respondent

_MARKS = {
    Verdict.PASSED: "+",
    Verdict.FAILED: "-",
    Verdict.ERROR: "!",
    Verdict.NO_DATA: "?",
    Verdict.INCONCLUSIVE: "?",
    Verdict.PENDING: ".",
}


def route_lines(route: Respondent, manifest: Manifest, now: datetime) -> Iterator[str]:
    """Say which split requests follow, and whether it is the one that is asked for."""
    routed = read_routed(manifest)
    asked = _asked(manifest)
    if routed.in_force is None:
        yield f"{route}: no split is in force yet: {routed.sentence or 'it says nothing'}"
        return
    split = routed.in_force.split
    yield f"{route}: {_shares(split)} in force for {age(routed.in_force.since, now)}."
    if asked is not None and asked != split:
        yield f"{route}: {_shares(asked)} is asked for: {routed.sentence or 'no answer yet'}"
    elif not routed.ready:
        yield f"{route} is not ready ({routed.reason}): {routed.sentence}"


def analysis_lines(analysis: Respondent, manifest: Manifest, now: datetime) -> Iterator[str]:
    """Say the verdict, on which question, and every reading that gave it."""
    judged = read_judged(manifest)
    if judged is None:
        yield f"{analysis} has given no verdict yet{_why_not(manifest)}."
        return
    at = f" ({age(judged.at, now)} ago)" if judged.at else ""
    told = f": {judged.sentence}" if judged.sentence else ""
    yield f"{analysis}: {judged.verdict}{_about(manifest, judged.token)}{at}{told}"
    for measurement in judged.measurements:
        yield f"  {_MARKS[measurement.verdict]} {_reading(measurement)}"
        if measurement.query and measurement.verdict is not Verdict.PASSED:
            yield f"    asked: {' '.join(measurement.query.split())}"


def gate_lines(gate: Respondent, manifest: Manifest, now: datetime) -> Iterator[str]:
    """Say whether the gate is open, and who answered what."""
    gated = read_gated(manifest)
    state = "open" if gated.open else "closed"
    sentence = gated.sentence.removeprefix(f"{state.capitalize()}: ")
    if _waits_for_its_canary(manifest):
        sentence = "its Canary asks it when a release comes to it"
    said = f": {sentence}" if sentence else ""
    yield f"{gate}: {state}{_about(manifest, gated.token)}{said}"
    answer = gated.answer
    if answer is not None:
        by = f" by {answer.by} (a claim)" if answer.by else ""
        text = f": {answer.text}" if answer.text else ""
        yield f"  {answer.value}{by} {age(answer.at, now)} ago{text}"


def _why_not(manifest: Manifest) -> str:
    ready = condition_of(status_of(manifest), "Ready")
    message = str(ready.get("message", "")).rstrip(".")
    return f": {message}" if ready.get("status") == "False" and message else ""


def _waits_for_its_canary(manifest: Manifest) -> bool:
    """Tell whether a Gate that a Canary made was not asked by it yet."""
    owners = manifest["metadata"].get("ownerReferences") or ()
    owned = any(owner.get("kind") == "Canary" and owner.get("controller") for owner in owners)
    asked = (manifest.get("spec") or {}).get("run") or (manifest.get("status") or {}).get("answer")
    return owned and not asked


def _about(manifest: Manifest, token: str | None) -> str:
    """Say whether an answer is one to the question that stands."""
    run = (manifest.get("spec") or {}).get("run")
    if not run or run.get("token") == token:
        return ""
    return " for an older question; the present one is not answered yet"


def _reading(measurement: Measurement) -> str:
    value = f" {measurement.value:.6g}" if measurement.value is not None else ""
    rule = f", rule {measurement.rule}" if measurement.rule else ""
    return f"{measurement.name}{value}{rule}: {measurement.verdict}. {measurement.sentence}"


def _shares(split: Split) -> str:
    extras = ("match" if split.match else "", "mirror" if split.mirror else "")
    told = ", ".join(extra for extra in extras if extra)
    return f"{split.primary}% primary, {split.canary}% canary{f' ({told})' if told else ''}"


def _asked(manifest: Manifest) -> Split | None:
    try:
        return Split.model_validate((manifest.get("spec") or {}).get("split"))
    except ValidationError:
        return None
