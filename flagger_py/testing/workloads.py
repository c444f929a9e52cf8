"""What Kubernetes' own controllers make of Deployments and Services in a World.

Deployments get pods and a status, Services with a selector get an EndpointSlice: each a little
after the write that caused it, so that readers meet statuses of an older generation.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.refs import DEPLOYMENT, SERVICE, Key, Kind, key_of
from flagger_py.testing.pods import Pod, Pods
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
    """What the controller remembers of one object between two looks.

    Until *due* there is nothing to do while the object is at *version* and its pods are *pods*.
    """

    uid: str
    generation: int
    seen_at: datetime
    template_hash: str = ""
    version: str = ""
    pods: tuple[Pod, ...] = ()
    due: datetime | None = None

    def wait_s(self, version: str, pods: tuple[Pod, ...], now: datetime) -> float | None:
        """Return the seconds until something is to be done, 0 when that is now."""
        if (self.version, self.pods) != (version, pods):
            return 0.0
        return None if self.due is None else max(0.0, (self.due - now).total_seconds())

    def rest(
        self, version: str, pods: tuple[Pod, ...], now: datetime, wait_s: float | None
    ) -> float | None:
        self.version, self.pods = version, pods
        self.due = None if wait_s is None else now + timedelta(seconds=wait_s)
        return wait_s


class Deployments:
    """The deployment controller and its ReplicaSets over *pods*, as one actor."""

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
        pods = self._pods.of(key.namespace, key.name)
        resting_s = watched.wait_s(meta["resourceVersion"], pods, now)
        if resting_s is None or resting_s > 0:
            return resting_s
        if watched.generation != meta["generation"]:
            watched.generation, watched.seen_at = meta["generation"], now
        if now < watched.seen_at + self._lag:
            return (watched.seen_at + self._lag - now).total_seconds()
        want = wanted(item)
        found = status(self._take_up(item, want, watched, now), want, pods, now)
        if found != (item.get("status") or {}):
            meta = store.set_status(DEPLOYMENT, key, found, "kube-controller-manager")["metadata"]
        wait_s = soonest((next_event_s(want, pods, now), deadline_left_s(want, found, now)))
        if self._move(item, want, now):
            wait_s = self._lag.total_seconds()  # What was moved is reported by the next look.
        return watched.rest(meta["resourceVersion"], pods, now, wait_s)

    def _take_up(self, item: Manifest, want: Wanted, watched: _Watched, now: datetime) -> Manifest:
        """Note a new template: the deadline of its rollout begins now."""
        if watched.template_hash == want.template_hash:
            return item
        watched.template_hash = want.template_hash
        before: Mapping[str, Any] = item.get("status") or {}
        others = [c for c in before.get("conditions", ()) if c["type"] != "Progressing"]
        conditions = [*others, created_replica_set(item, now)]
        return {**item, "status": {**before, "updatedReplicas": 0, "conditions": conditions}}

    def _move(self, item: Manifest, want: Wanted, now: datetime) -> bool:
        """Stop and start pods until only time can help; tell whether there was anything to do."""
        key, moved = key_of(item), False
        while True:
            move = next_move(want, self._pods.of(key.namespace, key.name), now)
            if not move.stop and not move.start:
                return moved
            moved = True
            self._pods.stop(move.stop, now)
            for nth in range(move.start):
                self._pods.start(item, want.template_hash, now, nth)


class Workloads:
    """The controllers of a cluster that has Deployments and Services, in their order.

    Slices follow their pods after *slices_lag_s*, all else its cause after *lag_s*.
    """

    kinds: tuple[Kind, ...] = (DEPLOYMENT, SERVICE)

    def __init__(self, pods: Pods, *, lag_s: float = LAG_S, slices_lag_s: float = LAG_S) -> None:
        self._deployments = Deployments(pods, lag_s=lag_s)
        self._slices = EndpointSlices(pods, lag_s=slices_lag_s)

    def act(self, store: Store, now: datetime) -> float | None:
        waits = (self._deployments.act(store, now), self._slices.act(store, now))
        return soonest(waits)
