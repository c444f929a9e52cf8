"""The objects themselves: versions, generations, and when a deleted object is gone."""

from collections.abc import Callable
from typing import Any

from flagger_py.owned import content
from flagger_py.refs import NAMESPACE, Key, Kind, key_of
from flagger_py.testing import refusal, validation
from flagger_py.testing.history import Change, Happened, History
from flagger_py.testing.ownership import Held
from flagger_py.testing.served import Served
from flagger_py.wire import Manifest

Json = dict[str, Any]
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"


class Records:
    """All objects of a World by kind and key, with one counter of versions for all of them."""

    def __init__(self) -> None:
        self.version = 0
        self.listeners: list[Callable[[Change], None]] = []
        self._objects: dict[Kind, dict[Key, Manifest]] = {}
        self._histories: dict[Kind, History] = {}
        self._made = 0

    def get(self, kind: Kind, key: Key) -> Manifest | None:
        return self._objects.get(kind, {}).get(key)

    def all(self, kind: Kind, namespace: str | None) -> list[Manifest]:
        """Return the objects of *kind*, sorted by namespace and name."""
        found = self._objects.get(kind, {})
        keys = [key for key in found if not namespace or key.namespace == namespace]
        return [found[key] for key in sorted(keys, key=lambda key: (key.namespace, key.name))]

    def history(self, kind: Kind) -> History:
        if kind not in self._histories:
            self._histories[kind] = History()
        return self._histories[kind]

    def forget(self, kind: Kind) -> None:
        """Drop all objects of *kind* and what is known of their past."""
        self._objects.pop(kind, None)
        self._histories.pop(kind, None)

    def suffix(self) -> str:
        """Return what completes the next generated name, five characters."""
        self._made += 1
        number, text = self._made * 7919, ""
        for _ in range(5):
            number, digit = divmod(number, len(_ALPHABET))
            text += _ALPHABET[digit]
        return text

    def add(self, served: Served, key: Key, held: Held, time: str) -> Manifest:
        """Store a new object; raises `Invalid` or `AlreadyExists`, in this order."""
        self._made += 1
        system: Json = {"name": key.name}
        if served.kind.namespaced:
            system["namespace"] = key.namespace
        system["uid"] = f"{self._made:08x}-0000-4000-8000-{self._made:012x}"
        if served.generation:
            system["generation"] = 1
        system["creationTimestamp"] = time
        draft = _completed(served, None, system, held)
        if self.get(served.kind, key) is not None:
            raise refusal.already_exists(served.kind, key.name)
        return self._put(served.kind, Happened.ADDED, None, draft)

    def change(self, served: Served, live: Manifest, held: Held) -> Manifest:
        """Store a new version of *live*, which stays as it is where nothing is new in *held*."""
        meta = live["metadata"]
        managed = ("managedFields", "labels", "annotations", "finalizers", "ownerReferences")
        system = {k: v for k, v in meta.items() if k not in managed}
        draft = _completed(served, live, system, held)
        if content(draft) == content(live) and held.entries == meta.get("managedFields", []):
            return live
        if served.generation and _counts(served, live, draft):
            draft["metadata"]["generation"] = meta["generation"] + 1
        return self.replace(served, live, draft) or draft

    def replace(self, served: Served, live: Manifest, draft: Json) -> Manifest | None:
        """Put *draft* in place of *live*; None when nothing held the dying object any more."""
        if "deletionTimestamp" in draft["metadata"] and not _held_back(served.kind, draft):
            self._put(served.kind, Happened.DELETED, live, draft)
            return None
        return self._put(served.kind, Happened.MODIFIED, live, draft)

    def _put(self, kind: Kind, how: Happened, live: Manifest | None, draft: Json) -> Manifest:
        self.version += 1
        draft["metadata"]["resourceVersion"] = str(self.version)
        objects = self._objects.setdefault(kind, {})
        if how is Happened.DELETED:
            del objects[key_of(draft)]
        else:
            objects[key_of(draft)] = draft
        change = Change(kind, how, draft, self.version, live)
        self.history(kind).append(change)
        for listener in tuple(self.listeners):
            listener(change)
        return draft


def held_of(live: Manifest) -> Held:
    """Return what managers own of *live*, and who owns what."""
    return Held(content(live), live["metadata"].get("managedFields") or [])


def dying(live: Manifest, time: str) -> Json:
    """Return *live* as marked for deletion at *time*; that counts as a change of the spec."""
    meta = {**live["metadata"], "deletionTimestamp": time, "deletionGracePeriodSeconds": 0}
    if "generation" in meta:
        meta["generation"] += 1
    found = {**live, "metadata": meta}
    if _is_namespace(live):
        found["status"] = {**live.get("status", {}), "phase": "Terminating"}
    return found


def _completed(served: Served, live: Manifest | None, system: Json, held: Held) -> Json:
    """Return the object as it will be stored: defaults added, rules checked."""
    body = dict(held.body)
    meta = {**system, **body.pop("metadata", {})}
    if held.entries:
        meta["managedFields"] = held.entries
    kind = served.kind
    draft = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, **body}
    try:
        draft = dict(served.allot(served.default(draft)))
        before = None if live is None else dict(live)
        findings = validation.metadata(before, draft) + served.validate(before, draft)
    except KeyError as missing:
        findings = (f"{missing.args[0]}: Required value",)
    if findings:
        raise refusal.invalid(kind, meta["name"], findings)
    draft["metadata"] = dict(draft["metadata"])
    return draft


def _counts(served: Served, live: Manifest, draft: Json) -> bool:
    """Tell whether the change from *live* to *draft* makes another generation."""
    aside = ("apiVersion", "kind", "metadata", *(("status",) if served.status else ()))
    old = {k: v for k, v in live.items() if k not in aside}
    if old != {k: v for k, v in draft.items() if k not in aside}:
        return True
    before, after = live["metadata"].get("annotations"), draft["metadata"].get("annotations")
    return bool(served.annotations_count and before != after)


def _held_back(kind: Kind, draft: Json) -> bool:
    if draft["metadata"].get("finalizers"):
        return True
    return kind == NAMESPACE and bool((draft.get("spec") or {}).get("finalizers"))


def _is_namespace(live: Manifest) -> bool:
    name = (live["apiVersion"], live["kind"])
    return name == (NAMESPACE.api_version, NAMESPACE.kind)
