"""How an event is written, so that saying it twice makes one."""

import hashlib
from collections.abc import Mapping
from typing import Any

from flagger_py.clock import rfc3339_micro
from flagger_py.decision import Emit
from flagger_py.runtime.part import Part
from flagger_py.subject import Subject


def event_for(
    subject: Subject[Any, Any], emit: Emit, part: Part[Any, Any, Any], instance: str
) -> dict[str, Any]:
    """Render a core/v1 Event whose name is derived from what it says and what it belongs to.

    A pass repeated after a crash so makes the same Event again, and the API server keeps one.
    """
    token = emit.token or subject.meta.get("resourceVersion", "")
    state = (subject.uid, token, emit.reason, emit.message)
    suffix = hashlib.sha256("/".join(state).encode()).hexdigest()[:16]
    stamp = rfc3339_micro(subject.now)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{subject.name[:230]}.{suffix}",
            "namespace": subject.namespace,
            "annotations": {**_carried(subject), **_metadata(subject, part, token)},
        },
        "involvedObject": {
            "apiVersion": part.kind.api_version,
            "kind": part.kind.kind,
            "namespace": subject.namespace,
            "name": subject.name,
            "uid": subject.uid,
            "resourceVersion": subject.meta.get("resourceVersion", ""),
        },
        "reason": emit.reason,
        "message": emit.message[:1024],
        "type": emit.type,
        "eventTime": stamp,
        "action": emit.reason,
        "reportingComponent": part.manager,
        "reportingInstance": instance or part.manager,
        "firstTimestamp": None,
        "lastTimestamp": None,
    }


def _carried(subject: Subject[Any, Any]) -> dict[str, str]:
    """Return the annotations that Flux copies into every event of an object (RFC-0008)."""
    found = subject.annotations.items()
    return {key: value for key, value in found if key.startswith("event.toolkit.fluxcd.io/")}


def _metadata(subject: Subject[Any, Any], part: Part[Any, Any, Any], token: str) -> dict[str, str]:
    """Return what Flux's notification controller tells one event from another by.

    It keeps only keys below the group of the object, and drops as a duplicate for five minutes
    what says the same of the same object under equal revision and token.
    """
    found = {f"{part.kind.group}/token": token}
    spec = subject.manifest.get("spec")
    revision = spec.get("revision") if isinstance(spec, Mapping) else None
    if revision and isinstance(revision, str):
        found[f"{part.kind.group}/revision"] = revision
    return found
