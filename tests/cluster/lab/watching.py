"""Everything that happens to the objects of the lab's namespaces, as watches tell it."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable

from flagger_py.clock import wall_clock
from flagger_py.refs import Kind
from flagger_py.wire import Manifest
from tests.beds.history import Change
from tests.cluster.kubelet_api import Expired, KubeletApi

_EVERYWHERE = ("ConfigMap/kube-root-ca.crt",)
"""What the control plane puts into each namespace."""

Listener = Callable[[Change], None]


class Watching:
    """The changes by namespace, in order for each kind; read it from anywhere.

    A watch is told of every write, so nothing between two looks is missed; one that the server
    cannot go on with would be a hole in the record, and is an error.
    """

    def __init__(self, api: KubeletApi, kinds: Iterable[Kind]) -> None:
        self.kinds = tuple(kinds)
        self._api = api
        self._changes: dict[str, list[Change]] = defaultdict(list)
        self._latest: dict[tuple[str, str, str], Manifest] = {}
        self._listeners: dict[str, Listener] = {}

    def changes(self, namespace: str) -> tuple[Change, ...]:
        return tuple(self._changes[namespace])

    def latest(self, namespace: str, kind: str, name: str) -> Manifest | None:
        """Return the object as it was last seen, None while there is none."""
        return self._latest.get((namespace, kind, name))

    def all(self, kind: str) -> tuple[Manifest, ...]:
        """Return all objects of *kind*; for the event loop, in which they change."""
        return tuple(seen for (_, of, _), seen in self._latest.items() if of == kind)

    def listen(self, namespace: str, listener: Listener) -> None:
        """Let *listener* hear of each change of *namespace*, in the event loop."""
        self._listeners[namespace] = listener

    async def follow(self, kind: Kind, version: str) -> None:
        """Take down all that happens to *kind* after *version*, until cancelled."""
        path = path_of(kind)
        while True:
            try:
                async for happened, seen in self._api.watch(path, version):
                    version = seen["metadata"]["resourceVersion"]
                    if happened != "BOOKMARK":
                        self._note(kind, happened == "DELETED", seen)
            except Expired as error:
                raise RuntimeError(f"the watch on {kind} cannot go on from {version}") from error
            await asyncio.sleep(0.1)  # An API server that is gone would be asked without a break.

    def _note(self, kind: Kind, gone: bool, seen: Manifest) -> None:
        namespace, name = seen["metadata"].get("namespace", ""), seen["metadata"]["name"]
        change = Change(wall_clock(), kind.kind, name, None if gone else seen)
        if change.title in _EVERYWHERE:
            return
        if gone:
            self._latest.pop((namespace, kind.kind, name), None)
        else:
            self._latest[namespace, kind.kind, name] = seen
        self._changes[namespace].append(change)
        if namespace in self._listeners:
            self._listeners[namespace](change)


def path_of(kind: Kind) -> str:
    """Return the path under which all objects of *kind* are listed."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    return f"{root}/{kind.plural}"
