"""What the API server would do with an object under a structural schema: prune it and judge it.

CEL rules are not evaluated here; the models repeat them, and a real API server judges both.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # It ships no type information.

HERE = Path(__file__).parent


def manifests(kind: str) -> list[tuple[str, dict[str, Any]]]:
    """Return the manifests of *kind* that Flagger 1.44 was seen to accept, each with its case."""
    found = json.loads((HERE / "manifests.json").read_text())["manifests"]
    return [(one["from"], one["manifest"]) for one in found if one["manifest"]["kind"] == kind]


def statuses() -> list[tuple[str, dict[str, Any]]]:
    """Return statuses that Flagger 1.44 was seen to write, one of each shape."""
    found = json.loads((HERE / "manifests.json").read_text())["statuses"]
    return [(one["from"], one["status"]) for one in found]


def flagger_paths() -> dict[str, str]:
    """Return the type of every field of Flagger's three kinds, by its path."""
    lines = (HERE / "flagger_crd_paths.txt").read_text().splitlines()
    return dict(line.rsplit(" ", 1) for line in lines)


def schema_in(definition: Mapping[str, Any]) -> dict[str, Any]:
    """Return the schema of the one version that *definition* serves."""
    (version,) = definition["spec"]["versions"]
    found: dict[str, Any] = version["schema"]["openAPIV3Schema"]
    return found


def fields(schema: Mapping[str, Any], where: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Walk over every field below *schema*: `.name`, `[]` for items, `.*` for values of a map."""
    yield where, schema
    for name, field in schema.get("properties", {}).items():
        yield from fields(field, f"{where}.{name}")
    if "items" in schema:
        yield from fields(schema["items"], f"{where}[]")
    if "additionalProperties" in schema:
        yield from fields(schema["additionalProperties"], f"{where}.*")


def pruned_away(schema: Mapping[str, Any], value: object, where: str = "") -> list[str]:
    """Return the paths in *value* that *schema* does not name, which the API server drops."""
    if isinstance(value, list):
        items = schema.get("items", {})
        return [path for item in value for path in pruned_away(items, item, f"{where}[]")]
    if not isinstance(value, dict) or schema.get("x-kubernetes-preserve-unknown-fields"):
        return []
    values = schema.get("additionalProperties")
    lost = []
    for name, item in value.items():
        field = values if values is not None else schema.get("properties", {}).get(name)
        if field is None:
            lost.append(f"{where}.{name}")
        elif not (where == "" and name == "metadata"):
            lost += pruned_away(field, item, f"{where}.{name}")
    return lost


def faults(schema: Mapping[str, Any], value: object) -> list[str]:
    """Return what *schema* finds wrong with *value*, each as path and message."""
    found = jsonschema.Draft4Validator(_as_json_schema(schema)).iter_errors(value)
    return [f"{'.'.join(map(str, error.absolute_path))}: {error.message}" for error in found]


def _as_json_schema(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_as_json_schema(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    out = {key: _as_json_schema(value) for key, value in schema.items()}
    if out.pop("x-kubernetes-int-or-string", False):
        out["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return out
