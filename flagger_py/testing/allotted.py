"""What the API server adds to an object that nobody asked for and nobody owns.

Unlike a default it comes after the writer's fields were noted: cluster IPs, first statuses.
"""

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Allot = Callable[[Json], Json]

_CLUSTER_IPS = 65_024


def nothing(manifest: Json) -> Json:
    return manifest


def status(**first: Any) -> Allot:
    """Give an object without a status its *first* one."""

    def allot(manifest: Json) -> Json:
        return {"status": dict(first), **manifest}

    return allot


def service(manifest: Json) -> Json:
    """Allot a cluster IP, derived from the uid instead of drawn from a range."""
    found = {"status": {"loadBalancer": {}}, **manifest}
    spec = manifest["spec"]
    if spec["type"] == "ExternalName":
        return found
    single = {"ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack"}
    spec = {"clusterIP": _address(manifest["metadata"]["uid"]), **single, **spec}
    return {**found, "spec": {**spec, "clusterIPs": [spec["clusterIP"]]}}


def namespace(manifest: Json) -> Json:
    return {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}, **manifest}


def _address(uid: str) -> str:
    number = int(uid[:8], 16) % _CLUSTER_IPS
    return f"10.96.{number // 254}.{number % 254 + 1}"
