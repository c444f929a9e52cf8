"""What is wrong with a manifest of ours before any cluster sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from flagger_py.crd import definition

from .manifests import Document
from .resources import RESOURCES, resource_of
from .spec_checks import Findings, findings_of
from .stored_values import metadata_faults, wrong_types
from .unknown_fields import nearest, unknown_fields

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
    is_object: bool = True
    """False for a file, or the rest of one, that cannot be read."""

    @property
    def findings(self) -> tuple[str, ...]:
        return (*self.unknown, *self.invalid)


def lint(documents: Iterable[Document], provider: str = "") -> tuple[Checked, ...]:
    """Look at every object; those of foreign kinds are left alone.

    *provider* routes Canaries that name none; without it their routes are not judged.
    """
    seen: set[str] = set()
    found = []
    for document in documents:
        checked = _checked(document, provider)
        if checked.ours and checked.is_object and checked.title in seen:
            twice = "is there twice; whichever is applied last replaces the other"
            checked = replace(checked, notes=(*checked.notes, twice))
        seen.add(checked.title)
        found.append(checked)
    return tuple(found)


def _checked(document: Document, provider: str) -> Checked:
    value, source = document.value, document.source
    if document.fault:
        return Checked("the file", True, invalid=(document.fault,), source=source, is_object=False)
    if not isinstance(value, Mapping) or not value.get("kind"):
        nothing = "it is no Kubernetes object: kind is missing"
        return Checked("a document", True, invalid=(*document.double, nothing), source=source)
    api_version, kind = str(value.get("apiVersion", "")), str(value["kind"])
    title = _title(value)
    resource = resource_of(api_version, kind)
    if resource is None:
        foreign = api_version.rpartition("/")[0] not in _GROUPS
        told = () if foreign else (f"no kind {kind} exists in {api_version}{_meant(value)}",)
        return Checked(title, not foreign, invalid=(*document.double, *told), source=source)
    (version,) = definition(resource)["spec"]["versions"]
    schema = version["schema"]["openAPIV3Schema"]
    found = _content(resource.kind.kind, value, provider)
    types = _unsaid(wrong_types(schema, value), found.invalid)
    return Checked(
        title,
        True,
        unknown=unknown_fields(schema, value),
        invalid=(
            *document.double,
            *metadata_faults(value.get("metadata")),
            *types,
            *_further(found.invalid, types),
        ),
        warnings=found.warnings,
        notes=found.notes,
        source=source,
    )


def _content(kind: str, value: Mapping[str, Any], provider: str) -> Findings:
    """Ask the parts, where there is enough of an object to ask about."""
    metadata, spec = value.get("metadata"), value.get("spec")
    named = isinstance(metadata, Mapping) and metadata.get("name")
    if not named or not isinstance(spec, Mapping | None):
        return Findings()
    return findings_of(kind, value, provider)


def _unsaid(types: Iterable[str], said: Iterable[str]) -> tuple[str, ...]:
    """Leave out what a part says of the same field, since it may say more."""
    told = tuple(said)
    return tuple(one for one in types if not any(f"{_path(one)}:" in text for text in told))


def _further(said: Iterable[str], types: Iterable[str]) -> tuple[str, ...]:
    """Leave out what reads a value of the wrong type as each of those it may have."""
    within = tuple(f"{_path(one)}." for one in types)
    return tuple(
        text for text in said if not all(part.startswith(within) for part in text.split("; "))
    )


def _path(finding: str) -> str:
    return finding.partition(":")[0]


def _meant(value: Mapping[str, Any]) -> str:
    """Say which kind of ours, or which version of it, a near miss may mean."""
    kind = str(value["kind"])
    for resource in RESOURCES:
        if resource.kind.kind == kind:
            return f"; write {resource.kind.api_version}"
    group = str(value.get("apiVersion", "")).rpartition("/")[0]
    ours = [one.kind.kind for one in RESOURCES if one.kind.group == group]
    return nearest(kind, ours)


def _title(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    known = metadata if isinstance(metadata, Mapping) else {}
    namespace = f"{known['namespace']}/" if known.get("namespace") else ""
    return f"{value['kind']} {namespace}{known.get('name', '')}".strip()
