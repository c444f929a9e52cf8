"""A release on the bed: the application, its Canary, and what is waited for in its status."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import workloads
from tests.cluster.api import Manifest
from tests.cluster.controlplane import ControlPlane
from tests.cluster.waiting import eventually

NAME = "app"
FLAGGER = "flagger.app/v1beta1"
INTERVAL = "1s"
PACE = (f"--min-interval={INTERVAL}",)
"""How a rollout controller is told that a second is long enough."""
METRICS = (
    {"name": "request-success-rate", "interval": "10s", "thresholdRange": {"min": 99}},
    {"name": "request-duration", "interval": "10s", "thresholdRange": {"max": 500}},
)


@dataclass(frozen=True, slots=True)
class Release:
    """The one Canary of *namespace*, called `app` like its target."""

    plane: ControlPlane
    namespace: str

    def push(self, version: str, **env: str) -> None:
        """Apply the target at *version*, without replicas, as one does who lets us scale it."""
        target = workloads.deployment(
            NAME, self.namespace, 1, VERSION=version, DRAIN_S="0.1", **env
        )
        del target["spec"]["replicas"]
        self.plane.api.apply(target)

    def ask(self, spec: Manifest) -> Manifest:
        """Apply the Canary."""
        return self.plane.api.apply(self.manifest(spec))

    def manifest(self, spec: Manifest) -> Manifest:
        metadata = {"name": NAME, "namespace": self.namespace}
        return {"apiVersion": FLAGGER, "kind": "Canary", "metadata": metadata, "spec": spec}

    def find(self, api_version: str, kind: str, name: str = NAME) -> Manifest:
        """Return an object of this namespace, an empty one where there is none."""
        return self.plane.api.find(api_version, kind, name, self.namespace) or {}

    @property
    def status(self) -> Manifest:
        return dict(self.find(FLAGGER, "Canary").get("status") or {})

    def ready(self) -> Manifest:
        """Return the Canary's condition Ready, empty before there is one."""
        return condition(self.status, "Ready")

    def until(self, phase: str, timeout_s: float = 60.0) -> Manifest:
        """Wait for a phase at rest; returns the status."""

        def arrived() -> Manifest | None:
            status = self.status
            return status if status.get("phase") == phase else None

        def told() -> str:
            return f"phase {phase}, not {self.status.get('phase')}: {self.ready().get('message')}"

        try:
            found = eventually(arrived, f"phase {phase}", timeout_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; {told()}") from None
        assert found is not None
        return found

    def until_closed(self, timeout_s: float = 60.0) -> None:
        """Wait until the release has succeeded and the webhooks after it have been asked."""
        self.until("Succeeded", timeout_s)
        eventually(
            lambda: not self.status["progress"].get("closing"), "the release is closed", timeout_s
        )

    def until_weight(self, weight: int, timeout_s: float = 60.0) -> None:
        """Wait until the canary has its share of *weight* percent, or more."""
        eventually(
            lambda: self.status.get("canaryWeight", 0) >= weight, f"weight {weight}", timeout_s
        )

    def version(self, name: str = f"{NAME}-primary") -> str:
        """Return the version that a Deployment's template asks for, empty without one."""
        found = self.find("apps/v1", "Deployment", name)
        if not found:
            return ""
        container = found["spec"]["template"]["spec"]["containers"][0]
        return next(str(e["value"]) for e in container["env"] if e["name"] == "VERSION")

    def replicas(self) -> int:
        """Return how many replicas the target is to have."""
        return int(self.find("apps/v1", "Deployment")["spec"]["replicas"])

    def weights(self) -> dict[str, int]:
        """Return the weight of each Service in the TraefikService."""
        found = self.find(TRAEFIK_SERVICE.api_version, TRAEFIK_SERVICE.kind)
        entries = found.get("spec", {}).get("weighted", {}).get("services", ())
        return {entry["name"]: entry["weight"] for entry in entries}


def spec(metrics_server: str, webhooks: Sequence[Manifest] = (), **analysis: Any) -> Manifest:
    """Return a Canary's spec: 20 % more at each step up to 60 %, two failed checks end it."""
    return {
        "provider": "traefik",
        "metricsServer": metrics_server,
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
        "progressDeadlineSeconds": 60,
        "service": {"port": 80, "targetPort": "http"},
        "analysis": {
            "interval": INTERVAL,
            "threshold": 2,
            "stepWeight": 20,
            "maxWeight": 60,
            "metrics": list(METRICS),
            **({"webhooks": list(webhooks)} if webhooks else {}),
            **analysis,
        },
    }


def condition(status: Manifest, kind: str) -> Manifest:
    """Return the condition of type *kind*, empty where there is none."""
    found = (c for c in status.get("conditions") or () if c["type"] == kind)
    return dict(next(found, {}))
