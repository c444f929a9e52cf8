"""Where ours is meant to differ from the recorded Flagger, and what is expected instead.

Every rule rewrites the recorded part into exactly what ours must be; the reason names the row of
the table «Flagger's behaviour, minus its defects» that it follows from.
"""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Rewrite = Callable[[Any], Any]
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Deviation:
    """In *scenario*, the *part* of the record is expected to be *rewrite* of the recorded one."""

    scenario: str
    part: str
    reason: str
    rewrite: Rewrite


def expected(scenario: str, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return what our record of *scenario* must be."""
    found = deepcopy(dict(recorded))
    for deviation in DEVIATIONS:
        if deviation.scenario in (EVERYWHERE, scenario):
            found[deviation.part] = deviation.rewrite(found[deviation.part])
    return found


def _states(objects: dict[str, Any], *kinds: str) -> list[dict[str, Any]]:
    """Return the first and last states of all objects of *kinds* that Flagger made."""
    return [
        life[name]
        for title, life in objects.items()
        if title.split("/")[0] in kinds and not life["given"]
        for name in ("first", "last")
        if name in life
    ]


def _owned_by_the_route(objects: dict[str, Any]) -> dict[str, Any]:
    for state in _states(objects, "Service", "TraefikService", "HTTPRoute"):
        for owner in state["metadata"].get("ownerReferences", ()):
            owner |= {"apiVersion": "routing.flagger.app/v1alpha1", "kind": "TrafficRoute"}
    return objects


def _without_flagger_id(objects: dict[str, Any]) -> dict[str, Any]:
    for state in _states(objects, "Deployment", "ConfigMap", "Secret"):
        template = state.get("spec", {}).get("template", {}).get("metadata", {})
        if template.get("annotations", {}).pop("flagger-id", None) and not template["annotations"]:
            del template["annotations"]
        labels = state["metadata"].setdefault("labels", {})
        labels["app.kubernetes.io/managed-by"] = "flagger-py"
    return objects


def _once_available(events: list[list[Any]]) -> list[list[Any]]:
    return events


DEVIATIONS = (
    Deviation(
        EVERYWHERE,
        "objects",
        "created objects are owned by the object of the part that made them",
        _owned_by_the_route,
    ),
    Deviation(
        EVERYWHERE,
        "objects",
        "flagger-id in the primary's template forces rollouts: none; "
        "children carry app.kubernetes.io/managed-by",
        _without_flagger_id,
    ),
)
