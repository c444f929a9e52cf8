"""Why a Canary is where it is, in sentences for a person; nothing here reads a cluster."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagger_py.contracts import condition_of, status_of
from flagger_py.refs import key_of
from flagger_py.wire import Manifest
from flagger_rollout.phases import REST

from .ages import age, moment_of
from .answers import analysis_lines, gate_lines, route_lines
from .next_steps import next_steps
from .picture import Picture, Respondent, happened_at
from .rows import looked_at, suspended

EVENTS_SHOWN_MAX = 12

_PHASES = {
    "": "has not been looked at yet",
    "Initializing": "is making its primary copy; users are still on the target",
    "Initialized": "is at rest; no release has happened yet",
    "Waiting": "has a new revision that waits for a gate before its rollout",
    "Progressing": "is analysing a new revision",
    "WaitingPromotion": "has analysed the new revision and waits for a gate before promoting it",
    "Promoting": "is copying the analysed revision to the primary",
    "Finalising": "is sending all traffic back to the primary, which is the new revision",
    "Succeeded": "is at rest; the last revision was promoted",
    "Failed": "is at rest; the last revision was not promoted",
    "Terminating": "is being deleted and hands everything back",
}

_REFUSED = "was looked at and is not taken as it is: see Stalled below"
_WAITS_TO_BEGIN = "was looked at and waits: see Ready below"


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the sentences under it."""

    title: str
    lines: tuple[str, ...]


def explain(picture: Picture, now: datetime) -> tuple[Section, ...]:
    """Return what to tell about *picture*; sections without a sentence are left out."""
    sections = (
        Section(f"Canary {key_of(picture.canary)}", tuple(_canary(picture.canary, now))),
        Section("Traffic", _all(picture, picture.routes, route_lines, now)),
        Section("Metrics", _all(picture, picture.analyses, analysis_lines, now)),
        Section("Gates", _all(picture, picture.gates, gate_lines, now)),
        Section("Events", tuple(_events(picture.events, now))),
        Section("What you can do", next_steps(picture)),
    )
    return tuple(section for section in sections if section.lines)


def _canary(canary: Manifest, now: datetime) -> Iterator[str]:
    spec, status = canary.get("spec") or {}, status_of(canary)
    phase = status.get("phase", "")
    what = _PHASES.get(phase, "is in a phase that this version does not know")
    if not phase and condition_of(status, "Ready"):
        stuck = condition_of(status, "Stalled").get("status") == "True"
        what = _REFUSED if stuck else _WAITS_TO_BEGIN
    yield f"{phase or 'New'}: it {what}."
    if suspended(canary):
        yield "It is paused: nothing changes, and what is in force stays in force."
    elif status and not looked_at(canary):
        yield "Its controller has not looked at the last change of its spec yet."
    yield from _progress(spec, status, now)
    decision = (status.get("progress") or {}).get("decision") or {}
    said = {decision.get("sentence", "")}
    for kind in ("Stalled", "Ready"):
        yield from _condition(status, kind, said, now)


def _progress(spec: Any, status: Any, now: datetime) -> Iterator[str]:
    progress = status.get("progress") or {}
    if status.get("phase"):
        threshold = max(1, (spec.get("analysis") or {}).get("threshold", 1))
        revision = spec.get("revision") or progress.get("revision")
        about = f"Revision {revision}: " if revision else ""
        checks = f"; {status.get('failedChecks', 0)} of {threshold} failed checks"
        yield (
            f"{about}{status.get('canaryWeight', 0)}% of the requests are meant for the canary"
            f"{'' if status['phase'] in REST else checks}."
        )
    decision = progress.get("decision")
    if decision:
        yield f"Last decision{_ago(decision.get('at'), now)}: {decision.get('sentence', '')}"
    due = moment_of(progress.get("nextCheckAt"))
    if due and due > now:
        yield f"The next check is due in {age(now, due)}."


def _condition(status: Any, kind: str, said: set[str], now: datetime) -> Iterator[str]:
    """Tell of a condition; a message that was *said* before is not repeated."""
    found = condition_of(status, kind)
    if found:
        message = found.get("message", "")
        told = f": {message}" if message and message not in said else "."
        said.add(message)
        since = _ago(found.get("lastTransitionTime"), now)
        yield f"{kind} is {found.get('status')} ({found.get('reason')}){since}{told}"


def _events(events: tuple[Manifest, ...], now: datetime) -> Iterator[str]:
    for event in events[-EVENTS_SHOWN_MAX:]:
        moment = moment_of(happened_at(event))
        when = f"{age(moment, now)} ago" if moment else "once"
        mark = "! " if event.get("type") == "Warning" else ""
        about = event.get("involvedObject", {})
        whose = "" if about.get("kind") == "Canary" else f"{about.get('kind')} "
        yield f"{when}: {mark}{whose}{event.get('reason')}: {event.get('message', '')}"


def _all(
    picture: Picture, respondents: tuple[Respondent, ...], lines: Any, now: datetime
) -> tuple[str, ...]:
    return tuple(line for one in respondents for line in _lines(picture.canary, one, lines, now))


def _lines(canary: Manifest, respondent: Respondent, lines: Any, now: datetime) -> Iterator[str]:
    manifest = respondent.manifest
    if manifest is None:
        if respondent.unmade and not status_of(canary).get("phase"):
            yield f"{respondent}: not made yet; is the rollout controller running?"
        else:
            yield f"{respondent} cannot be asked: {respondent.missing}"
        return
    yield from lines(respondent, manifest, now)
    if suspended(canary) or suspended(manifest):
        return  # Nobody is to look at it.
    if not looked_at(manifest):
        yield (
            f"{respondent} has a question that nobody has looked at yet; "
            f"is the controller of {respondent.kind} running?"
        )


def _ago(text: str | None, now: datetime) -> str:
    moment = moment_of(text)
    return f" ({age(moment, now)} ago)" if moment else ""
