"""What the API server is told about our kinds: CustomResourceDefinitions made from models."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flagger_py.crd_marks import Rule
from flagger_py.crd_schema import Schema, schema_of
from flagger_py.refs import Kind
from flagger_py.wire import Wire

CATEGORIES = ("all", "fluxcd", "fluxcd-delivery")
HEADER = "# Made from the models in Python by `make crds`: edit those, not this file.\n"

_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column that `kubectl get` prints; those of *priority* 1 only with `-o wide`."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0


AGE = Column("Age", ".metadata.creationTimestamp", "date")
STANDING = (
    AGE,
    Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
    Column("Status", '.status.conditions[?(@.type=="Ready")].message'),
)
"""The last columns of every reconciled kind, in Flux's order."""


@dataclass(frozen=True, slots=True)
class CustomResource:
    """A kind of ours as declared by the part that owns it.

    A kind without *status* is static: no controller writes it, and it is ready as it stands.
    *rules* look at the whole object. *kept* asks Helm to leave the definition, and with it every
    object of the kind, when its chart is uninstalled.
    """

    kind: Kind
    about: str
    spec: type[Wire]
    status: type[Wire] | None = None
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = CATEGORIES
    printer_columns: tuple[Column, ...] = (AGE,)
    rules: tuple[Rule, ...] = ()
    spec_required: bool = True
    kept: bool = False


def definition(resource: CustomResource) -> dict[str, Any]:
    """Return the CustomResourceDefinition of *resource* as a manifest."""
    kind = resource.kind
    annotations = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
    if resource.kept:
        annotations["helm.sh/resource-policy"] = "keep"
    names: dict[str, Any] = {
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "singular": kind.kind.lower(),
    }
    if resource.short_names:
        names["shortNames"] = list(resource.short_names)
    if resource.categories:
        names["categories"] = list(resource.categories)
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": str(kind), "annotations": annotations},
        "spec": {
            "group": kind.group,
            "names": names,
            "scope": "Namespaced" if kind.namespaced else "Cluster",
            "versions": [_version(resource)],
        },
    }


def text(resource: CustomResource) -> str:
    """Return the definition as YAML, byte for byte the same for the same models."""
    body = yaml.dump(
        definition(resource), Dumper=_Plain, sort_keys=False, allow_unicode=True, width=_WIDTH
    )
    return HEADER + body


def file_name(resource: CustomResource) -> str:
    return f"{resource.kind.group}_{resource.kind.plural}.yaml"


def write(resources: Iterable[CustomResource], folder: Path) -> None:
    """Write one file per kind into *folder*, which is made where it is missing."""
    folder.mkdir(parents=True, exist_ok=True)
    for resource in resources:
        (folder / file_name(resource)).write_text(text(resource), encoding="utf-8")


def stale(resources: Iterable[CustomResource], folder: Path) -> tuple[str, ...]:
    """Return the names of the files that are missing in *folder* or say something else."""
    return tuple(
        file_name(resource)
        for resource in resources
        if _content(folder / file_name(resource)) != text(resource)
    )


class _Plain(yaml.SafeDumper):
    """Writes every value out in full: anchors are legal YAML and a nuisance to readers."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - the same for every value
        return True


def _version(resource: CustomResource) -> dict[str, Any]:
    served: dict[str, Any] = {
        "name": resource.kind.version,
        "served": True,
        "storage": True,
        "additionalPrinterColumns": [_column(column) for column in resource.printer_columns],
        "schema": {"openAPIV3Schema": _root(resource)},
    }
    if resource.status is not None:
        served["subresources"] = {"status": {}}
    return served


def _root(resource: CustomResource) -> Schema:
    properties: Schema = {
        "apiVersion": {"description": "Group and version of this object.", "type": "string"},
        "kind": {"description": "Kind of this object.", "type": "string"},
        "metadata": {"type": "object"},
        "spec": schema_of(resource.spec),
    }
    if resource.status is not None:
        # Without it kstatus would call an object ready before its controller ever saw it.
        default = {"default": {"observedGeneration": -1}}
        properties["status"] = {**schema_of(resource.status), **default}
    root: Schema = {"description": resource.about, "type": "object"}
    if resource.spec_required:
        root["required"] = ["spec"]
    root["properties"] = properties
    if resource.rules:
        root["x-kubernetes-validations"] = [rule.validation() for rule in resource.rules]
    return root


def _column(column: Column) -> dict[str, Any]:
    wide = {"priority": column.priority} if column.priority else {}
    return {"name": column.name, "type": column.type, "jsonPath": column.path, **wide}


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
