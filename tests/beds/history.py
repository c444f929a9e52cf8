"""What happened to the objects of a namespace, told in the form of the recorded scenarios."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flagger_py.contracts import condition_of
from flagger_py.wire import Manifest

from .essence import essence

ROUTES = ("TraefikService", "HTTPRoute")
WORKLOADS = ("Deployment", "DaemonSet")
TOLD = (*ROUTES, *WORKLOADS, "ConfigMap", "HorizontalPodAutoscaler", "Secret", "Service")
DELETED = "deleted"
_WAITING = "waiting for rollout to finish: "
_TRANSPORT = re.compile(r"(request failed: ).*")
_MEASURED = re.compile(r"(advancement .+?) [0-9.]+(%|m?s|) ([<>] )")


@dataclass(frozen=True, slots=True)
class Change:
    """One write of an object; *manifest* is None when it was deleted."""

    at: datetime
    kind: str
    name: str
    manifest: Manifest | None

    @property
    def title(self) -> str:
        return f"{self.kind}/{self.name}"


def canary_record(changes: Iterable[Change]) -> dict[str, Any]:
    """Return what the Canary's statuses said: status, conditions, revisions and so on."""
    seen = [c.manifest for c in changes if c.kind == "Canary" and c.manifest is not None]
    statuses = [manifest.get("status") or {} for manifest in seen]
    symbols = Symbols("revision")
    return {
        "status": folded(_phase(status) for status in statuses if status.get("phase")),
        "conditions": folded(
            [promoted["status"], promoted["reason"], promoted.get("message", "")]
            for status in statuses
            if (promoted := condition_of(status, "Promoted"))
        ),
        "revisions": folded(
            [symbols.of(status.get(f)) for f in ("lastAppliedSpec", "lastPromotedSpec")]
            for status in statuses
        ),
        "trackedConfigs": folded(status.get("trackedConfigs") or {} for status in statuses),
        "finalizers": folded(list(m["metadata"].get("finalizers") or ()) for m in seen),
    }


def object_record(changes: Iterable[Change], given: frozenset[str]) -> dict[str, Any]:
    """Return routes, selectors, replicas, and the first and last state of every object.

    *given* are the titles (`Kind/name`) of the objects that the user applied.
    """
    kept = [change for change in changes if change.kind in TOLD]
    return {
        "routes": _series(kept, ROUTES, split_of),
        "selectors": _series(kept, ("Service",), lambda m: m["spec"].get("selector") or {}),
        "replicas": _replicas(kept),
        "objects": _objects(kept, given),
    }


def event_record(changes: Iterable[Change], namespace: str) -> dict[str, Any]:
    """Return the events about the Canary, without those that only say what is waited for."""
    told: list[list[str]] = []
    for change in changes:
        event = change.manifest
        if change.kind != "Event" or event is None or event["involvedObject"]["kind"] != "Canary":
            continue
        told.append([event["type"], masked(event["message"], namespace)])
    return {
        "events": folded(event for event in told if not waits(event[1])),
        "waits": folded(event[1] for event in told if waits(event[1])),
    }


def waits(message: str) -> bool:
    """Tell whether an event only says what is waited for; how often it does is nobody's concern."""
    return _WAITING in message


def masked(text: str, namespace: str) -> str:
    """Put the placeholder for the namespace, hide measured numbers and the words of transports."""
    text = _TRANSPORT.sub(r"\1…", text.replace(namespace, "${NS}"))
    head, waiting, _ = text.partition(_WAITING)
    if waiting:
        return f"{head}{waiting}…"
    return _MEASURED.sub(r"\1 N\2 \3", text)


class Symbols:
    """Names for values by the order in which they appear; empty stays empty."""

    def __init__(self, word: str) -> None:
        self._word = word
        self._known: dict[str, str] = {}

    def of(self, value: str | None) -> str:
        if not value:
            return ""
        return self._known.setdefault(value, f"{self._word}-{len(self._known) + 1}")


def folded(values: Iterable[Any]) -> list[Any]:
    """Return *values* without immediate repeats."""
    kept: list[Any] = []
    for value in values:
        if not kept or kept[-1] != value:
            kept.append(value)
    return kept


def split_of(route: Manifest) -> Any:
    """Return who gets which weight: a mapping for Traefik, a list of rules for Gateway API."""
    if route["kind"] == "TraefikService":
        services = (route["spec"].get("weighted") or {}).get("services") or ()
        return {item["name"]: item.get("weight", 1) for item in services}
    return [_rule(rule) for rule in route["spec"].get("rules") or ()]


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    refs = rule.get("backendRefs") or ()
    found: dict[str, Any] = {"split": {ref["name"]: ref.get("weight", 1) for ref in refs}}
    found.update({k: rule[k] for k in ("matches", "filters", "timeouts") if k in rule})
    return found


def _phase(status: Mapping[str, Any]) -> list[Any]:
    counters = ("canaryWeight", "failedChecks", "iterations")
    return [status["phase"], *(status.get(name, 0) for name in counters)]


def _series(
    changes: Iterable[Change], kinds: tuple[str, ...], read: Callable[[Manifest], Any]
) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for change in changes:
        if change.kind in kinds:
            value = DELETED if change.manifest is None else read(change.manifest)
            found.setdefault(change.title, []).append(value)
    return {title: folded(values) for title, values in found.items()}


def _replicas(changes: Iterable[Change]) -> dict[str, dict[str, list[int]]]:
    """Return how many replicas each workload was to have, and how many were available."""
    found: dict[str, dict[str, list[int]]] = {}
    for change in changes:
        if change.kind not in WORKLOADS or change.manifest is None:
            continue
        counts = found.setdefault(change.title, {"spec": [], "available": []})
        counts["spec"].append(change.manifest["spec"].get("replicas", 1))
        status = change.manifest.get("status") or {}
        counts["available"].append(status.get("availableReplicas", 0))
    return {
        title: {name: folded(values) for name, values in counts.items()}
        for title, counts in found.items()
    }


def _objects(changes: Iterable[Change], given: frozenset[str]) -> dict[str, Any]:
    states: dict[str, list[Any]] = {}
    for change in changes:
        state = None if change.manifest is None else essence(change.manifest)
        states.setdefault(change.title, []).append(state)
    return {title: _life(title in given, found) for title, found in sorted(states.items())}


def _life(given: bool, states: list[Any]) -> dict[str, Any]:
    alive = [state for state in states if state is not None]
    life: dict[str, Any] = {"given": given}
    if not given:
        life["first"] = alive[0]
    if alive[-1] != alive[0]:
        life["last"] = alive[-1]
    if states[-1] is None:
        life["deleted"] = True
    return life
