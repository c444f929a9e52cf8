"""What Kubernetes' own controllers make of Deployments and Services in a World.

Deployments get pods and a status, Services with a selector get an EndpointSlice: each a little
after the write that caused it, so that readers meet statuses of an older generation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.refs import DEPLOYMENT, SERVICE, Key, Kind, key_of
from flagger_py.testing.pods import Pods
from flagger_py.testing.rolling import (
    Wanted,
    created_replica_set,
    deadline_left_s,
    next_event_s,
    next_move,
    status,
    wanted,
)
from flagger_py.testing.slices import LAG_S, EndpointSlices, soonest
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest


@dataclass(slots=True)
class _Watched:
    """What the controller remembers of one object between two looks."""

    uid: str
    generation: int
    seen_at: datetime
    template_hash: str = ""


class Deployments:
    """The deployment controller, its ReplicaSets and the kubelets, as one actor."""

    kinds: tuple[Kind, ...] = (DEPLOYMENT,)

    def __init__(self, pods: Pods, *, lag_s: float = LAG_S) -> None:
        self._pods = pods
        self._lag = timedelta(seconds=lag_s)
        self._watched: dict[Key, _Watched] = {}

    def act(self, store: Store, now: datetime) -> float | None:
        live = {key_of(item): item for item in store.list(DEPLOYMENT)}
        for namespace, owner in self._pods.owners():
            if Key(namespace, owner) not in live:
                self._pods.stop(self._pods.of(namespace, owner), now)
                self._watched.pop(Key(namespace, owner), None)
        return soonest(self._step(store, key, item, now) for key, item in live.items())

    def _step(self, store: Store, key: Key, item: Manifest, now: datetime) -> float | None:
        meta = item["metadata"]
        watched = self._watched.get(key)
        if watched is None or watched.uid != meta["uid"]:
            self._pods.stop(self._pods.of(key.namespace, key.name), now)
            watched = self._watched[key] = _Watched(meta["uid"], -1, now)
        if watched.generation != meta["generation"]:
            watched.generation, watched.seen_at = meta["generation"], now
        if now < watched.seen_at + self._lag:
            return (watched.seen_at + self._lag - now).total_seconds()
        want = wanted(item)
        item = self._take_up(item, want, watched, now)
        self._move(item, want, now)
        pods = self._pods.of(key.namespace, key.name)
        found = status(item, want, pods, now)
        if found != (item.get("status") or {}):
            store.set_status(DEPLOYMENT, key, found, "kube-controller-manager")
        return soonest((next_event_s(want, pods, now), deadline_left_s(want, found, now)))

    def _take_up(self, item: Manifest, want: Wanted, watched: _Watched, now: datetime) -> Manifest:
        """Note a new template: the deadline of its rollout begins now."""
        if watched.template_hash == want.template_hash:
            return item
        watched.template_hash = want.template_hash
        before: Mapping[str, Any] = item.get("status") or {}
        others = [c for c in before.get("conditions", ()) if c["type"] != "Progressing"]
        conditions = [*others, created_replica_set(item, now)]
        return {**item, "status": {**before, "updatedReplicas": 0, "conditions": conditions}}

    def _move(self, item: Manifest, want: Wanted, now: datetime) -> None:
        """Stop and start pods until only time can help."""
        key = key_of(item)
        while True:
            move = next_move(want, self._pods.of(key.namespace, key.name), now)
            if not move.stop and not move.start:
                return
            self._pods.stop(move.stop, now)
            for nth in range(move.start):
                self._pods.start(item, want.template_hash, now, nth)


class Workloads:
    """The controllers of a cluster that has Deployments and Services, in their order."""

    kinds: tuple[Kind, ...] = (DEPLOYMENT, SERVICE)

    def __init__(self, pods: Pods, *, lag_s: float = LAG_S) -> None:
        self._deployments = Deployments(pods, lag_s=lag_s)
        self._slices = EndpointSlices(pods, lag_s=lag_s)

    def act(self, store: Store, now: datetime) -> float | None:
        waits = (self._deployments.act(store, now), self._slices.act(store, now))
        return soonest(waits)
