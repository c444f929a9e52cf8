"""When the garbage collector knows the kinds that were installed after it had started."""

from tests.cluster.controlplane import ControlPlane
from tests.cluster.waiting import eventually

_NAMESPACE = "default"
_NAME = "collected"


def begin(plane: ControlPlane) -> None:
    """Start the controllers of the control plane anew; returns when they collect our children.

    By itself the collector looks for new kinds every half minute, which is longer than a story
    that deletes its Canary waits.
    """
    plane.controllers.stop()
    plane.controllers.start()
    owner = plane.api.create(
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "MetricTemplate",
            "metadata": {"name": _NAME, "namespace": _NAMESPACE},
            "spec": {"provider": {"type": "prometheus", "address": "http://x"}, "query": "1"},
        }
    )
    reference = {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": _NAME,
        "uid": owner["metadata"]["uid"],
    }
    metadata = {"name": _NAME, "namespace": _NAMESPACE, "ownerReferences": [reference]}
    plane.api.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata})
    plane.api.delete(owner["apiVersion"], owner["kind"], _NAME, _NAMESPACE)
    eventually(
        lambda: plane.api.find("v1", "ConfigMap", _NAME, _NAMESPACE) is None,
        "the garbage collector knows our kinds",
        90.0,
    )
