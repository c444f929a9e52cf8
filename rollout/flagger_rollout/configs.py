"""Which ConfigMaps and Secrets a pod template reads, and their copies for the primary."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.refs import PRIMARY
from flagger_py.wire import Manifest

from .fingerprints import config_checksum

MANAGED_BY = {"app.kubernetes.io/managed-by": "flagger-py"}
TRACKING = "flagger.app/config-tracking"
TRACKED_SECRET_TYPES = frozenset(
    {"Opaque", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth", "kubernetes.io/tls"}
)


@dataclass(frozen=True, slots=True, order=True)
class ConfigRef:
    """A ConfigMap or Secret in use; an *optional* one may be absent."""

    kind: str
    name: str
    optional: bool = False

    @property
    def key(self) -> str:
        """The name under which Flagger's status lists it."""
        return f"{self.kind.lower()}/{self.name}"


@dataclass(frozen=True, slots=True)
class Config:
    """A tracked config as it is stored now."""

    ref: ConfigRef
    manifest: Manifest

    @property
    def checksum(self) -> str:
        return config_checksum(self.manifest.get("data"))


def references(pod_spec: Mapping[str, Any]) -> tuple[ConfigRef, ...]:
    """List the configs that *pod_spec* reads by volumes, env and envFrom, each once, sorted.

    Where one config is named several times the last mention decides whether it is optional.
    """
    found: dict[tuple[str, str], ConfigRef] = {}
    for ref in (*_of_volumes(pod_spec), *_of_containers(pod_spec)):
        found[(ref.kind, ref.name)] = ref
    return tuple(sorted(found.values()))


def tracked(manifest: Manifest) -> bool:
    """Tell whether a stored config takes part: not opted out, and a Secret of a usual type."""
    annotations: Mapping[str, str] = manifest["metadata"].get("annotations") or {}
    if annotations.get(TRACKING, "").startswith("disable"):
        return False
    if manifest["kind"] == "Secret":
        return manifest.get("type", "Opaque") in TRACKED_SECRET_TYPES
    return True


def renamed(pod_spec: Mapping[str, Any], configs: Mapping[str, str]) -> dict[str, Any]:
    """Return *pod_spec* reading the primary's copies; *configs* holds the keys of tracked ones."""
    spec = dict(pod_spec)
    if "volumes" in spec:
        spec["volumes"] = [_renamed_volume(volume, configs) for volume in spec["volumes"]]
    for field in ("containers", "initContainers"):
        if field in spec:
            spec[field] = [_renamed_container(item, configs) for item in spec[field]]
    return spec


def copy_for_primary(config: Config, owner: Mapping[str, object]) -> dict[str, Any]:
    """Render the primary's copy: all data, labels and annotations but those of a GitOps tool."""
    source = config.manifest
    meta = source["metadata"]
    copy: dict[str, Any] = {
        "apiVersion": source["apiVersion"],
        "kind": source["kind"],
        "metadata": {
            "name": f"{meta['name']}{PRIMARY}",
            "namespace": meta["namespace"],
            "ownerReferences": [dict(owner)],
        },
    }
    for field in ("labels", "annotations"):
        kept = {k: v for k, v in (meta.get(field) or {}).items() if not foreign(k)}
        if field == "labels":
            kept |= MANAGED_BY
        if kept:
            copy["metadata"][field] = kept
    for field in ("data", "binaryData", "type"):
        if field in source:
            copy[field] = source[field]
    return copy


def foreign(key: str) -> bool:
    """Tell whether a label or annotation belongs to the tool that applied the original."""
    return "toolkit.fluxcd.io" in key or key.startswith(("kubectl.kubernetes.io/", "argocd."))


def _of_volumes(pod_spec: Mapping[str, Any]) -> Iterator[ConfigRef]:
    for volume in pod_spec.get("volumes", ()):
        if source := volume.get("configMap"):
            yield ConfigRef("ConfigMap", source["name"], bool(source.get("optional")))
        if source := volume.get("secret"):
            yield ConfigRef("Secret", source["secretName"], bool(source.get("optional")))
        for item in volume.get("projected", {}).get("sources", ()):
            yield from _of_sources(item, (("configMap", "ConfigMap"), ("secret", "Secret")))


def _of_containers(pod_spec: Mapping[str, Any]) -> Iterator[ConfigRef]:
    for field in ("containers", "initContainers"):
        for container in pod_spec.get(field, ()):
            for item in container.get("envFrom", ()):
                yield from _of_sources(
                    item, (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
                )
            for item in container.get("env", ()):
                yield from _of_sources(
                    item.get("valueFrom", {}),
                    (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret")),
                )


def _of_sources(
    item: Mapping[str, Any], fields: tuple[tuple[str, str], ...]
) -> Iterator[ConfigRef]:
    for field, kind in fields:
        if source := item.get(field):
            yield ConfigRef(kind, source["name"], bool(source.get("optional")))


def _renamed_volume(volume: Mapping[str, Any], configs: Mapping[str, str]) -> dict[str, Any]:
    new = dict(volume)
    if "configMap" in new:
        new["configMap"] = _renamed_source(new["configMap"], "ConfigMap", configs)
    if "secret" in new:
        new["secret"] = _renamed_source(new["secret"], "Secret", configs, name="secretName")
    if "projected" in new:
        sources = [
            _renamed_fields(item, (("configMap", "ConfigMap"), ("secret", "Secret")), configs)
            for item in new["projected"].get("sources", ())
        ]
        new["projected"] = {**new["projected"], "sources": sources}
    return new


def _renamed_container(container: Mapping[str, Any], configs: Mapping[str, str]) -> dict[str, Any]:
    new = dict(container)
    if "envFrom" in new:
        fields = (("configMapRef", "ConfigMap"), ("secretRef", "Secret"))
        new["envFrom"] = [_renamed_fields(item, fields, configs) for item in new["envFrom"]]
    if "env" in new:
        new["env"] = [_renamed_env(item, configs) for item in new["env"]]
    return new


def _renamed_env(item: Mapping[str, Any], configs: Mapping[str, str]) -> dict[str, Any]:
    if "valueFrom" not in item:
        return dict(item)
    fields = (("configMapKeyRef", "ConfigMap"), ("secretKeyRef", "Secret"))
    return {**item, "valueFrom": _renamed_fields(item["valueFrom"], fields, configs)}


def _renamed_fields(
    item: Mapping[str, Any], fields: tuple[tuple[str, str], ...], configs: Mapping[str, str]
) -> dict[str, Any]:
    new = dict(item)
    for field, kind in fields:
        if field in new:
            new[field] = _renamed_source(new[field], kind, configs)
    return new


def _renamed_source(
    source: Mapping[str, Any], kind: str, configs: Mapping[str, str], *, name: str = "name"
) -> dict[str, Any]:
    ref = ConfigRef(kind, source[name])
    if ref.key not in configs:
        return dict(source)
    return {**source, name: f"{source[name]}{PRIMARY}"}
