"""What becomes of the demo's Deployments: pods that are processes, and a status that counts them.

The rules of a rollout are the World's; here a pod becomes ready when its process says so, which
nothing but its object in the store tells.
"""

from datetime import datetime
from typing import Any

from flagger_py.refs import DEPLOYMENT, Key, key_of
from flagger_py.testing.rolling import (
    Wanted,
    created_replica_set,
    deadline_left_s,
    next_event_s,
    next_move,
    status,
    wanted,
)
from flagger_py.testing.slices import soonest
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

from .pods import ProcessPods

MANAGER = "kube-controller-manager"


class Deployments:
    """The deployment controller and its ReplicaSets over *pods*."""

    def __init__(self, pods: ProcessPods) -> None:
        self._pods = pods
        self._templates: dict[Key, str] = {}

    def act(self, store: Store, now: datetime) -> float | None:
        """Do what is to be done now; return the seconds until time alone asks for more."""
        live = {key_of(item): item for item in store.list(DEPLOYMENT)}
        for namespace, owner in self._pods.owners():
            if Key(namespace, owner) not in live:
                self._pods.stop(self._pods.of(namespace, owner), now)
                self._templates.pop(Key(namespace, owner), None)
        return soonest(self._step(store, key, item, now) for key, item in live.items())

    def _step(self, store: Store, key: Key, item: Manifest, now: datetime) -> float | None:
        want = wanted(item)
        begun = self._take_up(key, item, want, now)
        self._move(key, item, want, now)
        pods = self._pods.of(key.namespace, key.name)
        found = status(begun, want, pods, now)
        if found != (item.get("status") or {}):
            store.set_status(DEPLOYMENT, key, found, MANAGER)
        return soonest((next_event_s(want, pods, now), deadline_left_s(want, found, now)))

    def _take_up(self, key: Key, item: Manifest, want: Wanted, now: datetime) -> Manifest:
        """Note a new template: the deadline of its rollout begins now."""
        if self._templates.get(key) == want.template_hash:
            return item
        self._templates[key] = want.template_hash
        before: dict[str, Any] = {**(item.get("status") or {}), "updatedReplicas": 0}
        others = [c for c in before.get("conditions", ()) if c["type"] != "Progressing"]
        conditions = [*others, created_replica_set(item, now)]
        return {**item, "status": {**before, "conditions": conditions}}

    def _move(self, key: Key, item: Manifest, want: Wanted, now: datetime) -> None:
        """Stop and start pods until only time, or a pod that becomes ready, can help."""
        while True:
            move = next_move(want, self._pods.of(key.namespace, key.name), now)
            if not move.stop and not move.start:
                return
            self._pods.stop(move.stop, now)
            for nth in range(move.start):
                self._pods.start(item, want.template_hash, now, nth)
