"""CustomResourceDefinitions are installed when their kinds can be used, not when they are sent."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

from flagger_py.refs import Kind
from tests.cluster.api import Api, Manifest
from tests.cluster.waiting import eventually

_API = "apiextensions.k8s.io/v1"
_KIND = "CustomResourceDefinition"


def install(api: Api, *places: Path) -> tuple[str, ...]:
    """Apply the CRDs in files and folders and wait for them; returns their names.

    Other manifests that lie beside them, such as admission policies, are left out.
    """
    names = []
    for manifest in _manifests(places):
        if manifest.get("kind") != _KIND:
            continue
        manifest.pop("status", None)  # Older generators leave one, and it would be applied.
        api.apply(manifest)
        names.append(manifest["metadata"]["name"])
    for name in names:
        eventually(functools.partial(_served, api, name), f"CRD {name} is established")
    return tuple(names)


def remove(api: Api, name: str) -> None:
    """Delete the CRD *name* and all its objects; returns when it is gone, also if it never was."""
    if api.find(_API, _KIND, name) is not None:
        api.delete(_API, _KIND, name)
    eventually(lambda: api.find(_API, _KIND, name) is None, f"CRD {name} is gone", 60.0)


def permissive(kind: Kind) -> Manifest:
    """Describe a CRD of *kind* that accepts anything and keeps a status apart."""
    anything = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {
        "name": kind.version,
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "schema": {"openAPIV3Schema": anything},
    }
    names = {"kind": kind.kind, "plural": kind.plural, "singular": kind.kind.lower()}
    scope = "Namespaced" if kind.namespaced else "Cluster"
    return {
        "apiVersion": _API,
        "kind": _KIND,
        "metadata": {"name": str(kind)},
        "spec": {"group": kind.group, "names": names, "scope": scope, "versions": [version]},
    }


def install_permissive(api: Api, *kinds: Kind) -> None:
    """Install CRDs of *kinds* without a schema, and wait for them."""
    for kind in kinds:
        api.apply(permissive(kind))
    for kind in kinds:
        eventually(functools.partial(_served, api, str(kind)), f"CRD {kind} is established")


def _manifests(places: Iterable[Path]) -> Iterator[Manifest]:
    for place in places:
        files = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
        for file in files:
            for document in yaml.load_all(file.read_text(), Loader=_LOADER):
                if isinstance(document, dict):
                    yield document


def _served(api: Api, name: str) -> bool:
    """Tell whether the CRD is established and every one of its versions is in discovery."""
    crd = api.get(_API, _KIND, name)
    conditions = crd.get("status", {}).get("conditions") or ()
    holds = {condition["type"] for condition in conditions if condition["status"] == "True"}
    if not {"Established", "NamesAccepted"} <= holds:
        return False

    group, kind = crd["spec"]["group"], crd["spec"]["names"]["kind"]
    served = [version["name"] for version in crd["spec"]["versions"] if version["served"]]
    return all(api.serves(f"{group}/{version}", kind) for version in served)


_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The C one reads the large schemas ten times faster, and is not in every build of PyYAML."""
