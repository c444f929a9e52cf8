"""What a person did, written to the object and recorded in an Event on it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import uuid4

from flagger_py.clock import rfc3339_micro
from flagger_py.errors import FlaggerError, Unavailable
from flagger_py.refs import Kind, key_of
from flagger_py.runtime.client import EVENT
from flagger_py.wire import Manifest

from .access import Access
from .orders import Order

COMPONENT = "flagger-cli"


async def carry_out(
    access: Access, kind: Kind, manifest: Manifest, order: Order, now: datetime
) -> None:
    """Write *order* to the object and record who gave it.

    Raises `Unavailable` when it was carried out and could not be recorded.
    """
    params = {"fieldManager": order.manager, "force": "true"}
    bare = _identity(kind, manifest)
    await access.client.apply(kind, _merged(bare, order.body), params=params)
    if order.release:
        await access.client.apply(kind, bare, params=params)
    try:
        await access.client.create(EVENT, record(kind, manifest, order, access.user, now))
    except FlaggerError as error:
        raise Unavailable(
            f"{kind.kind} {key_of(manifest)}: {order.sentence}, which could not be recorded as an "
            f"Event: {error.message}"
        ) from error


def record(
    kind: Kind, manifest: Manifest, order: Order, user: str, now: datetime
) -> dict[str, Any]:
    """Return the Event that says who did what; *user* is what a kubeconfig claims."""
    meta = manifest["metadata"]
    stamp = rfc3339_micro(now)
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{meta['name'][:230]}.{uuid4().hex[:16]}",
            "namespace": meta.get("namespace", ""),
        },
        "involvedObject": {
            "apiVersion": kind.api_version,
            "kind": kind.kind,
            "namespace": meta.get("namespace", ""),
            "name": meta["name"],
            "uid": meta.get("uid", ""),
            "resourceVersion": meta.get("resourceVersion", ""),
        },
        "type": "Normal",
        "reason": order.deed.value,
        "message": f"{user} (as the kubeconfig says) {order.sentence}",
        "action": order.deed.value,
        "eventTime": stamp,
        "reportingComponent": COMPONENT,
        "reportingInstance": COMPONENT,
    }


def _identity(kind: Kind, manifest: Manifest) -> dict[str, Any]:
    key = key_of(manifest)
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": key.name, "namespace": key.namespace},
    }


def _merged(bare: Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {**bare["metadata"], **body.get("metadata", {})}
    return {**bare, **body, "metadata": metadata}
