"""Every field of every kind of ours, as tables: made from the models and their definitions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from flagger_py.crd import CustomResource, definition
from flagger_py.crd_marks import DURATION_PATTERN

from .resources import RESOURCES

PAGE = Path("docs/reference/fields.md")
NOT_YET: Mapping[str, frozenset[str]] = {
    "Canary": frozenset(
        {
            "spec.autoscalerRef",
            "spec.upstreamRef",
            "spec.analysis.iterations",
            "spec.analysis.match",
            "spec.analysis.mirror",
            "spec.analysis.sessionAffinity",
            "spec.analysis.alerts",
        }
    ),
    "TrafficRoute": frozenset({"spec.verify"}),
}
"""Fields that are read and not honoured yet: whoever uses one is Stalled, NotSupported."""

_INTRODUCTION = """\
<!-- Made from the models by `make docs`: edit those, not this page. -->

# Fields

Every field of every kind.
How they work together is on the pages of the kinds: [Canary](canary.md),
[TrafficRoute](trafficroute.md), [MetricAnalysis](metricanalysis.md) and [Gate](gate.md).

- `[]` is each item of a list, `.*` each value of a map.
- *Default* is what counts where the field is left out; – is nothing, and the meaning says what
  follows from that.
- *Not yet*: the field is read and not honoured by this version.
  An object that uses it is `Stalled`, reason `NotSupported`, and nothing is moved for it.
  [The list](../how-to/move-from-flagger.md#what-is-not-there-yet) has what is no field, such as
  routers and kinds of targets.
- A field of `service` that the router in use makes nothing of is accepted, as by Flagger;
  `status.ignored` of the TrafficRoute names it.
"""
_HEAD = ("| field | type | default | meaning |", "|---|---|---|---|")
_ABSENT = "–"
_NOTES = {
    "AlertProvider": "The kind is accepted, and nothing is sent to it yet: a Canary with "
    "`spec.analysis.alerts` is `Stalled`.\n",
    "ShadowPolicy": "The kind is accepted, and nothing reads it yet.\n",
}

Schema = Mapping[str, Any]


def page() -> str:
    """Return the whole page; equal models give equal bytes."""
    return "\n".join((_INTRODUCTION, *map(_section, RESOURCES)))


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows of one kind; *seen* is where each shape was shown first: it is shown once."""

    kind: str
    seen: dict[str, str] = field(default_factory=dict)

    def rows(self, schema: Schema, model: type[BaseModel] | None, path: str) -> Iterator[str]:
        """Yield a row for every field below *path*, in the order in which the model has them."""
        required = schema.get("required", ())
        for name, inner in schema.get("properties", {}).items():
            known = _field(model, name)
            where = f"{path}.{name}"
            leaf, suffix = _leaf(inner)
            shape = _shape(leaf)
            first = self.seen.setdefault(shape, where + suffix) if shape else ""
            told = first not in ("", where + suffix)
            default = "required" if name in required else _default(known)
            about = self._about(inner, leaf, where, first if told else "")
            yield f"| `{where}` | {_type(inner)} | {default} | {about} |"
            if not told:
                yield from self.rows(leaf, _model(known), where + suffix)

    def _about(self, outer: Schema, leaf: Schema, where: str, first: str) -> str:
        pieces = ["*Not yet.*"] if where in NOT_YET.get(self.kind, ()) else []
        about = outer.get("description") or leaf.get("description") or ""
        pieces.append(about)
        if choices := [f"`{choice}`" for choice in leaf.get("enum", ()) if choice != ""]:
            pieces.append(f"One of {', '.join(choices)}.")
        if first:
            pieces.append(f"Its fields are those of `{first}`.")
        return " ".join(filter(None, pieces)).replace("|", r"\|") or _ABSENT


def _section(resource: CustomResource) -> str:
    kind = resource.kind
    short = f", short name `{resource.short_names[0]}`" if resource.short_names else ""
    (version,) = definition(resource)["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]["properties"]
    table = _Table(kind.kind)
    pieces = [
        f"## {kind.kind}\n",
        f"`{kind.api_version}`{short}. {resource.about}\n",
        *([_NOTES[kind.kind]] if kind.kind in _NOTES else ()),
        "\n".join((*_HEAD, *table.rows(root["spec"], resource.spec, "spec"))) + "\n",
    ]
    if resource.status is not None:
        rows = table.rows(root["status"], resource.status, "status")
        pieces += [f"### Status of a {kind.kind}\n", "\n".join((*_HEAD, *rows)) + "\n"]
    return "\n".join(pieces)


def _leaf(schema: Schema) -> tuple[Schema, str]:
    """Return what lists and maps hold in the end, and how that is written in a path."""
    suffix = ""
    while True:
        if "items" in schema:
            schema, suffix = schema["items"], suffix + "[]"
        elif isinstance(schema.get("additionalProperties"), dict):
            schema, suffix = schema["additionalProperties"], suffix + ".*"
        else:
            return schema, suffix


def _shape(schema: Schema) -> str:
    """Name the shape of an object by all that it says of its fields; empty for anything else."""
    inner = schema.get("properties")
    return repr((inner, schema.get("required"))) if inner else ""


def _type(schema: Schema) -> str:
    if "items" in schema:
        return f"list of {_plural(_type(schema['items']))}"
    if isinstance(schema.get("additionalProperties"), dict):
        return f"map of {_plural(_type(schema['additionalProperties']))}"
    if "x-kubernetes-int-or-string" in schema:
        return "integer or string"
    if schema.get("pattern") == DURATION_PATTERN:
        return "duration"
    if schema.get("format") == "date-time":
        return "time"
    if "properties" not in schema and "x-kubernetes-preserve-unknown-fields" in schema:
        return "anything"
    return str(schema["type"])


def _plural(word: str) -> str:
    return word if word.endswith("s") or word == "anything" or " " in word else f"{word}s"


def _field(model: type[BaseModel] | None, name: str) -> FieldInfo | None:
    if model is None:
        return None
    found = (known for known in model.model_fields.values() if known.alias == name)
    return next(found, None)


def _model(known: FieldInfo | None) -> type[BaseModel] | None:
    return None if known is None else _inside(known.annotation)


def _inside(annotation: Any) -> type[BaseModel] | None:
    """Find the model in an annotation such as `tuple[Metric, ...] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_inside, get_args(annotation))), None)


def _default(known: FieldInfo | None) -> str:
    """Write the default of a field; one that is empty, or is made of parts, is none to a reader."""
    given = None if known is None or known.is_required() else known.default
    match given:
        case Enum():
            return f"`{given.value}`" if given.value != "" else _ABSENT
        case bool():
            return f"`{str(given).lower()}`"
        case int() | float():
            return f"`{given:g}`"
        case str() if given:
            return f"`{given}`"
        case _:
            return _ABSENT
