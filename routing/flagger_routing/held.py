"""Which split can be put in force while the present service cannot: traffic must always go back.

A service that the router cannot express, or that the API server refuses, stalls the TrafficRoute.
The shares of a route that we wrote before still move, for a canary that fails must be left.
"""

from typing import Any

from flagger_py.conditions import STALLED
from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_py.owned import applied_fields
from flagger_py.wire import Manifest

from .api import MANAGER, Refused
from .case import Case, Seen
from .objects import digest
from .plan import Want
from .routers.contract import Accepted, Unjudged

REFUSALS = ("InvalidSpec", "AdmissionDenied")
"""Reasons of the shell when the API server would not store what a pass wrote."""
_MOVING = ("primary", "canary")
_OF_OTHERS = ("split", "schedule", "apexReady", "revertOnDeletion", "suspend")
"""Fields of the spec that say nothing about how requests are treated."""


def moved(case: Case, seen: Seen, split: Split) -> tuple[Want, ...] | None:
    """Return our own live routes with *split* and nothing else new; None where there are none."""
    routes = case.routes(seen)
    if not routes or not all(applied_fields(route, MANAGER) for route in routes):
        return None
    found = case.router.moved(routes, case.request(split))
    if found is None:
        return None
    wants = [_ours_alone(manifest) for manifest in found]
    return tuple(Want(one, one, lists_are_ours=True) for one in wants)


def refused(case: Case, seen: Seen, split: Split) -> Refused | None:
    """Return what the API server said to the present service; None where it is to be tried.

    It is tried again and again once *split* is in force as it is: failing then delays nothing.
    That it was refused is known from the condition that the shell left at this generation, and
    then remembered for as long as only the shares change.
    """
    found = _said(case)
    return None if found is None or _at_rest(case, seen, split) else found


def error_of(refusal: Refused) -> SpecError:
    return SpecError(refusal.message, reason=refusal.reason)


def _said(case: Case) -> Refused | None:
    status = case.subject.status
    if status.refused is not None and status.refused.digest == _mark(case):
        return status.refused
    for condition in status.conditions:
        if (
            condition.type == STALLED
            and condition.status == "True"
            and condition.reason in REFUSALS
            and condition.observed_generation == case.subject.generation
        ):
            return Refused(digest=_mark(case), reason=condition.reason, message=condition.message)
    return None


def _at_rest(case: Case, seen: Seen, split: Split) -> bool:
    kept = case.subject.status.in_force
    if kept is None or kept.split != split:
        return False
    routes, request = case.routes(seen), case.request(split)
    wanted = case.router.moved(routes, request)
    if wanted is None or case.router.read(routes, request) != case.router.read(wanted, request):
        return False
    judgement = case.router.judge(routes)
    if isinstance(judgement, Unjudged):
        return not case.judged_by(seen)
    return isinstance(judgement, Accepted)


def _mark(case: Case) -> str:
    """Return what stays the same while only the shares change."""
    spec = case.subject.spec.wire()
    treated = {name: value for name, value in spec.items() if name not in _OF_OTHERS}
    split = case.asked.split.wire()
    return digest([treated, {name: split[name] for name in split if name not in _MOVING}])


def _ours_alone(manifest: Manifest) -> dict[str, Any]:
    """Return of a live object what we apply of it: the rest is somebody else's."""
    owned = applied_fields(manifest, MANAGER)
    meta: Manifest = manifest["metadata"]
    kept = {
        field: {name: value for name, value in meta[field].items() if f"f:{name}" in ours}
        for field in ("labels", "annotations")
        if field in meta and (ours := owned.get("f:metadata", {}).get(f"f:{field}", {}))
    }
    ours = owned.get("f:spec", {})
    return {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": {"name": meta["name"], "namespace": meta["namespace"], **kept},
        "spec": {name: value for name, value in manifest["spec"].items() if f"f:{name}" in ours},
    }
