"""Which states a cluster cannot be in, and which our objects must not be in.

A test that builds such a state tests nothing; a controller that writes one breaks a law.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from flagger_py.contracts import condition_of, status_of
from flagger_py.refs import NAMESPACE, Kind, key_of
from flagger_py.testing.conformance import violations
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.served import HTTP_ROUTE, TRAEFIK_SERVICE
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

WHOLE = 100


class Inconsistent(AssertionError):
    """A World got into a state that breaks a law; the message lists the findings."""


def findings_of(change: Change, ours: Iterable[Kind]) -> tuple[str, ...]:
    """Return what is wrong with the object that *change* made.

    Statuses are judged by Flux's rules where their kind is one of *ours*.
    """
    if change.type is Happened.DELETED:
        return ()
    found = list(_object_findings(change.kind, change.object))
    before = status_of(change.before) if change.before else {}
    status = status_of(change.object)
    if change.kind in ours and status != before and status.get("conditions"):
        found += violations(change.object, at_rest=False)
    return tuple(f"{change.kind} {change.key}: {finding}" for finding in found)


def inconsistencies(store: Store, ours: Iterable[Kind] = ()) -> tuple[str, ...]:
    """Return everything that is wrong with the World as it stands at rest, sorted by kind.

    Objects of *ours* that are under way (Reconciling) are judged by the rules for that; the status
    of a suspended one is frozen, and says nothing about the present generation.
    """
    uids = {
        item["metadata"]["uid"]: item["metadata"].get("namespace", "")
        for served in store.kinds()
        for item in store.list(served.kind)
    }
    found = []
    for served in store.kinds():
        for item in store.list(served.kind):
            about = [*_object_findings(served.kind, item), *_owner_findings(item, uids)]
            frozen = (item.get("spec") or {}).get("suspend") is True
            if served.kind in ours and not frozen and status_of(item).get("conditions"):
                moving = condition_of(status_of(item), "Reconciling").get("status") == "True"
                about += violations(item, at_rest=not moving)
            found += [f"{served.kind} {key_of(item)}: {finding}" for finding in about]
    return tuple(found)


def _object_findings(kind: Kind, item: Manifest) -> Iterator[str]:
    meta, status = item["metadata"], status_of(item)
    generation = meta.get("generation")
    if generation is not None and status.get("observedGeneration", -1) > generation:
        yield f"status is of generation {status['observedGeneration']}, the object of {generation}"
    if "deletionTimestamp" in meta and not meta.get("finalizers") and kind != NAMESPACE:
        yield "is being deleted though no finalizer holds it"
    replicas, ready = status.get("replicas", 0), status.get("readyReplicas", 0)
    if kind.group == "apps" and ready > replicas:
        yield f"has {ready} ready pods of {replicas}"
    for rule, weights in enumerate(_weights(kind, item)):
        if len(weights) > 1 and sum(weights) != WHOLE and _is_ours(item):
            yield f"the weights {weights} of rule {rule} sum to {sum(weights)}, not to {WHOLE}"


def _owner_findings(item: Manifest, uids: dict[str, str]) -> Iterator[str]:
    meta = item["metadata"]
    owners = meta.get("ownerReferences", ())
    namespace = meta.get("namespace", "")
    gone = [o for o in owners if uids.get(o["uid"]) not in (namespace, "")]
    if gone and "deletionTimestamp" not in meta:
        names = ", ".join(f"{owner['kind']} {owner['name']}" for owner in gone)
        yield f"is owned by {names}, which is not there: collection is overdue"


def _weights(kind: Kind, item: Manifest) -> list[list[int]]:
    spec: dict[str, Any] = item.get("spec") or {}
    if kind == HTTP_ROUTE:
        return [_each_weight(rule.get("backendRefs", ())) for rule in spec.get("rules", ())]
    if kind == TRAEFIK_SERVICE:
        return [_each_weight((spec.get("weighted") or {}).get("services", ()))]
    return []


def _each_weight(items: Iterable[dict[str, Any]]) -> list[int]:
    return [item.get("weight", 1) for item in items]


def _is_ours(item: Manifest) -> bool:
    """Tell whether a controller of ours writes the object; others may weigh as they like."""
    entries = item["metadata"].get("managedFields", ())
    return any(entry["manager"].startswith("flagger-") for entry in entries)
