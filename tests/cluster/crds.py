"""CustomResourceDefinitions are installed when their kinds can be used, not when they are sent."""

import functools
from collections.abc import Iterable, Iterator
from pathlib import Path

import yaml

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
