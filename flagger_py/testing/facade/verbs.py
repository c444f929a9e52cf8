"""What a client's write asks of the store: the rules of PUT, POST, PATCH and DELETE."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flagger_py.refs import Key, key_of
from flagger_py.testing import refusal
from flagger_py.testing.facade.encoding import decode, decode_object
from flagger_py.testing.facade.paths import Place
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
JSON_PATCH = "application/json-patch+json"
MANAGER_CHARS_MAX = 128
_FORMS: Mapping[str, Any] = {MERGE: dict, JSON_PATCH: list}


class UnsupportedMediaType(refusal.Refusal):
    code, reason = HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "UnsupportedMediaType"


class MethodNotAllowed(refusal.Refusal):
    code, reason = HTTPStatus.METHOD_NOT_ALLOWED, "MethodNotAllowed"


@dataclass(frozen=True, slots=True)
class Write:
    """One request that changes something; *agent* is the User-Agent."""

    place: Place
    body: bytes
    content_type: str = "application/json"
    query: Mapping[str, str] = field(default_factory=dict)
    agent: str = ""
    accept: str = ""

    @property
    def subresource(self) -> str | None:
        return self.place.subresource or None

    @property
    def manager(self) -> str:
        """The field manager: as asked, else what comes before the slash of the User-Agent."""
        asked = self.query.get("fieldManager") or self.agent.partition("/")[0]
        return (asked or "unknown")[:MANAGER_CHARS_MAX]


def create(store: Store, write: Write) -> Manifest:
    """POST to a collection."""
    _no_dry_run(write)
    if write.place.name:
        raise MethodNotAllowed("the server does not allow this method on the requested resource")
    manifest = _placed(write, decode_object(write.body, write.content_type))
    meta = manifest["metadata"]
    if not meta.get("name") and not meta.get("generateName"):
        finding = "metadata.name: Required value: name or generateName is required"
        raise refusal.invalid(write.place.kind, "", (finding,))
    return store.create(manifest, write.manager)


def update(store: Store, write: Write) -> Manifest:
    """PUT of an object or a subresource."""
    _no_dry_run(write)
    manifest = _placed(write, decode_object(write.body, write.content_type))
    return store.update(manifest, write.manager, write.subresource)


def patch(store: Store, write: Write) -> tuple[Manifest, bool]:
    """PATCH of an object or a subresource; also tells whether that created the object."""
    _no_dry_run(write)
    place = write.place
    if write.content_type == APPLY:
        return _apply(store, write)
    if write.content_type not in _FORMS:
        raise UnsupportedMediaType(
            f"the body of the request was in an unknown format - accepted media types include: "
            f"{', '.join((APPLY, *_FORMS))}"
        )
    changes: Any = decode(write.body)
    if not isinstance(changes, _FORMS[write.content_type]):
        raise refusal.BadRequest(f"a body of {write.content_type} has another form")
    if "force" in write.query:
        raise _bad_options("force: Forbidden: may not be specified for non-apply patch")
    live = store.patch(place.kind, place.key, changes, write.manager, write.subresource)
    return live, False


def delete(store: Store, write: Write) -> tuple[Manifest | None, str]:
    """DELETE of an object: what is left of it and its uid; raises where a precondition fails."""
    _no_dry_run(write)
    options = decode_object(write.body) if write.body else {}
    policy = write.query.get("propagationPolicy") or options.get("propagationPolicy")
    if policy == "Orphan":
        raise refusal.BadRequest("propagationPolicy Orphan is not supported here")
    place = write.place
    live = store.get(place.kind, place.key)
    if live is None:
        raise refusal.not_found(place.kind, place.name)
    wanted = options.get("preconditions") or {}
    left = store.delete(
        place.kind, place.key, uid=wanted.get("uid"), version=wanted.get("resourceVersion")
    )
    return left, live["metadata"]["uid"]


def delete_all(store: Store, write: Write, items: Iterable[Manifest]) -> dict[str, Any]:
    """DELETE of a collection: mark or remove *items*, and say so."""
    _no_dry_run(write)
    for item in items:
        store.delete(write.place.kind, key_of(item))
    kind = write.place.kind
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"group": kind.group, "kind": kind.plural},
    }


def deleted_status(place: Place, uid: str) -> dict[str, Any]:
    """Return what the API server answers when nothing is left of an object."""
    kind = place.kind
    return {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": place.name, "group": kind.group, "kind": kind.plural, "uid": uid},
    }


def _apply(store: Store, write: Write) -> tuple[Manifest, bool]:
    if not write.query.get("fieldManager"):
        raise _bad_options("fieldManager: Required value: is required for apply patch")
    manifest = _placed(write, decode_object(write.body, write.content_type))
    if manifest["metadata"].get("managedFields"):
        raise refusal.BadRequest("metadata.managedFields must be nil")
    fresh = store.get(write.place.kind, write.place.key) is None
    force = write.query.get("force") == "true"
    live = store.apply(manifest, write.manager, force=force, subresource=write.subresource)
    return live, fresh


def _placed(write: Write, manifest: dict[str, Any]) -> dict[str, Any]:
    """Complete *manifest* by what the URL says; raises `BadRequest` where the two disagree."""
    place = write.place
    kind = place.kind
    stated = (manifest.get("apiVersion", kind.api_version), manifest.get("kind", kind.kind))
    if stated != (kind.api_version, kind.kind):
        raise refusal.BadRequest(
            f"the object provided is {stated[0]} {stated[1]}, the URL is that of "
            f"{kind.api_version} {kind.kind}"
        )
    meta = manifest.get("metadata") or {}
    if not isinstance(meta, Mapping):
        raise refusal.BadRequest("metadata must be an object")
    stated_key = Key(meta.get("namespace") or "", meta.get("name") or "")
    meta = {field: value for field, value in meta.items() if field not in ("namespace", "name")}
    meta |= _agreed(stated_key, place)
    return {**manifest, "apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}


def _agreed(stated: Key, place: Place) -> dict[str, str]:
    if stated.namespace and place.namespace and stated.namespace != place.namespace:
        raise refusal.BadRequest(
            f"the namespace of the provided object does not match the namespace sent on the "
            f"request: {stated.namespace} and {place.namespace}"
        )
    if stated.name and place.name and stated.name != place.name:
        raise refusal.BadRequest(
            f"the name of the object ({stated.name}) does not match the name on the URL "
            f"({place.name})"
        )
    found = {}
    if name := stated.name or place.name:
        found["name"] = name
    if place.kind.namespaced:
        if not place.namespace:
            raise MethodNotAllowed("a namespaced object is written within its namespace")
        found["namespace"] = place.namespace
    return found


def _no_dry_run(write: Write) -> None:
    if write.query.get("dryRun"):
        raise refusal.BadRequest("dryRun is not supported here: everything written is stored")


def _bad_options(finding: str) -> refusal.Invalid:
    return refusal.Invalid(f'PatchOptions.meta.k8s.io "" is invalid: {finding}')
