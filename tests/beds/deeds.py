"""What the user of a scenario does to the cluster, and what a scenario waits for."""

from collections.abc import Mapping
from typing import Any

from flagger_py.refs import DEPLOYMENT, Key, Kind
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

from .story import NAMESPACE

USER = "kubectl"
APP = Key(NAMESPACE, "app")


class Cluster:
    """The store as a user with kubectl sees it."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def create(self, manifest: Mapping[str, Any]) -> None:
        metadata = {"namespace": NAMESPACE, **manifest["metadata"]}
        self._store.create({**manifest, "metadata": metadata}, USER)

    def canary(self) -> Manifest | None:
        return self.find("Canary", APP.name)

    def find(self, kind: str, name: str) -> Manifest | None:
        served = self._kind(kind)
        return self._store.get(served, Key(NAMESPACE if served.namespaced else "", name))

    def set_env(self, env: Mapping[str, str]) -> None:
        """Release a new version of the target: set variables of its first container."""
        deployment = self._store.get(DEPLOYMENT, APP) or {}
        containers = [dict(item) for item in deployment["spec"]["template"]["spec"]["containers"]]
        variables = {item["name"]: item for item in containers[0].get("env") or ()}
        variables |= {name: {"name": name, "value": value} for name, value in env.items()}
        containers[0]["env"] = list(variables.values())
        template = {"spec": {"containers": containers}}
        self._store.patch(DEPLOYMENT, APP, {"spec": {"template": template}}, USER)

    def patch(self, kind: str, name: str, patch: Any) -> None:
        self._store.patch(self._kind(kind), Key(NAMESPACE, name), patch, USER)

    def delete(self, kind: str, name: str) -> None:
        self._store.delete(self._kind(kind), Key(NAMESPACE, name))

    def _kind(self, kind: str) -> Kind:
        return next(s.kind for s in self._store.kinds() if s.kind.kind == kind)


def holds(when: Mapping[str, Any], cluster: Cluster, hooks: Mapping[str, int]) -> bool:
    """Tell whether every condition of *when* holds; *hooks* counts the calls of each hook."""
    status = (cluster.canary() or {}).get("status") or {}
    for name, wanted in when.items():
        match name:
            case "phase":
                found = status.get("phase") in ([wanted] if isinstance(wanted, str) else wanted)
            case "canaryWeight" | "failedChecks" | "iterations":
                found = status.get(name, 0) == wanted
            case "hook":
                found = hooks.get(wanted, 0) >= when.get("times", 1)
            case "times":
                found = True
            case "gone":
                found = cluster.canary() is None
            case _:
                raise ValueError(f"this bed does not know the condition {name!r}")
        if not found:
            return False
    return True
