"""What is wrong with a manifest of ours before any cluster sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.crd import definition

from .manifests import Document
from .resources import RESOURCES, resource_of
from .spec_checks import Findings, findings_of
from .unknown_fields import unknown_fields

_GROUPS = frozenset(resource.kind.group for resource in RESOURCES)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found in one document; *ours* tells whether it is of a kind that we know.

    *unknown* are fields that an API server would drop, *invalid* is what a controller refuses,
    *warnings* are of what only another server can judge, *notes* are values that count as
    something else than they say.
    """

    title: str
    ours: bool
    unknown: tuple[str, ...] = ()
    invalid: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    source: str = ""

    @property
    def findings(self) -> tuple[str, ...]:
        return (*self.unknown, *self.invalid)


def lint(documents: Iterable[Document], provider: str = "") -> tuple[Checked, ...]:
    """Look at every object; those of foreign kinds are left alone.

    *provider* routes Canaries that name none; without it their routes are not judged.
    """
    return tuple(_checked(document, provider) for document in documents)


def _checked(document: Document, provider: str) -> Checked:
    value, source = document.value, document.source
    if not isinstance(value, Mapping) or not value.get("kind"):
        nothing = "it is no Kubernetes object: kind is missing"
        return Checked("a document", True, invalid=(*document.double, nothing), source=source)
    api_version, kind = str(value.get("apiVersion", "")), str(value["kind"])
    title = _title(value)
    resource = resource_of(api_version, kind)
    if resource is None:
        foreign = api_version.rpartition("/")[0] not in _GROUPS
        told = () if foreign else (f"no kind {kind} exists in {api_version}",)
        return Checked(title, not foreign, invalid=(*document.double, *told), source=source)
    (version,) = definition(resource)["spec"]["versions"]
    found = _content(resource.kind.kind, value, provider)
    return Checked(
        title,
        True,
        unknown=unknown_fields(version["schema"]["openAPIV3Schema"], value),
        invalid=(*document.double, *found.invalid),
        warnings=found.warnings,
        notes=found.notes,
        source=source,
    )


def _content(kind: str, value: Mapping[str, Any], provider: str) -> Findings:
    metadata = value.get("metadata") or {}
    if not isinstance(metadata, Mapping) or not metadata.get("name"):
        return Findings(("metadata.name: missing",))
    return findings_of(kind, value, provider)


def _title(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    namespace = f"{known['namespace']}/" if known.get("namespace") else ""
    return f"{value['kind']} {namespace}{known.get('name', '')}".strip()
