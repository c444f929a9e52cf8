"""Which values an API server would not store: wrong types, impossible names, unknown metadata."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from .unknown_fields import nearest

_LABEL_CHARS_MAX = 63
_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NAME_CHARS_MAX = 253
_TEXTS = ("name", "namespace", "generateName")
_METADATA = (
    *_TEXTS,
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "labels",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
_WANTED: Mapping[str, tuple[tuple[type, ...], str]] = {
    "array": ((list,), "a list"),
    "boolean": ((bool,), "true or false"),
    "integer": ((int,), "a whole number"),
    "number": ((int, float), "a number"),
    "object": ((Mapping,), "a map"),
    "string": ((str,), "text"),
}


def wrong_types(schema: Mapping[str, Any], manifest: Mapping[str, Any]) -> Iterator[str]:
    """Yield a sentence for each field whose value has not the type of the structural *schema*."""
    for name, inner in (schema.get("properties") or {}).items():
        if name not in ("apiVersion", "kind", "metadata", "status") and name in manifest:
            yield from _within(inner, manifest[name], name)


def metadata_faults(metadata: Any) -> Iterator[str]:
    """Yield what is wrong with an object's metadata; a name that is missing is."""
    if metadata is None:
        metadata = {}
    if not isinstance(metadata, Mapping):
        yield "metadata: must be a map"
        return
    for key in metadata:
        if key not in _METADATA:
            yield f"metadata.{key}: no such field{nearest(str(key), _METADATA)}"
    if not metadata.get("name"):
        yield "metadata.name: missing"
    elif isinstance(metadata["name"], str) and not _is_name(metadata["name"]):
        yield (
            f"metadata.name: no object can be called {metadata['name']}; use lower-case letters, "
            f"digits, - and ., at most {_NAME_CHARS_MAX} of them"
        )
    namespace = metadata.get("namespace")
    if namespace and isinstance(namespace, str) and not _is_label(namespace):
        yield (
            f"metadata.namespace: no namespace can be called {namespace}; use lower-case letters, "
            f"digits and -, at most {_LABEL_CHARS_MAX} of them"
        )
    for key in _TEXTS:
        if not isinstance(metadata.get(key, ""), str | None):
            yield f"metadata.{key}: must be text; put it in quotes"
    for key in ("annotations", "labels"):
        yield from _within(_MAP_OF_TEXT, metadata.get(key), f"metadata.{key}")


_MAP_OF_TEXT = {"type": "object", "additionalProperties": {"type": "string"}}


def _is_label(text: str) -> bool:
    return len(text) <= _LABEL_CHARS_MAX and bool(_LABEL.fullmatch(text))


def _is_name(name: str) -> bool:
    return len(name) <= _NAME_CHARS_MAX and bool(_NAME.fullmatch(name))


def _within(schema: Mapping[str, Any], value: Any, path: str) -> Iterator[str]:
    if value is None:
        return  # The API server takes it for a field that is not there.
    if schema.get("x-kubernetes-int-or-string"):
        if not isinstance(value, int | str) or isinstance(value, bool):
            named = "a port's number or name" if path.lower().endswith("port") else "number or text"
            yield f"{path}: must be {named}"
        return
    kind = schema.get("type", "")
    if kind in _WANTED and not _fits(kind, value):
        yield f"{path}: must be {_WANTED[kind][1]}{_hint(kind, value)}"
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _within(schema.get("items") or {}, item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        known, rest = schema.get("properties") or {}, schema.get("additionalProperties")
        for name, inner in value.items():
            below = known.get(name) or (rest if isinstance(rest, Mapping) else {})
            yield from _within(below, inner, f"{path}.{name}")


def _fits(kind: str, value: Any) -> bool:
    if kind in ("integer", "number") and isinstance(value, bool):
        return False
    if kind == "integer" and isinstance(value, float):
        return value.is_integer()
    return isinstance(value, _WANTED[kind][0])


def _hint(kind: str, value: Any) -> str:
    if kind in ("boolean", "integer", "number") and isinstance(value, str):
        return "; take off the quotes if it is one"
    if kind == "string" and isinstance(value, bool | int | float):
        return "; put it in quotes"
    return ""
