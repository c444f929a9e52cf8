"""Which object is meant, across versions of its API, and what every object of ours carries."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

TOOLKIT_ANNOTATIONS = {
    "kustomize.toolkit.fluxcd.io/reconcile": "disabled",
    "helm.toolkit.fluxcd.io/driftDetection": "disabled",
}
"""They keep Flux from putting back what a release changes."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where an object is read."""

    kind: Kind
    key: Key

    @property
    def ident(self) -> str:
        return ident(self.kind.api_version, self.kind.kind, self.key.name)


def ident(api_version: str, kind: str, name: str) -> str:
    """Name an object within its namespace, the same for every version of its API."""
    group = api_version.rpartition("/")[0]
    return f"{kind}.{group}/{name}" if group else f"{kind}/{name}"


def ident_of(manifest: Manifest) -> str:
    return ident(manifest["apiVersion"], manifest["kind"], manifest["metadata"]["name"])


def spoken(manifest: Manifest) -> str:
    """Name an object as a sentence does: `HTTPRoute app`."""
    return f"{manifest['kind']} {manifest['metadata']['name']}"


def digest(value: object) -> str:
    """Return a short text that is equal for equal JSON."""
    text = orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()[:16]


def version_of(manifest: Manifest | None) -> str:
    """Return the resourceVersion, empty where there is no object."""
    return str(manifest["metadata"].get("resourceVersion", "")) if manifest else ""


def annotated(annotations: Mapping[str, str]) -> dict[str, str]:
    """Return *annotations* with those that every object of ours carries."""
    return {**annotations, **TOOLKIT_ANNOTATIONS}


def owned_by(manifest: Manifest, owner: Mapping[str, Any]) -> dict[str, Any]:
    """Return *manifest* with the reference that makes it our child."""
    return {**manifest, "metadata": {**manifest["metadata"], "ownerReferences": [owner]}}
