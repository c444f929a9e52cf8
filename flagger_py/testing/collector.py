"""What background garbage collection removes: objects whose owners are gone, and namespaces."""

from datetime import datetime, timedelta
from typing import TypeVar

from flagger_py.refs import NAMESPACE, Key, Kind
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.refusal import NotFound
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

DELAY_S = 1.0
_Place = tuple[Kind, Key]
_Name = TypeVar("_Name")


class Collector:
    """An actor that deletes the dependents of deleted owners, *delay_s* after the deletion.

    An owner in another namespace counts as none, as Kubernetes has it. A namespace that is being
    deleted is emptied, and goes once nothing is left in it.
    """

    kinds: tuple[Kind, ...] = ()

    def __init__(self, store: Store, *, delay_s: float = DELAY_S) -> None:
        self._delay = timedelta(seconds=delay_s)
        self._living: dict[str, str] = {}
        self._dependents: dict[str, dict[_Place, None]] = {}
        self._suspects: dict[_Place, datetime | None] = {}
        self._ending: dict[str, datetime | None] = {}
        for served in store.kinds():
            for item in store.list(served.kind):
                self._met(served.kind, item)
        store.listen(self._noticed)

    def act(self, store: Store, now: datetime) -> float | None:
        """Collect what is due; returns the seconds until more is."""
        for place in _due(self._suspects, now, self._delay):
            self._judge(store, place)
        for namespace in _due(self._ending, now, self._delay):
            self._empty(store, namespace)
        waits = [*self._suspects.values(), *self._ending.values()]
        moments = [now + self._delay if moment is None else moment for moment in waits]
        return min(((moment - now).total_seconds() for moment in moments), default=None)

    def _noticed(self, change: Change) -> None:
        place, meta = (change.kind, change.key), change.object["metadata"]
        if change.type is Happened.DELETED:
            self._living.pop(meta["uid"], None)
            for dependent in self._dependents.pop(meta["uid"], ()):
                self._suspects.setdefault(dependent)
            self._suspects.pop(place, None)
            if change.kind == NAMESPACE:
                self._ending.pop(meta["name"], None)
            return
        self._met(change.kind, change.object)

    def _met(self, kind: Kind, item: Manifest) -> None:
        meta = item["metadata"]
        place = (kind, Key(meta.get("namespace", ""), meta["name"]))
        self._living[meta["uid"]] = place[1].namespace
        for owner in meta.get("ownerReferences", ()):
            self._dependents.setdefault(owner["uid"], {})[place] = None
            if not self._lives(owner["uid"], place[1].namespace):
                self._suspects.setdefault(place)
        if kind == NAMESPACE and "deletionTimestamp" in meta:
            self._ending.setdefault(meta["name"])

    def _lives(self, uid: str, namespace: str) -> bool:
        return self._living.get(uid) in (namespace, "")

    def _judge(self, store: Store, place: _Place) -> None:
        kind, key = place
        item = store.get(kind, key)
        owners = item["metadata"].get("ownerReferences", ()) if item else ()
        left = [owner for owner in owners if self._lives(owner["uid"], key.namespace)]
        if item is None or len(left) == len(owners):
            return
        if left:
            patch = {"metadata": {"ownerReferences": left}}
            store.patch(kind, key, patch, "garbage-collector")
        else:
            store.delete(kind, key, uid=item["metadata"]["uid"])

    def _empty(self, store: Store, namespace: str) -> None:
        left = [
            (served.kind, item)
            for served in store.kinds()
            if served.kind.namespaced
            for item in store.list(served.kind, namespace)
        ]
        for kind, item in left:
            if "deletionTimestamp" not in item["metadata"]:
                self._delete(store, kind, Key(namespace, item["metadata"]["name"]))
        if left:
            self._ending[namespace] = None
            return
        patch = {"spec": {"finalizers": None}}
        store.patch(NAMESPACE, Key("", namespace), patch, "namespace-controller")

    def _delete(self, store: Store, kind: Kind, key: Key) -> None:
        try:
            store.delete(kind, key)
        except NotFound:
            return


def _due(waiting: dict[_Name, datetime | None], now: datetime, delay: timedelta) -> list[_Name]:
    """Take what is due out of *waiting*; what has no moment yet is given one."""
    for name, moment in waiting.items():
        if moment is None:
            waiting[name] = now + delay
    found = [name for name, moment in waiting.items() if moment is not None and moment <= now]
    for name in found:
        del waiting[name]
    return found
