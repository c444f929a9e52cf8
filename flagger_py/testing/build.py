"""Manifests with valid defaults, so that a test says only what it is about.

Every builder takes *overrides*: what is merged over the manifest, as a JSON merge patch does.
"""

from typing import Any

from flagger_py.testing.patches import merge_patched

Json = dict[str, Any]

NAMESPACE = "test"


def a_namespace(name: str = NAMESPACE, **overrides: Any) -> Json:
    """Build a Namespace."""
    return _built({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}, overrides)


def a_deployment(
    name: str = "app",
    version: str = "1",
    replicas: int = 2,
    *,
    namespace: str = NAMESPACE,
    **overrides: Any,
) -> Json:
    """Build a Deployment of one container on port 8080; *version* is its image tag and VERSION."""
    container = {
        "name": "app",
        "image": f"example.com/{name}:{version}",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": "VERSION", "value": version}],
    }
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [container]}}
    selector = {"matchLabels": {"app": name}}
    spec = {"replicas": replicas, "selector": selector, "template": template}
    return _built(_manifest("apps/v1", "Deployment", name, namespace, spec), overrides)


def a_service(
    name: str = "app", port: int = 80, *, namespace: str = NAMESPACE, **overrides: Any
) -> Json:
    """Build a Service that selects `app: name` and sends *port* to the container's 8080."""
    spec = {
        "selector": {"app": name},
        "ports": [{"name": "http", "port": port, "targetPort": 8080}],
    }
    return _built(_manifest("v1", "Service", name, namespace, spec), overrides)


def a_canary(name: str = "app", *, namespace: str = NAMESPACE, **overrides: Any) -> Json:
    """Build a Canary for the Deployment of its name, with Flagger's schema.

    Provider traefik, 20 % a step up to 60 %, every 10 s, back after two failed checks of the
    success rate.
    """
    metric = {"name": "request-success-rate", "interval": "1m", "thresholdRange": {"min": 99}}
    analysis = {
        "interval": "10s",
        "threshold": 2,
        "maxWeight": 60,
        "stepWeight": 20,
        "metrics": [metric],
    }
    spec = {
        "provider": "traefik",
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": name},
        "progressDeadlineSeconds": 60,
        "service": {"port": 80, "targetPort": 8080},
        "analysis": analysis,
    }
    return _built(_manifest("flagger.app/v1beta1", "Canary", name, namespace, spec), overrides)


def an_http_route(
    name: str = "app", *, namespace: str = NAMESPACE, primary: int = 100, **overrides: Any
) -> Json:
    """Build an HTTPRoute that splits between `name-primary` and `name-canary`."""
    backends = [
        {"name": f"{name}-primary", "port": 80, "weight": primary},
        {"name": f"{name}-canary", "port": 80, "weight": 100 - primary},
    ]
    spec = {"parentRefs": [{"name": "gateway"}], "rules": [{"backendRefs": backends}]}
    api_version = "gateway.networking.k8s.io/v1"
    return _built(_manifest(api_version, "HTTPRoute", name, namespace, spec), overrides)


def _manifest(api_version: str, kind: str, name: str, namespace: str, spec: Json) -> Json:
    return {
        "apiVersion": api_version,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace},
        "spec": spec,
    }


def _built(manifest: Json, overrides: Json) -> Json:
    found: Json = merge_patched(manifest, overrides)
    return found
