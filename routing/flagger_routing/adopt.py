"""What an object said before we changed it, and how it is handed back."""

import json
from collections.abc import Mapping
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.decision import Apply, Force
from flagger_py.errors import SpecError
from flagger_py.refs import SERVICE
from flagger_py.wire import Manifest

from .api import Adopted, Selectors
from .objects import TOOLKIT_ANNOTATIONS, ident_of, spoken, version_of

ORIGINAL_CHARS_MAX = 16_384
_SERVICE_FIELDS = ("selector", "ports")


def original(live: Manifest, part: Manifest, selectors: Selectors | None) -> Adopted:
    """Return what *live* says in the fields that *part* will change.

    *selectors* are given for the apex: where it means the primary's pods already, another
    controller (Flagger) switched it, and what is handed back means the canary's, the target's own.
    `SpecError` when it is too much to be remembered.
    """
    spec = live.get("spec") or {}
    if live["kind"] == SERVICE.kind:
        spec = {name: spec[name] for name in _SERVICE_FIELDS if name in spec}
    meta = {
        field: kept
        for field in ("labels", "annotations")
        if (kept := _overwritten(live, part, field))
    }
    if selectors is not None and spec.get("selector") == dict(selectors.primary):
        spec = {**spec, "selector": dict(selectors.canary)}
        meta = {**meta, "annotations": _enabled(meta.get("annotations", {}))}
    fields = {"metadata": meta, "spec": spec}
    if len(json.dumps(fields)) > ORIGINAL_CHARS_MAX:
        raise SpecError(
            f"{spoken(live)} exists and is too large to be handed back later; delete it or "
            "choose another name in spec.names",
            reason=Reason.NOT_SUPPORTED,
        )
    return Adopted(
        api_version=live["apiVersion"],
        kind=live["kind"],
        name=live["metadata"]["name"],
        uid=str(live["metadata"].get("uid", "")),
        fields=fields,
    )


def handed_back(adopted: Adopted, live: Manifest) -> Apply:
    """Write what *live* said before; what we added goes, since nobody applies it any more."""
    meta = live["metadata"]
    manifest: dict[str, Any] = {
        "apiVersion": adopted.api_version,
        "kind": adopted.kind,
        "metadata": {
            "name": adopted.name,
            "namespace": meta["namespace"],
            "resourceVersion": version_of(live),
            **adopted.fields.get("metadata", {}),
        },
        "spec": adopted.fields.get("spec", {}),
    }
    return Apply(manifest, Force.OR_TOLERATE)


def record_of(records: tuple[Adopted, ...], live: Manifest) -> Adopted | None:
    """Return the record of this very object; one of that name with another uid is another."""
    uid = str(live["metadata"].get("uid", ""))
    return next((a for a in records if a.ident == ident_of(live) and a.uid == uid), None)


def _overwritten(live: Manifest, part: Manifest, field: str) -> dict[str, str]:
    present: Mapping[str, str] = live["metadata"].get(field) or {}
    return {key: present[key] for key in part["metadata"].get(field) or {} if key in present}


def _enabled(annotations: Mapping[str, str]) -> dict[str, str]:
    """Let Flux see an object again that Flagger hid from it.

    An annotation that another manager wrote cannot be removed by server-side apply.
    """
    return {
        key: "enabled" if TOOLKIT_ANNOTATIONS.get(key) == value else value
        for key, value in annotations.items()
    }
