"""What a JSON merge patch (RFC 7386) or a JSON patch (RFC 6902) makes of a document."""

from collections.abc import Mapping, Sequence
from typing import Any

from flagger_py.testing.refusal import BadRequest, Invalid


def merge_patched(document: Any, patch: Any) -> Any:
    """Return *document* with *patch* merged in; null deletes a field."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(document) if isinstance(document, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            found.pop(name, None)
        else:
            found[name] = merge_patched(found.get(name), value)
    return found


def json_patched(document: Any, operations: Sequence[Mapping[str, Any]]) -> Any:
    """Return *document* after *operations*: add, remove, replace and test."""
    for operation in operations:
        path = [_unescaped(part) for part in operation["path"].split("/")[1:]]
        document = _changed(document, path, operation)
    return document


def _changed(value: Any, path: list[str], operation: Mapping[str, Any]) -> Any:
    if not path:
        if operation["op"] == "test" and value != operation["value"]:
            raise Invalid(f"testing path {operation['path']} failed")
        return value if operation["op"] == "test" else operation["value"]
    name, *rest = path
    if isinstance(value, list):
        return _changed_list(value, name, rest, operation)
    if not isinstance(value, Mapping) or (name not in value and (rest or not _adds(operation))):
        raise Invalid(f"the path {operation['path']} does not exist")
    found = dict(value)
    if operation["op"] == "remove" and not rest:
        del found[name]
    else:
        found[name] = _changed(value.get(name), rest, operation)
    return found


def _changed_list(
    items: list[Any], name: str, rest: list[str], operation: Mapping[str, Any]
) -> list[Any]:
    place = len(items) if name == "-" else int(name)
    if place > len(items) or (place == len(items) and (rest or not _adds(operation))):
        raise Invalid(f"the path {operation['path']} does not exist")
    if rest or operation["op"] in ("replace", "test"):
        return [*items[:place], _changed(items[place], rest, operation), *items[place + 1 :]]
    if operation["op"] == "remove":
        return [*items[:place], *items[place + 1 :]]
    return [*items[:place], operation["value"], *items[place:]]


def _adds(operation: Mapping[str, Any]) -> bool:
    if operation["op"] not in ("add", "remove", "replace", "test"):
        raise BadRequest(f"unknown JSON patch operation {operation['op']!r}")
    return bool(operation["op"] == "add")


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")
