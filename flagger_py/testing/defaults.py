"""What the API server adds to an object whose user left it out.

From the defaulting of Kubernetes 1.36 and the schema defaults of Gateway API 1.x, as far as this
project's objects meet them. A default never replaces what is there, and inputs stay as they are.
"""

import base64
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
Default = Callable[[Json], Json]

_PROBE = {
    "timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3
}  # fmt: skip


def unchanged(manifest: Json) -> Json:
    return manifest


def unobserved(manifest: Json) -> Json:
    """Default the status as Flux's CustomResourceDefinitions do: nobody has looked yet."""
    return manifest if "status" in manifest else {**manifest, "status": {"observedGeneration": -1}}


def deployment(manifest: Json) -> Json:
    spec = _with(
        manifest["spec"],
        replicas=1,
        revisionHistoryLimit=10,
        progressDeadlineSeconds=600,
        strategy={"type": "RollingUpdate"},
    )
    if spec["strategy"].get("type", "RollingUpdate") == "RollingUpdate":
        rolling = {"maxSurge": "25%", "maxUnavailable": "25%"}
        strategy = _with(spec["strategy"], type="RollingUpdate", rollingUpdate=rolling)
        strategy["rollingUpdate"] = _with(strategy["rollingUpdate"], **rolling)
        spec["strategy"] = strategy
    return _with_template(manifest, spec)


def replica_set(manifest: Json) -> Json:
    return _with_template(manifest, _with(manifest["spec"], replicas=1))


def daemon_set(manifest: Json) -> Json:
    rolling = {"maxSurge": 0, "maxUnavailable": 1}
    strategy = {"type": "RollingUpdate", "rollingUpdate": rolling}
    spec = _with(manifest["spec"], revisionHistoryLimit=10, updateStrategy=strategy)
    return _with_template(manifest, spec)


def stateful_set(manifest: Json) -> Json:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"partition": 0}}
    spec = _with(
        manifest["spec"],
        replicas=1,
        revisionHistoryLimit=10,
        podManagementPolicy="OrderedReady",
        updateStrategy=strategy,
    )
    return _with_template(manifest, spec)


def pod(manifest: Json) -> Json:
    return {**manifest, "spec": _pod_spec(manifest["spec"])}


def service(manifest: Json) -> Json:
    spec = _with(manifest.get("spec") or {}, type="ClusterIP", sessionAffinity="None")
    if spec["type"] != "ExternalName":
        spec = _with(spec, internalTrafficPolicy="Cluster")
    if "ports" in spec:
        spec["ports"] = [_port(port, spec) for port in spec["ports"]]
    return {**manifest, "spec": spec}


def namespace(manifest: Json) -> Json:
    meta = manifest["metadata"]
    labels = {**meta.get("labels", {}), "kubernetes.io/metadata.name": meta["name"]}
    return {**manifest, "metadata": {**meta, "labels": labels}}


def secret(manifest: Json) -> Json:
    """Default a Secret, and move what was written as text to where it is read."""
    found = {k: v for k, v in manifest.items() if k != "stringData"}
    texts = manifest.get("stringData") or {}
    if texts:
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in texts.items()}
        found["data"] = {**found.get("data", {}), **encoded}
    return _with(found, type="Opaque")


def http_route(manifest: Json) -> Json:
    spec = _with(manifest["spec"], rules=[{}])
    if "parentRefs" in spec:
        parent = {"group": "gateway.networking.k8s.io", "kind": "Gateway"}
        spec["parentRefs"] = [_with(ref, **parent) for ref in spec["parentRefs"]]
    spec["rules"] = [_route_rule(rule) for rule in spec["rules"]]
    return {**manifest, "spec": spec}


def from_openapi(schema: Mapping[str, Any]) -> Default:
    """Return the defaulting that the structural *schema* of a CustomResourceDefinition gives."""

    def default(manifest: Json) -> Json:
        found: Json = _schema_default(manifest, schema)
        return found

    return default


def _schema_default(value: Any, schema: Mapping[str, Any]) -> Any:
    if isinstance(value, dict):
        properties = schema.get("properties") or {}
        rest = schema.get("additionalProperties")
        found = {}
        for name, item in value.items():
            inner = properties.get(name, rest)
            found[name] = _schema_default(item, inner) if isinstance(inner, Mapping) else item
        for name, inner in properties.items():
            if name not in found and "default" in inner:
                found[name] = _schema_default(inner["default"], inner)
        return found
    if isinstance(value, list) and "items" in schema:
        return [_schema_default(item, schema["items"]) for item in value]
    return value


def _route_rule(rule: Json) -> Json:
    path = {"type": "PathPrefix", "value": "/"}
    found = _with(rule, matches=[{"path": path}])
    found["matches"] = [_route_match(_with(match, path=path)) for match in found["matches"]]
    if "filters" in found:
        found["filters"] = [_filter(each) for each in found["filters"]]
    if "backendRefs" in found:
        found["backendRefs"] = [_backend(_with(ref, weight=1)) for ref in found["backendRefs"]]
    return found


def _route_match(match: Json) -> Json:
    found = {**match, "path": _with(match["path"], type="PathPrefix", value="/")}
    for name in ("headers", "queryParams"):
        if name in found:
            found[name] = [_with(each, type="Exact") for each in found[name]]
    return found


def _filter(each: Json) -> Json:
    mirror = each.get("requestMirror")
    if mirror is None or "backendRef" not in mirror:
        return each
    return {**each, "requestMirror": {**mirror, "backendRef": _backend(mirror["backendRef"])}}


def _backend(ref: Json) -> Json:
    found = _with(ref, group="", kind="Service")
    if "filters" in found:
        found["filters"] = [_filter(each) for each in found["filters"]]
    return found


def _port(port: Json, spec: Json) -> Json:
    found = _with(port, protocol="TCP")
    return found if spec["type"] == "ExternalName" else _with(found, targetPort=found["port"])


def _with_template(manifest: Json, spec: Json) -> Json:
    template = spec.get("template")
    if template is not None:
        spec["template"] = {**template, "spec": _pod_spec(template.get("spec") or {})}
    return {**manifest, "spec": spec}


def _pod_spec(spec: Json) -> Json:
    found = _with(
        spec,
        restartPolicy="Always",
        dnsPolicy="ClusterFirst",
        schedulerName="default-scheduler",
        securityContext={},
        terminationGracePeriodSeconds=30,
    )
    for name in ("containers", "initContainers"):
        if name in found:
            found[name] = [_container(container) for container in found[name]]
    if "volumes" in found:
        found["volumes"] = [_volume(volume) for volume in found["volumes"]]
    return found


def _container(container: Json) -> Json:
    image = container.get("image", "")
    latest = ":" not in image.rpartition("/")[2] or image.endswith(":latest")
    found = _with(
        container,
        imagePullPolicy="Always" if latest and "@" not in image else "IfNotPresent",
        resources={},
        terminationMessagePath="/dev/termination-log",
        terminationMessagePolicy="File",
    )
    if "ports" in found:
        found["ports"] = [_with(port, protocol="TCP") for port in found["ports"]]
    for name in ("readinessProbe", "livenessProbe", "startupProbe"):
        if name in found:
            found[name] = _with(found[name], **_PROBE)
    return found


def _volume(volume: Json) -> Json:
    found = dict(volume)
    for source in ("configMap", "secret", "projected"):
        if source in found:
            found[source] = _with(found[source], defaultMode=0o644)
    return found


def _with(value: Json, /, **defaults: Any) -> Json:
    return {**defaults, **value}
