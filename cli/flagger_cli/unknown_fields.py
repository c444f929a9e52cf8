"""Which fields of a manifest a structural schema does not know: the API server would drop them."""

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

_PRESERVE = "x-kubernetes-preserve-unknown-fields"
_EVERY_OBJECT = ("apiVersion", "kind", "metadata")


def unknown_fields(schema: Mapping[str, Any], manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a sentence for each unknown field, with its path and the nearest known name."""
    return tuple(
        finding
        for name, value in manifest.items()
        if name not in _EVERY_OBJECT
        for finding in _field(schema, name, value, "")
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the tail of a sentence that asks whether one of *known* is meant, else nothing."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _within(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if isinstance(value, list):
        items = schema.get("items")
        for index, item in enumerate(value if isinstance(items, Mapping) else ()):
            yield from _within(schema["items"], item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _field(schema, str(name), inner, f"{path}.")


def _field(schema: Mapping[str, Any], name: str, value: Any, prefix: str) -> Iterator[str]:
    properties = schema.get("properties") or {}
    rest = schema.get("additionalProperties")
    if name in properties:
        yield from _within(properties[name], value, prefix + name)
    elif isinstance(rest, Mapping):
        yield from _within(rest, value, prefix + name)
    elif not schema.get(_PRESERVE) and schema.get("type") == "object":
        yield f"{prefix}{name}: no such field{nearest(name, properties)}"
