"""When a request to look again was handled, and what came of it: Flux's rules, read on a status.

The annotation is Flux's `reconcile.fluxcd.io/requestedAt`; a controller repeats its value in
`status.lastHandledReconcileAt`. Whether an object is at rest is decided as kstatus does
(fluxcd/cli-utils, `status.Compute`).
"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

from flagger_py.conditions import READY, RECONCILING, STALLED
from flagger_py.contracts import status_of
from flagger_py.errors import SpecError
from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import Scope
from flagger_py.subject import FORCE_AT, REQUESTED_AT, RESET_AT
from flagger_py.wire import Manifest

from .access import Access
from .following import follow

MANAGER = "flagger-cli-reconcile"


@dataclass(frozen=True, slots=True)
class Request:
    """One request: *token* tells it from others, *force* and *reset* are Flux's one-off wishes."""

    token: str
    force: bool = False
    reset: bool = False

    @property
    def patch(self) -> dict[str, Any]:
        """The merge patch that makes it; the wishes count only with an equal value."""
        asked = {REQUESTED_AT: True, FORCE_AT: self.force, RESET_AT: self.reset}
        annotations = {name: self.token for name, wanted in asked.items() if wanted}
        return {"metadata": {"annotations": annotations}}


@dataclass(frozen=True, slots=True)
class Rest:
    """An object at rest: whether all is *well*, and the sentence that says so."""

    well: bool
    sentence: str


async def request(access: Access, kind: Kind, key: Key, wanted: Request) -> None:
    """Annotate the object; raises `SpecError` when there is none, or nobody would look at it."""
    found = await access.need(kind, key)
    if (found.get("spec") or {}).get("suspend"):
        instead = f"flagger-py resume {key}" if kind.kind == "Canary" else "spec.suspend: false"
        raise SpecError(f"{kind.kind} {key} is suspended; {instead} comes first")
    await access.client.merge(kind, key, wanted.patch, manager=MANAGER)


async def until(
    access: Access, kind: Kind, key: Key, enough: Callable[[Manifest], bool]
) -> Manifest:
    """Wait for the object to be *enough*, and return it; raises `SpecError` when it is deleted."""
    scope = Scope(kind, key.namespace, key.name)
    async with aclosing(follow(access.client, scope)) as batches:
        async for batch in batches:
            for seen in batch:
                if not seen.gone and enough(seen.manifest):
                    return seen.manifest
            if not batch or any(seen.gone for seen in batch):
                break
    raise SpecError(f"{kind.kind} {key} was deleted before it was looked at")


def handled(manifest: Manifest, token: str) -> bool:
    """Tell whether the request *token*, or one that came after it, was handled."""
    annotations = manifest["metadata"].get("annotations") or {}
    asked = (token, annotations.get(REQUESTED_AT, token))
    return status_of(manifest).get("lastHandledReconcileAt") in asked


def rest(manifest: Manifest) -> Rest | None:
    """Return how an object came to rest, None while it is under way."""
    meta, status = manifest["metadata"], status_of(manifest)
    if "deletionTimestamp" in meta:
        return Rest(False, "it is being deleted")
    if status.get("observedGeneration") != meta.get("generation"):
        return None
    for condition in status.get("conditions") or ():
        if condition.get("status") != "True":
            continue
        if condition.get("type") == RECONCILING:
            return None
        if condition.get("type") in (STALLED, READY):
            return Rest(condition["type"] == READY, str(condition.get("message", "")))
    return None
