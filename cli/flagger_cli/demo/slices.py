"""Which ports stand behind each Service: an EndpointSlice for each pod, since each has its own.

An EndpointSlice names its ports once for all its endpoints; pods that share one address differ
by port, so that each needs a slice to itself.
"""

from datetime import datetime
from typing import Any

from flagger_py.refs import ENDPOINT_SLICE, SERVICE, Key, Kind, key_of, owner_reference
from flagger_py.testing.pods import Pod
from flagger_py.testing.slices import SERVICE_NAME_LABEL
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

from .pods import ProcessPods

MANAGER = "endpointslice-controller"


class PodSlices:
    """An actor that keeps one slice for each ready pod of each Service."""

    kinds: tuple[Kind, ...] = (SERVICE,)

    def __init__(self, pods: ProcessPods) -> None:
        self._pods = pods

    def act(self, store: Store, now: datetime) -> float | None:
        wanted = {
            key_of(slice_): slice_
            for service in store.list(SERVICE)
            for slice_ in self._slices(service, now)
        }
        held = {key_of(item): item for item in store.list(ENDPOINT_SLICE)}
        for key in held.keys() - wanted.keys():
            store.delete(ENDPOINT_SLICE, key)
        for key in wanted.keys() - held.keys():
            store.create(wanted[key], MANAGER)
        return None

    def _slices(self, service: Manifest, now: datetime) -> list[dict[str, Any]]:
        selector = service["spec"].get("selector")
        if not selector:
            return []
        found = []
        for pod in self._pods.selected(service["metadata"]["namespace"], selector):
            endpoint = self._pods.endpoint(pod)
            if endpoint is not None and pod.ready(now):
                found.append(pod_slice(service, pod, endpoint))
        return found


def pod_slice(service: Manifest, pod: Pod, endpoint: tuple[str, int]) -> dict[str, Any]:
    """Render the slice of *service* that holds *pod*, listening at *endpoint*."""
    meta = service["metadata"]
    address, port = endpoint
    return {
        "apiVersion": ENDPOINT_SLICE.api_version,
        "kind": ENDPOINT_SLICE.kind,
        "metadata": {
            "name": f"{meta['name']}-{pod.name}",
            "namespace": meta["namespace"],
            "labels": {SERVICE_NAME_LABEL: meta["name"]},
            "ownerReferences": [owner_reference(service)],
        },
        "addressType": "IPv4",
        "endpoints": [
            {
                "addresses": [address],
                "conditions": {"ready": True, "serving": True, "terminating": False},
                "targetRef": {"kind": "Pod", "name": pod.name, "namespace": pod.namespace},
            }
        ],
        "ports": [
            {"name": given.get("name", ""), "port": port, "protocol": "TCP"}
            for given in service["spec"].get("ports") or ()
        ],
    }


def slices_of(store: Store, service: Key) -> int:
    """Return how many pods stand behind *service*."""
    labels = {SERVICE_NAME_LABEL: service.name}
    return len(store.list(ENDPOINT_SLICE, service.namespace, labels))
