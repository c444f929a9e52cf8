"""The manifest that all figures are of: provider traefik, two metrics, no hooks."""

import json
from typing import Any
from urllib.parse import parse_qs, unquote

from flagger_py.egress import Request, Response

Json = dict[str, Any]

NAME, NAMESPACE = "app-00000", "shop-000"
"""As long as every other name in a herd, so that one stands for the other in any text."""
BAD = "bad"
"""Targets with this in their name answer every second request with an error."""
METRICS = (
    {"name": "request-success-rate", "interval": "1m", "thresholdRange": {"min": 99}},
    {"name": "request-duration", "interval": "1m", "thresholdRange": {"max": 500}},
)


def canary(
    name: str = NAME,
    namespace: str = NAMESPACE,
    *,
    interval: str = "10s",
    metrics_server: str,
    **analysis: Any,
) -> Json:
    """Describe the Canary: 10 % more at each step up to 50 %, two failed checks end it."""
    checks = {"threshold": 2, "stepWeight": 10, "maxWeight": 50, "metrics": list(METRICS)}
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "provider": "traefik",
            "metricsServer": metrics_server,
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
            "progressDeadlineSeconds": 60,
            "service": {"port": 80, "targetPort": "http"},
            "analysis": {"interval": interval, **checks, **analysis},
        },
    }


def target(name: str = NAME, namespace: str = NAMESPACE) -> Json:
    """Describe the Deployment under release; its replicas are ours to say."""
    labels = {"app": name}
    container = {
        "name": "app",
        "image": "example.com/app:1",
        "ports": [{"name": "http", "containerPort": 8080}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def version(number: int) -> list[Json]:
    """Return the JSON patch that pushes version *number* of a target."""
    path = "/spec/template/spec/containers/0/image"
    return [{"op": "replace", "path": path, "value": f"example.com/app:{number}"}]


def answer(query: str) -> bytes:
    """Answer an instant query as Prometheus does: all is well, but for targets called `BAD`."""
    value = "20" if "histogram_quantile" in query else "100"
    if "vector(1)" in query:
        value = "1"
    elif BAD in query and "histogram_quantile" not in query:
        value = "50"
    result = [{"metric": {}, "value": [0, value]}]
    return json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": result}}
    ).encode()


def asked(url: str, body: bytes) -> str:
    """Return the query of a request to Prometheus, sent by GET or POST."""
    sent = parse_qs(body.decode()).get("query")
    return sent[0] if sent else unquote(url)


async def prometheus(request: Request) -> Response:
    """Be the metrics server of a World."""
    return Response(200, answer(asked(request.url, request.body or b"")))
