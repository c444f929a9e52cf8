"""What Gateways say of a route: accepted, refused, or nothing yet (Gateway API, RouteStatus)."""

from collections.abc import Iterable, Mapping
from typing import Any

from flagger_py.wire import Manifest

from ..objects import spoken
from .contract import Accepted, Judgement, NotYet, Refused, Unjudged

NEEDED = ("Accepted", "ResolvedRefs")
UNWANTED = "PartiallyInvalid"
"""Some rules are dropped, or an older state of the route is served, beside Accepted=True."""


def judge(route: Manifest) -> Judgement:
    """Return in force only where every parent says yes to the present generation.

    A refusal of the present generation outweighs whatever other parents have yet to say.
    """
    entries = (route.get("status") or {}).get("parents") or ()
    name = spoken(route)
    if not entries:
        return Unjudged(f"no controller has judged {name}")
    generation = int(route["metadata"].get("generation", 0))
    waits: Judgement = Accepted()
    for parent in (route.get("spec") or {}).get("parentRefs") or ():
        said = [entry for entry in entries if _same(entry.get("parentRef") or {}, parent, route)]
        judgement = _of_parent(said, generation, f"{name}: Gateway {parent.get('name')}")
        if isinstance(judgement, Refused):
            return judgement
        if isinstance(judgement, NotYet) and isinstance(waits, Accepted):
            waits = judgement
    return waits


def judges(route: Manifest) -> dict[str, bool]:
    """Return the parents of *route* as `namespace/name`, and whether each has judged it."""
    entries = (route.get("status") or {}).get("parents") or ()
    return {
        _spoken(parent, route): any(
            _same(entry.get("parentRef") or {}, parent, route) for entry in entries
        )
        for parent in (route.get("spec") or {}).get("parentRefs") or ()
    }


def controllers(route: Manifest) -> frozenset[str]:
    """Return the names of the controllers that have judged *route*."""
    entries = (route.get("status") or {}).get("parents") or ()
    return frozenset(str(entry.get("controllerName", "")) for entry in entries)


def _of_parent(entries: Iterable[Mapping[str, Any]], generation: int, name: str) -> Judgement:
    found: Judgement = NotYet(f"{name} has not judged it")
    for entry in entries:
        found = _of_conditions(entry.get("conditions") or (), generation, name)
        if not isinstance(found, Accepted):
            return found
    return found


def _of_conditions(
    conditions: Iterable[Mapping[str, Any]], generation: int, name: str
) -> Judgement:
    by_type = {condition.get("type"): condition for condition in conditions}
    waits: Judgement = Accepted()
    partly = by_type.get(UNWANTED, {})
    if partly.get("status") == "True" and int(partly.get("observedGeneration", 0)) >= generation:
        return _refused(name, partly)
    for kind in NEEDED:
        condition = by_type.get(kind)
        if condition is None or int(condition.get("observedGeneration", 0)) < generation:
            waits = NotYet(f"{name} has not said {kind} to generation {generation}")
        elif condition.get("status") == "False":
            return _refused(name, condition)
        elif condition.get("status") != "True":
            waits = NotYet(f"{name} says {kind}={condition.get('status')}")
    return waits


def _refused(name: str, condition: Mapping[str, Any]) -> Refused:
    return Refused(
        f"{name} says {condition['type']}={condition['status']}, "
        f"{condition.get('reason', 'no reason')}: {condition.get('message', '')}"
    )


def _spoken(parent: Mapping[str, Any], route: Manifest) -> str:
    _, _, namespace, name, section, port = _identity(parent, route)
    return "/".join(str(part) for part in (namespace, name, section, port) if part)


def _same(one: Mapping[str, Any], other: Mapping[str, Any], route: Manifest) -> bool:
    return _identity(one, route) == _identity(other, route)


def _identity(ref: Mapping[str, Any], route: Manifest) -> tuple[object, ...]:
    return (
        ref.get("group", "gateway.networking.k8s.io"),
        ref.get("kind", "Gateway"),
        ref.get("namespace") or route["metadata"].get("namespace"),
        ref.get("name"),
        ref.get("sectionName"),
        ref.get("port"),
    )
