"""Whose an object is that a Canary needs and did not make: shared questions, a primary that exists.

A referenced route, analysis or gate answers one question at a time, so that it serves one Canary.
Which one is said in an annotation of the object itself. It is written on condition that nobody
wrote the object in between, and it is void when that Canary is gone or refers to it no more.
"""

from collections.abc import Mapping
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.decision import Apply, Force
from flagger_py.errors import SpecError
from flagger_py.refs import controlled_by
from flagger_py.wire import Manifest

from .case import Case
from .configs import MANAGED_BY
from .phases import Phase

ASKED_BY = "flagger.app/asked-by"
"""The annotation that names the Canary whose question an object answers."""


def claimant_of(manifest: Manifest) -> str:
    """Return the name of the Canary that asks *manifest*, empty when none does."""
    return str((manifest["metadata"].get("annotations") or {}).get(ASKED_BY, ""))


def refers(canary: Manifest, kind: str, name: str) -> bool:
    """Tell whether *canary* asks the object of that kind and name."""
    spec = canary["spec"]
    analysis = spec.get("analysis") or {}
    listed = (*(analysis.get("analysisRefs") or ()), *(analysis.get("gateRefs") or ()))
    refs = (spec.get("routeRef") or {}, *listed)
    return any(ref.get("kind") == kind and ref.get("name") == name for ref in refs)


def ask(case: Case, manifest: Manifest, spec: Mapping[str, Any], force: Force) -> Apply:
    """Ask *manifest* by the fields of *spec*, and by nothing else; claim it where it is free."""
    live = manifest["metadata"]
    meta = {
        "name": live["name"],
        "namespace": case.subject.namespace,
        "annotations": {ASKED_BY: case.subject.name},
    }
    if claimant_of(manifest) != case.subject.name and "resourceVersion" in live:
        meta["resourceVersion"] = live["resourceVersion"]
    asked = {
        "apiVersion": manifest["apiVersion"],
        "kind": manifest["kind"],
        "metadata": meta,
        "spec": dict(spec),
    }
    return Apply(asked, force)


def refuse_shared(case: Case) -> None:
    """Raise SpecError for a referenced object that answers another Canary's question."""
    for child in case.seen.asked:
        if child.asked_by:
            raise SpecError(
                f"{child} answers the questions of Canary {child.asked_by}: give Canary "
                f"{case.canary_ref} an object of its own, or take the reference out of "
                f"{child.asked_by}",
                reason=Reason.ASKED_BY_ANOTHER,
            )


def refuse_primary(case: Case) -> None:
    """Raise SpecError before the first copy, for a primary that is not this Canary's to write."""
    primary = case.seen.primary
    if primary is None or case.phase not in (Phase.NEW, Phase.INITIALIZING):
        return
    if controlled_by(primary, case.subject.uid):
        return
    name = f"Deployment {case.primary_ref}"
    owners = primary["metadata"].get("ownerReferences") or ()
    owner = next((owner for owner in owners if owner.get("controller")), None)
    if owner is not None:
        raise SpecError(
            f"{name} belongs to {owner['kind']} {owner['name']} (uid {owner['uid']}), and a "
            f"primary serves one Canary; delete {owner['name']} or wait until its objects are "
            f"gone, or give Canary {case.canary_ref} another target",
            reason="OwnedByAnother",
        )
    labels = primary["metadata"].get("labels") or {}
    if not MANAGED_BY.items() <= labels.items():
        ((label, value),) = MANAGED_BY.items()
        raise SpecError(
            f"{name} exists already and nobody made it for Canary {case.canary_ref}, which would "
            f"overwrite it; delete or rename it, or label it {label}={value} to hand it over",
            reason="OwnedByAnother",
        )
