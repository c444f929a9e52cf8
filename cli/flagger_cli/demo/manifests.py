"""What the user of the demo applies: an application, its route at the edge, and a Canary."""

from typing import Any

from flagger_py.refs import DEPLOYMENT, Key, Kind
from flagger_py.testing.served import INGRESS_ROUTE

NAMESPACE = "demo"
NAME = "app"
HOST = "app.example.com"
PORT = 80
REPLICAS = 2
WHERE = Key(NAMESPACE, NAME)
CANARY = Kind("flagger.app", "v1beta1", "Canary", "canaries")
INTERVAL = "2s"


def deployment(version: str, error_rate: float = 0.0) -> dict[str, Any]:
    """Return the application in *version*, a share *error_rate* of whose answers are errors."""
    env = {"VERSION": version, "ERROR_RATE": f"{error_rate:g}", "LATENCY_MS": "5"}
    container = {
        "name": "app",
        "image": f"app:{version}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    labels = {"app": NAME}
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": {"name": NAME, "namespace": NAMESPACE, "labels": labels},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def ingress_route() -> dict[str, Any]:
    """Return the route that sends everybody to whatever the Canary says of the application."""
    service = {"kind": "TraefikService", "name": NAME, "namespace": NAMESPACE}
    return {
        "apiVersion": INGRESS_ROUTE.api_version,
        "kind": INGRESS_ROUTE.kind,
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "entryPoints": ["web"],
            "routes": [{"kind": "Rule", "match": f"Host(`{HOST}`)", "services": [service]}],
        },
    }


def canary() -> dict[str, Any]:
    """Return the Canary: 20 % more every interval up to 60 %, two failed checks end it."""
    return {
        "apiVersion": CANARY.api_version,
        "kind": CANARY.kind,
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {
            "provider": "traefik",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": NAME},
            "progressDeadlineSeconds": 30,
            "service": {"port": PORT, "targetPort": "http"},
            "analysis": {
                "interval": INTERVAL,
                "threshold": 2,
                "stepWeight": 20,
                "maxWeight": 60,
                "metrics": [
                    {
                        "name": "request-success-rate",
                        "interval": "5s",
                        "thresholdRange": {"min": 99},
                    },
                    {
                        "name": "request-duration",
                        "interval": "5s",
                        "thresholdRange": {"max": 500},
                    },
                ],
            },
        },
    }
