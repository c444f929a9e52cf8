"""Which ports stand behind each Service: an EndpointSlice for each pod, since each has its own.

An EndpointSlice names its ports once for all its endpoints; pods that share one address differ
by port, so that each needs a slice to itself.
"""

from datetime import datetime
from typing import Any

from flagger_py.refs import DEPLOYMENT, ENDPOINT_SLICE, SERVICE, Kind, key_of, owner_reference
from flagger_py.testing.pods import Pod
from flagger_py.testing.served import POD
from flagger_py.testing.slices import SERVICE_NAME_LABEL
from flagger_py.testing.store import Store
from flagger_py.testing.workloads import Deployments
from flagger_py.wire import Manifest

from .pods import ProcessPods

MANAGER = "endpointslice-controller"


class Node:
    """An actor: the deployment controller over *pods*, and the slices of the Services."""

    kinds: tuple[Kind, ...] = (DEPLOYMENT, SERVICE, POD)

    def __init__(self, pods: ProcessPods) -> None:
        self._pods = pods
        self._deployments = Deployments(pods, lag_s=0.0)

    def act(self, store: Store, now: datetime) -> float | None:
        wait_s = self._deployments.act(store, now)
        self._keep_slices(store, now)
        return wait_s

    def _keep_slices(self, store: Store, now: datetime) -> None:
        wanted = {
            key_of(slice_): slice_
            for service in store.list(SERVICE)
            for slice_ in self._slices(service, now)
        }
        held = {key_of(item): item for item in store.list(ENDPOINT_SLICE)}
        for key in held.keys() - wanted.keys():
            store.delete(ENDPOINT_SLICE, key)
        for slice_ in wanted.values():
            store.put(slice_, MANAGER)  # Of what is as it should be nothing is written.

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
