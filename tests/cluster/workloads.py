"""The workloads that tests deploy: small, valid, and told by their environment how to behave."""

from collections.abc import Mapping

import httpx

from tests.cluster.api import Api, Manifest
from tests.cluster.waiting import eventually

PORT = 8080


def deployment(name: str, namespace: str, replicas: int = 1, **env: str) -> Manifest:
    """Describe a Deployment whose pods serve on `PORT` and behave as *env* says."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(env)},
        },
    }


def service(name: str, namespace: str) -> Manifest:
    """Describe a Service for the pods of the Deployment of the same name."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"app": name}, "ports": [{"port": 80, "targetPort": PORT}]},
    }


def pod(name: str, namespace: str, **env: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace, "labels": {"app": name}}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod_spec(env)}


def pod_spec(env: Mapping[str, str]) -> Manifest:
    variables = [{"name": key, "value": value} for key, value in env.items()]
    ports = [{"name": "http", "containerPort": PORT}]
    container = {"name": "app", "image": "bed/app:1", "ports": ports, "env": variables}
    return {"containers": [container]}


def available(api: Api, name: str, namespace: str) -> Manifest:
    """Wait until all replicas of a Deployment's latest template are available; returns it."""

    def rolled_out() -> Manifest | None:
        found = api.get("apps/v1", "Deployment", name, namespace)
        status, wanted = found.get("status", {}), found["spec"]["replicas"]
        counts = {status.get(key, 0) for key in ("replicas", "updatedReplicas")}
        counts.add(status.get("availableReplicas", 0))
        seen = status.get("observedGeneration") == found["metadata"]["generation"]
        return found if seen and counts == {wanted} else None

    found = eventually(rolled_out, f"Deployment {namespace}/{name} is rolled out")
    assert found is not None
    return found


def config_map(name: str, namespace: str, **data: str) -> Manifest:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def fetch(address: str, path: str = "/") -> httpx.Response:
    """Ask the pod at *address*, as returned by `addresses`, once and on a fresh connection."""
    # Proxies in the environment are for the machine's network; there is no TLS to verify.
    return httpx.get(f"http://{address}{path}", trust_env=False, verify=False)


def addresses(api: Api, name: str, namespace: str) -> list[str]:
    """Return `address:port` of the ready pods that *name* labels, sorted; none that must go."""
    found = api.select("v1", "Pod", namespace, f"app={name}")
    staying = (one for one in found if "deletionTimestamp" not in one["metadata"])
    return sorted(f"{one['status']['podIP']}:{PORT}" for one in staying if ready(one))


def ready(found: Manifest) -> bool:
    """Tell whether a pod says that it is ready."""
    conditions = found.get("status", {}).get("conditions", ())
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
