"""What we say to an API server: the parameters and bodies of each verb, and its refusals.

Every method raises what `refusals.refusal` makes of an answer that is not a success. Methods that
take *account* act as that user: the API server itself adds a ServiceAccount's groups, so that
no right to impersonate groups is needed.
"""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.errors import Unavailable
from flagger_py.refs import Key, Kind, key_of
from flagger_py.runtime.paths import collection, demand_name, discovery, path
from flagger_py.runtime.refusals import Ask, about_object, refusal
from flagger_py.runtime.sent import Event, Page, UnreadableError, event_of, page_of
from flagger_py.runtime.transport import Call, Reply, Transport
from flagger_py.wire import Manifest

APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
PAGE_ITEMS_MAX = 500
LEASE = Kind("coordination.k8s.io", "v1", "Lease", "leases")
EVENT = Kind("", "v1", "Event", "events")
REVIEW = Kind(
    "authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", namespaced=False
)
SELF_REVIEW = Kind(
    "authorization.k8s.io",
    "v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    namespaced=False,
)
_LIST_TIMEOUT_S = 120.0
_NOT_FOUND = 404
_CONFLICT = 409
_BAD = 400


@dataclass(frozen=True, slots=True)
class Scope:
    """Which objects of a kind a list or watch is about, and as whom; empty means all."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    labels: str = ""
    account: str | None = None

    def ask(self, verb: str) -> Ask:
        return Ask(verb, self.kind, Key(self.namespace, self.name), self.account)

    def params(self) -> dict[str, str]:
        found = {}
        if self.labels:
            found["labelSelector"] = self.labels
        if self.name:
            demand_name(self.kind, Key(self.namespace, self.name))
            found["fieldSelector"] = f"metadata.name={self.name}"
        return found


class Client:
    """The verbs; a thin layer, no cache and no policy."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def get(self, kind: Kind, key: Key, *, account: str | None = None) -> Manifest | None:
        """Return the object as it is now, None when there is none."""
        reply = await self._transport.send(Call("GET", path(kind, key), account=account))
        if reply.code == _NOT_FOUND and about_object(reply.said(), kind):
            return None
        return _good(reply, Ask("get", kind, key, account))

    async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
        """List in pages, as of now and not as of some cache; the last has the final version.

        Without a resourceVersion the API server answers with the most recent state, see
        https://kubernetes.io/docs/reference/using-api/api-concepts/#semantics-for-get-and-list.
        """
        params = {**scope.params(), "limit": str(PAGE_ITEMS_MAX)}
        where = collection(scope.kind, scope.namespace)
        ask = scope.ask("list")
        while True:
            call = Call("GET", where, params, account=scope.account, timeout_s=_LIST_TIMEOUT_S)
            reply = _granted(await self._transport.send(call), ask)
            try:
                page = page_of(reply.raw, scope.kind)
            except UnreadableError as error:
                raise _unreadable(ask) from error
            yield page
            if not page.token:
                return
            params = {**params, "continue": page.token}

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Event, None]:
        """Yield watch events from *version* on, until the server ends the stream."""
        params = {
            **scope.params(),
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": version,
            "timeoutSeconds": str(timeout_s),
        }
        where = collection(scope.kind, scope.namespace)
        async with self._transport.stream(Call("GET", where, params, account=scope.account)) as (
            reply,
            content,
        ):
            _granted(reply, scope.ask("watch"))
            rest = b""
            async for chunk in content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n") if rest else chunk.split(b"\n")
                for line in lines:
                    if line:
                        yield _event(line, scope)

    async def apply(
        self,
        kind: Kind,
        manifest: Manifest,
        *,
        params: Mapping[str, str],
        account: str | None = None,
        subresource: str = "",
    ) -> Manifest:
        """Server-side apply; *params* are `fieldManager` and `force`."""
        key = key_of(manifest)
        where = path(kind, key) + (f"/{subresource}" if subresource else "")
        call = Call("PATCH", where, params, manifest, APPLY, account)
        return _good(await self._transport.send(call), Ask("patch", kind, key, account))

    async def merge(
        self, kind: Kind, key: Key, patch: Mapping[str, Any], *, manager: str
    ) -> Manifest:
        """Change an object by a JSON merge patch; `Conflict` when its resourceVersion is old."""
        call = Call("PATCH", path(kind, key), {"fieldManager": manager}, patch, MERGE)
        return _good(await self._transport.send(call), Ask("patch", kind, key))

    async def delete(self, kind: Kind, key: Key, *, uid: str, account: str | None = None) -> None:
        """Delete in the background the object that has *uid*; another or none is fine."""
        options = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }
        call = Call("DELETE", path(kind, key), body=options, account=account)
        reply = await self._transport.send(call)
        gone = reply.code == _NOT_FOUND and about_object(reply.said(), kind)
        if not gone and reply.code != _CONFLICT:
            _good(reply, Ask("delete", kind, key, account))

    async def create(self, kind: Kind, manifest: Manifest, *, repeatable: bool = True) -> Manifest:
        """Create; raises `Conflict` when an object of that name exists."""
        key = key_of(manifest)
        call = Call("POST", collection(kind, key.namespace), body=manifest, repeatable=repeatable)
        return _good(await self._transport.send(call), Ask("create", kind, key))

    async def replace(self, kind: Kind, manifest: Manifest, *, timeout_s: float) -> Manifest:
        """Write the whole object once; `Conflict` when its resourceVersion is old."""
        key = key_of(manifest)
        call = Call("PUT", path(kind, key), body=manifest, timeout_s=timeout_s, repeatable=False)
        return _good(await self._transport.send(call), Ask("update", kind, key))

    async def discover(self, api_version: str) -> tuple[Kind, ...]:
        """Return the kinds served under *api_version*, none when it is not served."""
        reply = await self._transport.send(Call("GET", discovery(api_version)))
        if reply.code == _NOT_FOUND:
            return ()
        group, _, version = api_version.rpartition("/")
        nowhere = Ask("discover", Kind(group, version, "", api_version), Key("", ""))
        return tuple(
            Kind(group, version, item["kind"], item["name"], namespaced=item["namespaced"])
            for item in _good(reply, nowhere).get("resources") or ()
            if "/" not in item["name"]
        )

    async def allowed(self, account: str | None, ask: Ask) -> tuple[bool, str]:
        """Ask the API server whether *account*, or we where it is None, may do *ask*, and why."""
        kind = SELF_REVIEW if account is None else REVIEW
        attributes = {
            "verb": ask.verb,
            "group": ask.kind.group,
            "version": ask.kind.version,
            "resource": ask.kind.plural,
            "namespace": ask.key.namespace,
            "name": ask.key.name,
        }
        spec: dict[str, object] = {"resourceAttributes": {k: v for k, v in attributes.items() if v}}
        if account is not None:
            spec |= {"user": account, "groups": groups_of(account)}
        body = {"apiVersion": kind.api_version, "kind": kind.kind, "spec": spec}
        reply = await self._transport.send(Call("POST", collection(kind, ""), body=body))
        status = _good(reply, Ask("create", kind, Key("", ""))).get("status") or {}
        return bool(status.get("allowed")), str(status.get("reason", ""))


def groups_of(account: str) -> list[str]:
    """Return the groups that the API server counts a ServiceAccount's user name to."""
    _, _, namespace, _ = account.split(":", 3)
    return [
        "system:serviceaccounts",
        f"system:serviceaccounts:{namespace}",
        "system:authenticated",
    ]


def _granted(reply: Reply, ask: Ask) -> Reply:
    """Return the *reply* of a success; raises what the refusal means."""
    if reply.code >= _BAD:
        raise refusal(reply.code, reply.said(), ask, reply.retry_after_s)
    return reply


def _good(reply: Reply, ask: Ask) -> Manifest:
    """Return the body of a success; raises what the refusal means."""
    body = _granted(reply, ask).json()
    if body is None:
        raise _unreadable(ask)
    return body


def _event(line: bytes, scope: Scope) -> Event:
    """Read one line of a watch."""
    try:
        return event_of(line)
    except UnreadableError as error:
        raise _unreadable(scope.ask("watch")) from error


def _unreadable(ask: Ask) -> Unavailable:
    """Say that a proxy, or a server that is only starting, answers in the API server's place."""
    return Unavailable(f"{ask}: the answer is none of an API server; something else answers for it")
