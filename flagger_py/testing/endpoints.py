"""What of an object each endpoint of the API may write: all but the status, or the status alone."""

from typing import Any

from flagger_py.owned import content
from flagger_py.refs import Key
from flagger_py.testing import refusal
from flagger_py.testing.merge import copied, nulls
from flagger_py.testing.ownership import Held
from flagger_py.testing.served import Served
from flagger_py.wire import Manifest

Json = dict[str, Any]


def nulls_settled(served: Served, key: Key, held: Held) -> Held:
    """Leave out what became null, or refuse it as the schema of a custom resource does."""
    found = tuple(nulls(held.body))
    if not found:
        return held
    if served.versioned_updates:
        said = 'Invalid value: "null": must be of type object: "null"'
        raise refusal.invalid(served.kind, key.name, tuple(f"{path}: {said}" for path in found))
    return Held(copied(held.body), held.entries)


def without_status(served: Served, body: Json) -> Json:
    """Return *body* as the main endpoint takes it."""
    return {k: v for k, v in body.items() if k != "status" or not served.status}


def defaulted(served: Served, manifest: Manifest, body: Json) -> Json:
    """Return *body* with defaults, which belong to whoever writes without apply."""
    named = {"name": manifest["metadata"]["name"], **body.get("metadata", {})}
    try:
        found = content(served.default({**body, "metadata": named}))
    except KeyError:
        return body  # A required field is missing; validation will say which.
    return (
        {**found, "status": body["status"]} if "status" in body else without_status(served, found)
    )


def replaced(served: Served, live: Manifest, wanted: Json, subresource: str | None) -> Json:
    """Return the body after a PUT of *wanted* that may touch *subresource* only, or all else."""
    if not served.status:
        return wanted
    body = content(live)
    source, other = (wanted, body) if subresource == "status" else (body, wanted)
    found = {k: v for k, v in other.items() if k != "status"}
    return {**found, "status": source["status"]} if "status" in source else found
