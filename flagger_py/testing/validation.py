"""What the API server refuses: the few rules that this project's objects can break."""

import re
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Validate = Callable[[Json | None, Json], tuple[str, ...]]
"""Returns findings, `field: what is wrong`, for (the object before or None, the object now)."""

_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?")
_NAME_CHARS_MAX = 253
_WEIGHT_MAX = 1_000_000


def nothing(_before: Json | None, _now: Json) -> tuple[str, ...]:
    return ()


def metadata(before: Json | None, now: Json) -> tuple[str, ...]:
    """Check what holds for the metadata of every object."""
    meta = now["metadata"]
    found = []
    if not _NAME.fullmatch(meta["name"]) or len(meta["name"]) > _NAME_CHARS_MAX:
        found.append(f'metadata.name: Invalid value: "{meta["name"]}": must be a DNS subdomain')
    owners = meta.get("ownerReferences", ())
    if any(not owner.get("uid") for owner in owners):
        found.append("metadata.ownerReferences.uid: Required value: must not be empty")
    if sum(bool(owner.get("controller")) for owner in owners) > 1:
        found.append(
            "metadata.ownerReferences: Invalid value: Only one reference can have Controller "
            "set to true"
        )
    if before is not None and "deletionTimestamp" in before["metadata"]:
        added = set(meta.get("finalizers", ())) - set(before["metadata"].get("finalizers", ()))
        if added:
            found.append(
                "metadata.finalizers: Forbidden: no new finalizers can be added if the object "
                f"is being deleted, found new finalizers {sorted(added)}"
            )
    return tuple(found)


def workload(before: Json | None, now: Json) -> tuple[str, ...]:
    """Check a Deployment, ReplicaSet, DaemonSet or StatefulSet."""
    spec = now["spec"]
    found = []
    if "selector" not in spec:
        found.append("spec.selector: Required value")
    elif before is not None and before["spec"]["selector"] != spec["selector"]:
        found.append(f"spec.selector: Invalid value: {spec['selector']}: field is immutable")
    template = spec.get("template") or {}
    labels = (template.get("metadata") or {}).get("labels") or {}
    wanted = (spec.get("selector") or {}).get("matchLabels") or {}
    if any(labels.get(name) != value for name, value in wanted.items()):
        found.append(
            f"spec.template.metadata.labels: Invalid value: {labels}: `selector` does not "
            "match template `labels`"
        )
    found += _containers((template.get("spec") or {}).get("containers") or [])
    if spec.get("replicas", 0) < 0:
        found.append(
            f"spec.replicas: Invalid value: {spec['replicas']}: must be greater than or equal to 0"
        )
    return tuple(found)


def service(before: Json | None, now: Json) -> tuple[str, ...]:
    spec = now.get("spec") or {}
    ports = spec.get("ports", ())
    found = []
    if not ports and spec.get("clusterIP") != "None" and spec.get("type") != "ExternalName":
        found.append("spec.ports: Required value")
    if len(ports) > 1 and any("name" not in port for port in ports):
        found.append("spec.ports[0].name: Required value")
    names = [port["name"] for port in ports if "name" in port]
    found += [f'spec.ports.name: Duplicate value: "{n}"' for n in names if names.count(n) > 1]
    address = before and before["spec"].get("clusterIP")
    if address and spec.get("clusterIP") != address:
        value = spec.get("clusterIP", "")
        found.append(f'spec.clusterIPs[0]: Invalid value: ["{value}"]: may not change once set')
    return tuple(found)


def http_route(_before: Json | None, now: Json) -> tuple[str, ...]:
    found = []
    for index, rule in enumerate(now["spec"].get("rules", ())):
        for place, ref in enumerate(rule.get("backendRefs", ())):
            where = f"spec.rules[{index}].backendRefs[{place}]"
            if not 0 <= ref["weight"] <= _WEIGHT_MAX:
                found.append(f"{where}.weight: Invalid value: {ref['weight']}")
            if ref["kind"] == "Service" and "port" not in ref:
                found.append(f"{where}: Invalid value: Must have port for Service reference")
    return tuple(found)


def _containers(containers: list[Json]) -> list[str]:
    where = "spec.template.spec.containers"
    if not containers:
        return [f"{where}: Required value"]
    return [
        f"{where}[{place}].{name}: Required value"
        for place, container in enumerate(containers)
        for name in ("name", "image")
        if not container.get(name)
    ]
