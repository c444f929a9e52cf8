"""What the user of a scenario does to the cluster, and what a scenario waits for."""

from collections.abc import Mapping
from typing import Any, Protocol

from flagger_py.wire import Manifest

APP = "app"


class Bed(Protocol):
    """Where a story is played: its namespace as a user with kubectl sees it, and the servers."""

    def canary(self) -> Manifest | None: ...

    def calls(self) -> Mapping[str, int]:
        """Return how often each hook was called."""
        ...

    def find(self, kind: str, name: str) -> Manifest | None: ...

    def create(self, manifest: Mapping[str, Any]) -> None: ...

    def patch(self, kind: str, name: str, patch: Any) -> None:
        """Change an object by a merge patch, or a JSON patch where *patch* is a list."""
        ...

    def delete(self, kind: str, name: str) -> None: ...

    def answer(self, hook: str, script: Any) -> None:
        """Let *hook* answer so from now on."""
        ...

    def behave(self, env: Mapping[str, str]) -> None:
        """Let the running pods answer as *env* says from now on."""
        ...

    def post(self, url: str, body: Mapping[str, Any]) -> None:
        """Send a request to the load tester."""
        ...

    def kill(self, down_s: float) -> None:
        """End the controllers at once, and start them again *down_s* seconds later."""
        ...


def do(action: Mapping[str, Any], bed: Bed) -> None:
    """Do what an action of the recordings' language says."""
    for verb, what in action.items():
        match verb:
            case "env":
                set_env(what, bed)
            case "patch":
                bed.patch(what["kind"], what["name"], what["with"])
            case "apply":
                bed.create(what)
            case "delete":
                bed.delete(what["kind"], what["name"])
            case "answer":
                for hook, script in what.items():
                    bed.answer(hook, script)
            case "behave":
                bed.behave(what)
            case "post":
                bed.post(what["url"], what["body"])
            case "controller":
                bed.kill(float(what["down"]))
            case _:
                raise ValueError(f"no bed knows the action {verb!r}")


def set_env(env: Mapping[str, str], bed: Bed) -> None:
    """Release a new version of the target: set variables of its first container."""
    deployment = bed.find("Deployment", APP) or {}
    containers = [dict(item) for item in deployment["spec"]["template"]["spec"]["containers"]]
    variables = {item["name"]: item for item in containers[0].get("env") or ()}
    variables |= {name: {"name": name, "value": value} for name, value in env.items()}
    containers[0]["env"] = list(variables.values())
    bed.patch("Deployment", APP, {"spec": {"template": {"spec": {"containers": containers}}}})


def holds(when: Mapping[str, Any], bed: Bed) -> bool:
    """Tell whether every condition of *when* holds."""
    status = (bed.canary() or {}).get("status") or {}
    for name, wanted in when.items():
        match name:
            case "phase":
                found = status.get("phase") in ([wanted] if isinstance(wanted, str) else wanted)
            case "canaryWeight" | "failedChecks" | "iterations":
                found = status.get(name, 0) == wanted
            case "hook":
                found = bed.calls().get(wanted, 0) >= when.get("times", 1)
            case "times":
                found = True
            case "gone":
                found = bed.canary() is None
            case _:
                raise ValueError(f"no bed knows the condition {name!r}")
        if not found:
            return False
    return True
