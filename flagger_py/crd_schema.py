"""Which structural OpenAPI schema a model stands for, as the API server wants it.

Structural means: every field has a type, nothing refers elsewhere, and null is said by leaving a
field out (Kubernetes documentation, "Specifying a structural schema").
"""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from flagger_py.crd_marks import STORED_DEFAULT
from flagger_py.crd_words import words_for

Schema = dict[str, Any]

_FORMATS = ("date-time", "int32", "int64", "double")
_BOUNDS = (
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "multipleOf",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
)
_PRESERVE = "x-kubernetes-preserve-unknown-fields"


def schema_of(model: type[BaseModel]) -> Schema:
    """Return the structural schema of *model*, the same for the same model.

    Raises `TypeError` naming the field that no structural schema can say, such as a union.
    """
    raw = model.model_json_schema(schema_generator=_Worded)
    return _Inliner(raw.get("$defs", {})).structural(raw, model.__name__, ())


class _Worded(GenerateJsonSchema):
    """Pydantic's own schema with the kernel's words where a field brings none."""

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        found = super().model_schema(schema)
        words = words_for(schema["cls"])
        for name, field in found.get("properties", {}).items():
            if "description" not in field and name in words:
                field["description"] = words[name]
        return found


class _Inliner:
    """Rewrites one document; *defs* are what its references point to."""

    def __init__(self, defs: Mapping[str, Schema]) -> None:
        self._defs = defs

    def structural(self, raw: Schema, where: str, inside: tuple[str, ...]) -> Schema:
        """Return *raw* rewritten; *inside* are the references we are within already."""
        node, inside = self._resolved(raw, where, inside)
        out: Schema = {}
        if "description" in node:
            out["description"] = _first_paragraph(node["description"])
        if "type" in node:
            out["type"] = node["type"]
        if node.get("format") in _FORMATS:
            out["format"] = node["format"]
        if "const" in node:
            out["enum"] = [node["const"]]
        if "enum" in node:
            # Members of a StrEnum become plain texts, which is all that YAML can write.
            out["enum"] = [str(item) if isinstance(item, str) else item for item in node["enum"]]
        if STORED_DEFAULT in node:
            out["default"] = node[STORED_DEFAULT]
        out.update(_bounds(node))
        match node.get("type"):
            case "object":
                out.update(self._object(node, where, inside))
            case "array":
                out.update(self._array(node, where, inside))
            case None if "x-kubernetes-int-or-string" not in node:
                out[_PRESERVE] = True
        out.update((key, value) for key, value in node.items() if key.startswith("x-kubernetes-"))
        return out

    def _object(self, node: Schema, where: str, inside: tuple[str, ...]) -> Schema:
        if "properties" in node:
            required = {"required": list(node["required"])} if node.get("required") else {}
            properties = {
                name: self.structural(field, f"{where}.{name}", inside)
                for name, field in node["properties"].items()
            }
            return {**required, "properties": properties}
        values = node.get("additionalProperties", True)
        if isinstance(values, dict) and values:
            return {"additionalProperties": self.structural(values, f"{where}.*", inside)}
        return {_PRESERVE: True}

    def _array(self, node: Schema, where: str, inside: tuple[str, ...]) -> Schema:
        if "prefixItems" in node:
            raise TypeError(f"{where}: items of different types; use a model or tuple[X, ...]")
        out: Schema = {"items": self.structural(node.get("items", {}), f"{where}[]", inside)}
        if node.get("uniqueItems"):
            out["x-kubernetes-list-type"] = "set"
        if where.endswith(".conditions") and "type" in out["items"].get("required", ()):
            out["x-kubernetes-list-type"] = "map"
            out["x-kubernetes-list-map-keys"] = ["type"]
        return out

    def _resolved(
        self, raw: Schema, where: str, inside: tuple[str, ...]
    ) -> tuple[Schema, tuple[str, ...]]:
        """Follow references and take null out of unions; what stands beside them wins."""
        node = raw
        while True:
            if "$ref" in node:
                name = node["$ref"].rpartition("/")[2]
                if name in inside:
                    raise TypeError(f"{where}: {name} contains itself; use AnyObject there")
                inside = (*inside, name)
                node = _beside(self._defs[name], node, "$ref")
                continue
            for union in ("anyOf", "oneOf", "allOf"):
                if union in node:
                    node = _beside(_only_branch(node[union], where), node, union)
                    break
            else:
                return node, inside


def _beside(inner: Schema, outer: Schema, key: str) -> Schema:
    merged = {**inner, **{name: value for name, value in outer.items() if name != key}}
    rules = "x-kubernetes-validations"
    if rules in inner and rules in outer:
        merged[rules] = [*inner[rules], *outer[rules]]
    return merged


def _only_branch(branches: list[Schema], where: str) -> Schema:
    named = [branch for branch in branches if branch.get("type") != "null"]
    if len(named) != 1:
        raise TypeError(
            f"{where}: a union has no structural schema; use IntOrString, AnyObject or one type"
        )
    return named[0]


def _bounds(node: Schema) -> Schema:
    """Return the limits of a value; JSON Schema's exclusive limits are flags in OpenAPI 3.0."""
    out = {key: node[key] for key in _BOUNDS if key in node}
    for limit, flag in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if flag in node:
            out[limit], out[flag] = node[flag], True
    return out


def _first_paragraph(text: str) -> str:
    return " ".join(text.split("\n\n", maxsplit=1)[0].split())
