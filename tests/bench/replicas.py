"""Pods without pods: Deployments are ready a moment after they were changed, and so are Services.

What a cluster's controllers do to few objects the World imitates in full; for ten thousand this
looks only at what changed.
"""

import asyncio
from datetime import datetime

from flagger_py.clock import wall_clock
from flagger_py.refs import DEPLOYMENT, ENDPOINT_SLICE, Key
from flagger_py.testing.history import Change
from flagger_py.testing.pods import Behaviour, Pod
from flagger_py.testing.rolling import Wanted, status, wanted
from flagger_py.testing.slices import SERVICE_NAME_LABEL
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

READY_AFTER_S = 0.5
_MANAGER = "kube-controller-manager"


class Replicas:
    """Makes the changed Deployments of *store* ready, and the endpoints of their Services."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._slices: dict[Key, Key] = {}
        for item in store.list(ENDPOINT_SLICE):
            meta = item["metadata"]
            service = Key(meta["namespace"], meta["labels"][SERVICE_NAME_LABEL])
            self._slices[service] = Key(meta["namespace"], meta["name"])
        store.listen(self._heard)

    def _heard(self, change: Change) -> None:
        if change.kind != DEPLOYMENT or change.before is None:
            return
        generation = change.object["metadata"]["generation"]
        if generation != change.before["metadata"]["generation"]:
            asyncio.get_running_loop().call_later(READY_AFTER_S, self._settle, change.key)

    def _settle(self, key: Key) -> None:
        item = self._store.get(DEPLOYMENT, key)
        if item is None:
            return
        now, want = wall_clock(), wanted(item)
        pods = tuple(_pod(item, want, nth, now) for nth in range(want.replicas))
        self._store.set_status(DEPLOYMENT, key, status(item, want, pods, now), _MANAGER)
        primary = key.name.endswith("-primary")
        name = key.name if primary else f"{key.name}-canary"
        self._serve(Key(key.namespace, name), pods)

    def _serve(self, service: Key, pods: tuple[Pod, ...]) -> None:
        endpoints = [
            {"addresses": [pod.address], "conditions": {"ready": True, "serving": True}}
            for pod in pods
        ]
        patch = {"endpoints": endpoints}
        self._store.patch(ENDPOINT_SLICE, self._slices[service], patch, _MANAGER)


def _pod(item: Manifest, want: Wanted, nth: int, began: datetime) -> Pod:
    meta = item["metadata"]
    return Pod(
        namespace=meta["namespace"],
        owner=meta["name"],
        name=f"{meta['name']}-{nth}",
        address=f"10.78.0.{nth + 1}",
        labels={},
        template_hash=want.template_hash,
        behaviour=Behaviour(),
        started=began,
        ready_at=began,
    )
