"""What a user would compare of an object: what was asked for, without what a server fills in."""

from collections.abc import Callable, Mapping
from typing import Any

from flagger_py.wire import Manifest

_FILLED_IN: Mapping[str, Any] = {
    "defaultMode": 420,
    "dnsPolicy": "ClusterFirst",
    "imagePullPolicy": "IfNotPresent",
    "minReadySeconds": 0,
    "resources": {},
    "restartPolicy": "Always",
    "revisionHistoryLimit": 10,
    "schedulerName": "default-scheduler",
    "securityContext": {},
    "strategy": {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"},
    },
    "terminationGracePeriodSeconds": 30,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
}
_ALLOCATED = (
    "clusterIP",
    "clusterIPs",
    "internalTrafficPolicy",
    "ipFamilies",
    "ipFamilyPolicy",
    "sessionAffinity",
)


CONFIGS = "flagger.app/configs"


def essence(manifest: Manifest) -> dict[str, Any]:
    """Return what a user would compare: labels, annotations, owners, and the content.

    Fields that the API server fills in are filled in, what controllers write is left out.
    """
    meta = manifest["metadata"]
    owners = [{k: v for k, v in o.items() if k != "uid"} for o in meta.get("ownerReferences", ())]
    wanted = {
        "labels": meta.get("labels"),
        "annotations": _annotations(meta.get("annotations") or {}),
        "ownerReferences": owners,
    }
    found: dict[str, Any] = {"metadata": {k: v for k, v in wanted.items() if v}}
    for name in ("data", "binaryData", "type"):
        if name in manifest:
            found[name] = manifest[name]
    if "spec" in manifest:
        found["spec"] = _SPECS.get(manifest["kind"], dict)(manifest["spec"])
    return found


def _annotations(annotations: Mapping[str, str]) -> dict[str, str]:
    return {k: v for k, v in annotations.items() if not k.startswith("deployment.kubernetes.io/")}


def _workload_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    template = dict(spec["template"])
    pod = dict(template.get("spec") or {})
    for name in ("containers", "initContainers"):
        if name in pod:
            pod[name] = [_container(container) for container in pod[name]]
    if "serviceAccountName" in pod:
        pod["serviceAccount"] = pod["serviceAccountName"]
    template["spec"] = pod
    if "metadata" in template:
        template["metadata"] = _masked(template["metadata"])
    found: dict[str, Any] = _asked({**spec, "template": template})
    return {"progressDeadlineSeconds": 600, **found}


def _masked(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Keep that a checksum of configs is there, and not which: it is none of Flagger's."""
    annotations = metadata.get("annotations") or {}
    if CONFIGS not in annotations:
        return dict(metadata)
    return {**metadata, "annotations": {**annotations, CONFIGS: "<checksum>"}}


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    if "ports" not in container:
        return dict(container)
    return {**container, "ports": [{"protocol": "TCP", **port} for port in container["ports"]]}


def _service_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in spec.items() if k not in _ALLOCATED}
    ports = [
        {"protocol": "TCP", "targetPort": port["port"], **port} for port in spec.get("ports") or ()
    ]
    return {"type": "ClusterIP", **kept, "ports": ports}


def _traefik_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    weighted = {k: v for k, v in (spec.get("weighted") or {}).items() if k != "services"}
    rest = {k: v for k, v in spec.items() if k != "weighted"}
    return {**rest, **({"weighted": weighted} if weighted else {})}


def _route_spec(spec: Mapping[str, Any]) -> dict[str, Any]:
    found = {k: v for k, v in spec.items() if k != "rules"}
    defaults = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
    found["parentRefs"] = [{**defaults, **ref} for ref in spec.get("parentRefs") or ()]
    return found


def _asked(value: Any) -> Any:
    """Drop, at any depth, the fields that have the value the API server would give them."""
    if isinstance(value, Mapping):
        kept = {k: v for k, v in value.items() if k not in _FILLED_IN or _FILLED_IN[k] != v}
        return {k: _asked(v) for k, v in kept.items()}
    if isinstance(value, list | tuple):
        return [_asked(item) for item in value]
    return value


_SPECS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "Deployment": _workload_spec,
    "HTTPRoute": _route_spec,
    "Service": _service_spec,
    "TraefikService": _traefik_spec,
}
