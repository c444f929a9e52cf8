"""What is wrong with a manifest of ours before any cluster sees it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.crd import CustomResource, definition
from flagger_py.errors import SpecError
from flagger_rollout.api import CanarySpec
from flagger_rollout.unsupported import refuse_invalid, refuse_unsupported

from .resources import RESOURCES, resource_of
from .unknown_fields import unknown_fields

_GROUPS = frozenset(resource.kind.group for resource in RESOURCES)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one document; *ours* tells whether it is of a kind that we know."""

    title: str
    ours: bool
    findings: tuple[str, ...] = ()


def lint(document: Any) -> Checked:
    """Look at one document of a YAML file; objects of foreign kinds are left alone."""
    if not isinstance(document, Mapping) or not document.get("kind"):
        return Checked("a document", True, ("it is no Kubernetes object: kind is missing",))
    api_version, kind = str(document.get("apiVersion", "")), str(document["kind"])
    metadata = document.get("metadata") or {}
    title = f"{kind} {metadata.get('name', '')}".strip()
    resource = resource_of(api_version, kind)
    if resource is not None:
        return Checked(title, True, tuple(_findings(resource, document)))
    if api_version.rpartition("/")[0] in _GROUPS:
        return Checked(title, True, (f"no kind {kind} exists in {api_version}",))
    return Checked(title, False)


def _findings(resource: CustomResource, document: Mapping[str, Any]) -> Iterator[str]:
    if not (document.get("metadata") or {}).get("name"):
        yield "metadata.name: missing"
    (version,) = definition(resource)["spec"]["versions"]
    yield from unknown_fields(version["schema"]["openAPIV3Schema"], document)
    try:
        spec = resource.spec.read(document.get("spec") or {}, "spec")
        if isinstance(spec, CanarySpec):
            name = str((document.get("metadata") or {}).get("name", ""))
            refuse_unsupported(spec, name)
            refuse_invalid(spec, name, no_cross_namespace=None)
    except SpecError as error:
        yield error.message
