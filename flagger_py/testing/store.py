"""What a cluster's API server holds, and what each kind of write makes of it.

Objects are JSON values that nobody changes in place: a write makes a new one that shares what did
not change with the old. All methods are synchronous; refused requests raise `Refusal`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flagger_py.clock import Clock, rfc3339
from flagger_py.owned import content
from flagger_py.refs import NAMESPACE, Key, Kind, key_of
from flagger_py.testing import refusal
from flagger_py.testing.discovery import Discovery, in_version
from flagger_py.testing.endpoints import defaulted, nulls_settled, replaced, without_status
from flagger_py.testing.history import Change
from flagger_py.testing.labels import Selector, selected
from flagger_py.testing.merge import copied
from flagger_py.testing.ownership import APPLY, UPDATE, Held, Writer, applied, updated
from flagger_py.testing.patches import json_patched, merge_patched
from flagger_py.testing.records import Records, dying, held_of
from flagger_py.testing.served import BUILT_IN, Served
from flagger_py.wire import Manifest

Json = dict[str, Any]
SOMEBODY = "somebody"


class Store(Discovery):
    """An in-memory API server. *manager* is the field manager a write is recorded under.

    Namespaces come into being with their first object. Times come from *clock*.
    """

    def __init__(self, clock: Clock, kinds: Iterable[Served] = BUILT_IN) -> None:
        super().__init__(tuple(kinds))
        self._clock = clock
        self._records = Records()

    @property
    def version(self) -> int:
        """The resourceVersion of the newest change to anything."""
        return self._records.version

    def unregister(self, kind: Kind) -> None:
        """Serve *kind* no more; its objects are gone without an event."""
        self._records.forget(self.served(kind).kind)
        del self._kinds[kind.group, kind.kind]

    def get(self, kind: Kind, key: Key) -> Manifest | None:
        """Return an object, None when there is none of that name."""
        served = self.served(kind)
        found = self._records.get(served.kind, key)
        return None if found is None else in_version(kind, found)

    def list(
        self, kind: Kind, namespace: str | None = None, labels: Selector | None = None
    ) -> tuple[Manifest, ...]:
        """Return the objects, sorted by namespace and name, that *labels* select."""
        found = self._records.all(self.served(kind).kind, namespace)
        return tuple(
            in_version(kind, item)
            for item in found
            if labels is None or selected(labels, item["metadata"].get("labels") or {})
        )

    def create(self, manifest: Manifest, manager: str = SOMEBODY) -> Manifest:
        """Create an object (POST); its status is dropped where status is a subresource."""
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        served = self.served(kind)
        manifest = copied(manifest)
        meta = manifest["metadata"]
        if "name" not in meta:
            meta["name"] = meta["generateName"] + self._records.suffix()
        key = key_of(manifest)
        writer = self._writer(kind, manager, UPDATE, None)
        body = defaulted(served, manifest, without_status(served, content(manifest)))
        held = updated(Held({}, []), body, writer, served.shape)
        return in_version(kind, self._made(served, key, held))

    def update(
        self, manifest: Manifest, manager: str = SOMEBODY, subresource: str | None = None
    ) -> Manifest:
        """Replace an object or its *subresource* (PUT), if its resourceVersion is the present."""
        kind, served, live = self._live(manifest, subresource)
        stated = manifest["metadata"].get("resourceVersion")
        if stated is None and served.versioned_updates:
            why = "metadata.resourceVersion: Invalid value: 0: must be specified for an update"
            raise refusal.invalid(kind, key_of(manifest).name, (why,))
        self._check(kind, live, manifest["metadata"].get("uid"), stated)
        body = replaced(served, live, content(copied(manifest)), subresource)
        body = defaulted(served, manifest, body)
        writer = self._writer(kind, manager, UPDATE, subresource)
        held = updated(held_of(live), body, writer, served.shape)
        return in_version(kind, self._records.change(served, live, held))

    def put(self, manifest: Manifest, manager: str = SOMEBODY) -> Manifest:
        """Create the object or replace it whole, whatever its resourceVersion."""
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        live = self.get(kind, key_of(manifest))
        if live is None:
            return self.create(manifest, manager)
        version = live["metadata"]["resourceVersion"]
        return self.update(_at_version(manifest, version), manager)

    def patch(
        self,
        kind: Kind,
        key: Key,
        patch: Mapping[str, Any] | Sequence[Mapping[str, Any]],
        manager: str = SOMEBODY,
        subresource: str | None = None,
    ) -> Manifest:
        """Change an object by a JSON merge patch, or by a JSON patch where *patch* is a list."""
        live = self.get(kind, key)
        if live is None:
            raise refusal.not_found(kind, key.name)
        if isinstance(patch, Mapping):
            wanted = merge_patched(live, patch)
        else:
            wanted = json_patched(live, patch)
        return self.update(wanted, manager, subresource)

    def set_status(
        self, kind: Kind, key: Key, status: Mapping[str, Any], manager: str = SOMEBODY
    ) -> Manifest:
        """Replace the status of an object through its subresource."""
        return self.patch(
            kind, key, [{"op": "add", "path": "/status", "value": status}], manager, "status"
        )

    def apply(
        self,
        manifest: Manifest,
        manager: str,
        *,
        force: bool = False,
        subresource: str | None = None,
    ) -> Manifest:
        """Server-side apply: create the object, or make what *manager* owns of it just this."""
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        served = self.served(kind)
        key, meta = key_of(manifest), manifest["metadata"]
        live = self._records.get(served.kind, key)
        if subresource is not None and (live is None or not served.status):
            raise refusal.not_found(kind, key.name)
        self._check(kind, live or _nothing(manifest), meta.get("uid"), meta.get("resourceVersion"))
        stated = content(copied(manifest))
        if subresource is None:
            stated = without_status(served, stated)
        else:
            stated = {name: v for name, v in stated.items() if name == subresource}
        writer = self._writer(kind, manager, APPLY, subresource)
        before = held_of(live) if live else Held({}, [])
        held = applied(before, stated, writer, force=force, shape=served.shape)
        held = nulls_settled(served, key, held)
        found = self._records.change(served, live, held) if live else self._made(served, key, held)
        return in_version(kind, found)

    def delete(
        self,
        kind: Kind,
        key: Key,
        *,
        uid: str | None = None,
        version: str | None = None,
    ) -> Manifest | None:
        """Delete in the background: mark an object that finalizers hold, remove another.

        Returns the marked object, None when it is gone. *uid* and *version* are preconditions.
        """
        served = self.served(kind)
        live = self._records.get(served.kind, key)
        if live is None:
            raise refusal.not_found(kind, key.name)
        self._check(kind, live, uid, version)
        if "deletionTimestamp" in live["metadata"]:
            return in_version(kind, live)
        marked = dying(live, rfc3339(self._clock()))
        return self._records.replace(served, live, marked)

    def changes(self, kind: Kind, since: int) -> tuple[Change, ...]:
        """Return what happened to *kind* after version *since*; raises `Gone` when compacted."""
        return self._records.history(self.served(kind).kind).since(since)

    def compact(self) -> None:
        """Forget all history: a watch from an older version than now is 410 Gone."""
        for served in self._kinds.values():
            self._records.history(served.kind).compact(self.version)

    def listen(self, listener: Callable[[Change], None]) -> Callable[[], None]:
        """Call *listener* with each change from now on; returns how to stop that."""
        self._records.listeners.append(listener)
        return lambda: self._records.listeners.remove(listener)

    def _live(self, manifest: Manifest, subresource: str | None) -> tuple[Kind, Served, Manifest]:
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        served = self.served(kind)
        live = self._records.get(served.kind, key_of(manifest))
        if live is None or (subresource == "status" and not served.status):
            raise refusal.not_found(kind, key_of(manifest).name)
        return kind, served, live

    def _made(self, served: Served, key: Key, held: Held) -> Manifest:
        if served.kind.namespaced:
            self._enter(served.kind, key)
        return self._records.add(served, key, held, rfc3339(self._clock()))

    def _enter(self, kind: Kind, key: Key) -> None:
        """Make the namespace of a new object; refuse it where the namespace is being deleted."""
        found = self.get(NAMESPACE, Key("", key.namespace))
        if found is None:
            meta = {"name": key.namespace}
            self.create({"apiVersion": "v1", "kind": "Namespace", "metadata": meta})
        elif "deletionTimestamp" in found["metadata"]:
            raise refusal.Forbidden(
                f'{kind} "{key.name}" is forbidden: unable to create new content in namespace '
                f"{key.namespace} because it is being terminated"
            )

    def _check(self, kind: Kind, live: Manifest, uid: str | None, version: str | None) -> None:
        meta = live["metadata"]
        if uid is not None and uid != meta.get("uid"):
            why = f"Precondition failed: UID in precondition: {uid}, UID in object meta: "
            raise refusal.modified(kind, key_of(live), why + str(meta.get("uid", "")))
        if version is not None and version != meta.get("resourceVersion"):
            raise refusal.modified(kind, key_of(live))

    def _writer(self, kind: Kind, manager: str, how: str, subresource: str | None) -> Writer:
        return Writer(manager, how, kind.api_version, rfc3339(self._clock()), subresource)


def _nothing(manifest: Manifest) -> Manifest:
    return {"metadata": {k: manifest["metadata"].get(k, "") for k in ("name", "namespace")}}


def _at_version(manifest: Manifest, version: str) -> Manifest:
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
