"""How Flux and kstatus judge a status, and which statuses no Flux controller would write.

Restated from the behaviour of kstatus (cli-utils 1.2) for custom resources, and of Flux's
`runtime/conditions/check`, whose codes the findings carry.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from flagger_py.contracts import condition_of, status_of
from flagger_py.wire import Manifest

_Condition = Mapping[str, Any]


class Health(StrEnum):
    """What `Kustomization.spec.wait` and `flux reconcile` make of an object."""

    CURRENT = "Current"
    IN_PROGRESS = "InProgress"
    FAILED = "Failed"
    TERMINATING = "Terminating"


def kstatus(manifest: Manifest) -> tuple[Health, str]:
    """Judge a custom resource; the second item says why, in the object's own words.

    An object without a status is Current, and Ready=False alone is no failure: only Stalled is.
    """
    meta, status = manifest["metadata"], status_of(manifest)
    if "deletionTimestamp" in meta:
        return Health.TERMINATING, "is being deleted"
    observed, generation = status.get("observedGeneration"), meta.get("generation")
    if observed is not None and generation is not None and observed != generation:
        return Health.IN_PROGRESS, f"generation {generation} was not looked at, only {observed}"
    for condition in status.get("conditions") or ():
        if condition["status"] != "True":
            continue
        if condition["type"] == "Reconciling":
            return Health.IN_PROGRESS, condition.get("message", "")
        if condition["type"] == "Stalled":
            return Health.FAILED, condition.get("message", "")
    ready = condition_of(status, "Ready")
    if not ready or ready["status"] == "True":
        return Health.CURRENT, ready.get("message", "")
    return Health.IN_PROGRESS, ready.get("message", "")


def violations(manifest: Manifest, at_rest: bool) -> tuple[str, ...]:
    """Return the rules that a status breaks, empty when it breaks none.

    *at_rest* means that the controller is done for now; an object between two steps is not, and
    only has to keep the rules for patches under way.
    """
    if not condition_of(status_of(manifest), "Ready"):
        return ("FAIL0002 there must be a Ready condition",)
    rules = (_always, _resting) if at_rest else (_always, _moving)
    return tuple(finding for rule in rules for finding in rule(manifest))


def _always(manifest: Manifest) -> Iterator[str]:
    status = status_of(manifest)
    ready, reconciling, stalled = (
        condition_of(status, kind) for kind in ("Ready", "Reconciling", "Stalled")
    )
    if _true(stalled) and ready["status"] != "False":
        yield "FAIL0004 what is Stalled is not ready: Ready must be False"
    if reconciling and stalled:
        yield "FAIL0005 Reconciling and Stalled cannot be there together"
    if status.get("observedGeneration", 0) > manifest["metadata"].get("generation", 0):
        yield "FAIL0006 observedGeneration is ahead of the generation"
    for code, condition in (("WARN0003", reconciling), ("WARN0004", stalled)):
        if condition.get("status") == "False":
            yield f"{code} {condition['type']}=False must be left out instead"
    for condition in status["conditions"]:
        if condition.get("observedGeneration", 0) < 1:
            yield f"WARN0005 {condition['type']} does not say which generation it is about"


def _moving(manifest: Manifest) -> Iterator[str]:
    status = status_of(manifest)
    unknown = condition_of(status, "Ready")["status"] == "Unknown"
    if unknown and not _true(condition_of(status, "Reconciling")):
        yield "FAIL0011 Ready may be Unknown only while Reconciling is True"


def _resting(manifest: Manifest) -> Iterator[str]:
    status = status_of(manifest)
    ready, reconciling, stalled = (
        condition_of(status, kind) for kind in ("Ready", "Reconciling", "Stalled")
    )
    against = [c["type"] for c in (stalled, reconciling) if _true(c)]
    if _true(ready) and against:
        yield f"FAIL0001 Ready is True while {against} is too"
    if _true(reconciling) and ready["status"] != "False":
        yield "FAIL0003 what is at rest and Reconciling is not ready: Ready must be False"
    present = [c["type"] for c in (stalled, reconciling) if c]
    if _true(ready) and present:
        yield f"WARN0001 a ready object still carries {present}"
    if _true(ready) and not against:
        yield from _ready_for_its_generation(manifest)


def _ready_for_its_generation(manifest: Manifest) -> Iterator[str]:
    status, generation = status_of(manifest), manifest["metadata"].get("generation", 0)
    observed = status.get("observedGeneration", 0)
    if observed < generation:
        yield f"FAIL0007 Ready is True of generation {observed}, the present one is {generation}"
    for condition in status["conditions"]:
        about = condition.get("observedGeneration", 0)
        if about < generation:
            yield f"FAIL0008 {condition['type']} is about generation {about} of {generation}"
        if about != observed:
            yield f"FAIL0009 {condition['type']} is about generation {about}, status {observed}"


def _true(condition: _Condition) -> bool:
    return bool(condition.get("status") == "True")
