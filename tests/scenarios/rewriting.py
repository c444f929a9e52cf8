"""How a part of a recording becomes what ours must be: the rules that deviations are made of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

Rewrite = Callable[[Any], Any]
EVERYWHERE = "*"
_MADE = ("Service", "TraefikService", "HTTPRoute")


@dataclass(frozen=True, slots=True)
class Deviation:
    """In *scenario*, the *part* of the record is expected to be *rewrite* of the recorded one."""

    scenario: str
    part: str
    reason: str
    rewrite: Rewrite


def appended(item: Any) -> Rewrite:
    return lambda found: [*found, item]


def more(items: Mapping[str, Any]) -> Rewrite:
    return lambda found: {**found, **items}


def replaced(items: Mapping[tuple[Any, ...], tuple[Any, ...]]) -> Rewrite:
    return lambda found: [list(items.get(tuple(entry), tuple(entry))) for entry in found]


def said(text: str, kind: str = "Normal") -> Rewrite:
    """Expect one event more, at the end."""
    return lambda events: [*events, [kind, text]]


def texts(*all_of_them: str) -> Rewrite:
    """Expect just these normal events."""
    return lambda _: [["Normal", text] for text in all_of_them]


def less(text: str, nth: int) -> Rewrite:
    """Expect the event *text* one time less; *nth* counts its occurrences from 0."""

    def rewrite(events: list[list[Any]]) -> list[list[Any]]:
        places = [place for place, event in enumerate(events) if event[1] == text]
        return [event for place, event in enumerate(events) if place != places[nth]]

    return rewrite


def released(scenario: str, reason: str, *, weight: int) -> tuple[Deviation, ...]:
    """Expect a release in one step of *weight* where the recorded one was rolled back."""
    status = [["Progressing", weight, 0, 0], ["Promoting", weight, 0, 0]]
    status += [["Finalising", 0, 0, 0], ["Succeeded", 0, 0, 0]]
    conditions = [
        ["Unknown", "Promoting", "Canary analysis completed, starting primary rolling update."],
        ["Unknown", "Finalising", "Canary analysis completed, routing all traffic to primary."],
        ["True", "Succeeded", "Canary analysis completed successfully, promotion finished."],
    ]
    whole = {"app-primary": 100}
    splits = [whole, {"app-primary": 100 - weight, "app-canary": weight}, whole]
    return (
        Deviation(scenario, "status", reason, lambda found: [*found[:3], *status]),
        Deviation(scenario, "conditions", reason, lambda found: [*found[:3], *conditions]),
        Deviation(scenario, "revisions", reason, appended(["revision-2", "revision-2"])),
        Deviation(scenario, "routes", reason, lambda _: {"TraefikService/app": splits}),
        Deviation(scenario, "objects", reason, _primary_becomes_the_target),
        Deviation(scenario, "replicas", reason, _primary_rolls),
        Deviation(scenario, "metrics", reason, _counted_as_success),
    )


def owned_by_the_route(objects: dict[str, Any]) -> dict[str, Any]:
    for state in _states(objects, _MADE):
        for owner in state["metadata"].get("ownerReferences", ()):
            owner |= {"apiVersion": "routing.flagger.app/v1alpha1", "kind": "TrafficRoute"}
    return objects


def no_flagger_id(objects: dict[str, Any]) -> dict[str, Any]:
    for state in _states(objects, ("Deployment",)):
        template = state["spec"]["template"]["metadata"]
        if template.get("annotations", {}).pop("flagger-id", None) and not template["annotations"]:
            del template["annotations"]
    return objects


def pods_name_their_configs(objects: dict[str, Any]) -> dict[str, Any]:
    """Expect the annotation by which the primary's pods roll when a config is promoted."""
    for state in _alive(objects["Deployment/app-primary"]):
        annotations = state["spec"]["template"]["metadata"].setdefault("annotations", {})
        annotations["flagger.app/configs"] = "<checksum>"
    return objects


def children_are_labelled(objects: dict[str, Any]) -> dict[str, Any]:
    for title, life in objects.items():
        kind, name = title.split("/")
        if kind in {"Deployment", "ConfigMap", "Secret"} and name.endswith("-primary"):
            for state in _alive(life):
                labels = state["metadata"].setdefault("labels", {})
                labels["app.kubernetes.io/managed-by"] = "flagger-py"
    return objects


def complete_copies(
    wanted: Mapping[str, Mapping[str, Any]], states: Sequence[str] = ("first", "last")
) -> Rewrite:
    """Expect that the objects of *wanted* have those fields too, in *states* of their lives."""

    def rewrite(objects: dict[str, Any]) -> dict[str, Any]:
        for title, fields in wanted.items():
            for name in states:
                if name in objects[title]:
                    objects[title][name] = _merged(objects[title][name], fields)
        return objects

    return rewrite


def explicit_zero(value: Any) -> Any:
    """Expect the weight 0 where the recorded object has no weight."""
    if isinstance(value, Mapping):
        return {k: 0 if v is None else explicit_zero(v) for k, v in value.items()}
    if isinstance(value, list):
        return [explicit_zero(item) for item in value]
    return value


def ports_keep_their_protocol(objects: dict[str, Any]) -> dict[str, Any]:
    for state in _states(objects, ("Service",)):
        for port in state["spec"]["ports"]:
            if port["name"] == "dns":
                port["protocol"] = "UDP"
    return objects


def not_asked_again(hook: str) -> Rewrite:
    """Expect one call of *hook* only, and that what follows each further one is not told either."""

    def rewrite(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
        places = [place for place, call in enumerate(calls) if call["hook"] == hook]
        unasked = {place + told for place in places[1:] for told in (0, 1)}
        return [call for place, call in enumerate(calls) if place not in unasked]

    return rewrite


def with_the_new_checksum(calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Expect that the event of a new revision carries the checksum of the event after it."""
    for call, following in pairwise(calls):
        message = (call["payload"].get("metadata") or {}).get("eventMessage", "")
        if message.startswith("New revision detected!"):
            call["payload"]["checksum"] = following["payload"]["checksum"]
    return calls


def _primary_becomes_the_target(objects: dict[str, Any]) -> dict[str, Any]:
    """Expect the primary to end with the containers that the target ends with."""
    target, primary = objects["Deployment/app"], objects["Deployment/app-primary"]
    containers = target["last"]["spec"]["template"]["spec"]["containers"]
    fields = {"spec": {"template": {"spec": {"containers": containers}}}}
    primary["last"] = _merged(primary["first"], fields)
    return objects


def _primary_rolls(replicas: dict[str, Any]) -> dict[str, Any]:
    return {**replicas, "Deployment/app-primary": {"spec": [2], "available": [0, 2, 3, 2]}}


def _counted_as_success(metrics: dict[str, Any]) -> dict[str, Any]:
    found = {k.replace("_failures_", "_successes_"): v for k, v in metrics.items()}
    return {**found, "flagger_canary_status{name=app}": 1.0}


def _states(objects: dict[str, Any], kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return the first and last states of all objects of *kinds* that Flagger made."""
    return [
        state
        for title, life in objects.items()
        if title.split("/")[0] in kinds and not life["given"]
        for state in _alive(life)
    ]


def _alive(life: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [life[name] for name in ("first", "last") if name in life]


def _merged(value: Mapping[str, Any], fields: Mapping[str, Any]) -> dict[str, Any]:
    found = dict(value)
    for name, item in fields.items():
        both = isinstance(item, Mapping) and isinstance(found.get(name), Mapping)
        found[name] = _merged(found[name], item) if both else item
    return found
