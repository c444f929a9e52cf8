"""Which addresses stand behind each Service: the endpoint slice controller of a World."""

import hashlib
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flagger_py.refs import ENDPOINT_SLICE, SERVICE, Key, Kind, key_of, owner_reference
from flagger_py.testing.pods import Pod, Pods
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
LAG_S = 0.1


class EndpointSlices:
    """The endpoint slice controller: one slice for each Service with a selector."""

    kinds: tuple[Kind, ...] = (SERVICE,)

    def __init__(self, pods: Pods, *, lag_s: float = LAG_S) -> None:
        self._pods = pods
        self._lag_s = lag_s
        self._due: dict[Key, tuple[dict[str, Any], datetime]] = {}

    def act(self, store: Store, now: datetime) -> float | None:
        return soonest(self._step(store, item, now) for item in store.list(SERVICE))

    def _step(self, store: Store, service: Manifest, now: datetime) -> float | None:
        selector = service["spec"].get("selector")
        if not selector:
            return None
        pods = self._pods.selected(service["metadata"]["namespace"], selector)
        slice_ = endpoint_slice(service, pods, now)
        key = key_of(slice_)
        held = store.get(ENDPOINT_SLICE, key)
        if held is not None and _says(held) == _says(slice_):
            self._due.pop(key, None)
            return soonest(_becomes_ready_s(pod, now) for pod in pods)
        wanted_since, due = self._due.get(key, (None, now))
        if wanted_since != _says(slice_):
            due = now + timedelta(seconds=self._lag_s)
            self._due[key] = (_says(slice_), due)
        if now < due:
            return (due - now).total_seconds()
        del self._due[key]
        store.put(slice_, "kube-controller-manager")
        return soonest(_becomes_ready_s(pod, now) for pod in pods)


def endpoint_slice(service: Manifest, pods: tuple[Pod, ...], now: datetime) -> dict[str, Any]:
    """Render the EndpointSlice of *service* when *pods* are the ones it selects."""
    meta = service["metadata"]
    suffix = hashlib.sha256(meta["uid"].encode()).hexdigest()[:5]
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {
            "name": f"{meta['name']}-{suffix}",
            "namespace": meta["namespace"],
            "labels": {
                SERVICE_NAME_LABEL: meta["name"],
                "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
            },
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": [_endpoint(pod, now) for pod in pods],
        "ports": [
            {
                "name": port.get("name", ""),
                "port": port.get("targetPort", port["port"]),
                "protocol": port.get("protocol", "TCP"),
            }
            for port in service["spec"].get("ports") or ()
        ],
    }


def soonest(waits: Iterable[float | None]) -> float | None:
    """Return the shortest wait in seconds; None when nothing is waited for."""
    return min((wait for wait in waits if wait is not None), default=None)


def _endpoint(pod: Pod, now: datetime) -> dict[str, Any]:
    ready = pod.ready(now)
    return {
        "addresses": [pod.address],
        "conditions": {"ready": ready, "serving": ready, "terminating": False},
        "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.namespace},
    }


def _says(slice_: Manifest) -> dict[str, Any]:
    return {"endpoints": slice_.get("endpoints"), "ports": slice_.get("ports")}


def _becomes_ready_s(pod: Pod, now: datetime) -> float | None:
    if pod.ready_at is None or pod.ready_at <= now:
        return None
    return (pod.ready_at - now).total_seconds()
