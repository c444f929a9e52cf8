"""Whether a live object already says what a server-side apply would say, so that none is sent.

The answer is read from `metadata.managedFields` (fieldsV1, see the Kubernetes documentation of
server-side apply): a field set there tells how the server identifies the items of a list, and
which fields the manager holds. No schema is needed.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from flagger_py.wire import Manifest

Fields = dict[str, "Fields"]
"""A set of fields in the form of fieldsV1.

`f:` is a field's name, `k:` an item's keys, `v:` a value of a set, `.` the field itself.
"""

METADATA_APPLIED = ("labels", "annotations", "finalizers", "ownerReferences")
"""What of an object's metadata a manager can own; the server sees to the rest."""


def says_already(desired: Manifest, live: Manifest | None, manager: str) -> bool:
    """Tell whether applying *desired* as *manager* would leave *live* as it is.

    True when every value of *desired* is in *live*, where defaults may have been added, and
    *manager* owns by apply exactly the fields of *desired*: one that it owns and no longer
    applies would be removed, one that another manager took from it would be taken back.
    """
    if live is None:
        return False
    wanted = _stated(content(desired))
    owned = applied_fields(live, manager)
    if not owned or not wanted:
        return not owned and not wanted
    return _agrees(wanted, content(live), owned)


def content(manifest: Manifest) -> dict[str, Any]:
    """Return what of *manifest* managers can own."""
    found = {k: v for k, v in manifest.items() if k not in ("apiVersion", "kind", "metadata")}
    meta = manifest.get("metadata") or {}
    held = {name: meta[name] for name in METADATA_APPLIED if name in meta}
    return {"metadata": held, **found} if held else found


def applied_fields(live: Manifest, manager: str) -> Fields:
    """Return the fields that *manager* holds by apply, empty when it holds none.

    Those of a status, or of another subresource, do not count.
    """
    for entry in live["metadata"].get("managedFields") or ():
        if (
            entry.get("manager") == manager
            and entry.get("operation") == "Apply"
            and not entry.get("subresource")
        ):
            fields: Fields = entry.get("fieldsV1") or {}
            return fields
    return {}


def items_of(fields: Fields) -> Iterator[tuple[str, Fields]]:
    """Yield the elements below a node of a field set, without the mark for the node itself."""
    return ((name, node) for name, node in fields.items() if name != ".")


def _agrees(wanted: Any, live: Any, owned: Fields) -> bool:
    """Tell whether *live* says what is *wanted*, all of which and nothing else is *owned*.

    Every pass over an object asks this of all its children, so that it is written as loops over
    the types that JSON has, without generators and abstract classes.
    """
    if not owned or (len(owned) == 1 and "." in owned):
        return _within(wanted, live)
    if isinstance(wanted, dict):
        return isinstance(live, dict) and _fields_agree(wanted, live, owned)
    if isinstance(wanted, list | tuple) and isinstance(live, list | tuple):
        below = dict(items_of(owned))
        return len(wanted) == len(below) and all(
            _item_agrees(wanted, live, name, node) for name, node in below.items()
        )
    if isinstance(wanted, Mapping) and isinstance(live, Mapping):
        return _fields_agree(wanted, live, owned)
    return False


def _fields_agree(wanted: Mapping[str, Any], live: Mapping[str, Any], owned: Fields) -> bool:
    left = len(owned) - ("." in owned)
    for name, value in wanted.items():
        if value is None:
            continue
        node = owned.get(f"f:{name}")
        if node is None or not _agrees(value, live.get(name), node):
            return False
        left -= 1
    return not left


def _item_agrees(wanted: Sequence[Any], live: Sequence[Any], name: str, owned: Fields) -> bool:
    sort, told = name[0], _told(name[2:])
    if sort == "v":
        return told in wanted and told in live
    if sort == "i":
        return told < min(len(wanted), len(live)) and _agrees(wanted[told], live[told], owned)
    ours, theirs = _keyed(wanted, told), _keyed(live, told)
    return ours is not None and theirs is not None and _agrees(ours, theirs, owned)


@lru_cache(4096)
def _told(text: str) -> Any:
    """Read the keys or the value that name an item; nobody changes what is returned."""
    return json.loads(text)


def _keyed(items: Sequence[Any], keys: Mapping[str, Any]) -> Any:
    """Find the item with *keys*; one that leaves a key to its default serves if none has it."""
    for item in items:
        if isinstance(item, dict | Mapping) and all(item.get(k) == v for k, v in keys.items()):
            return item
    for item in items:
        if isinstance(item, Mapping) and all(item.get(k, v) == v for k, v in keys.items()):
            return item
    return None


def _within(wanted: Any, live: Any) -> bool:
    if isinstance(wanted, str | int | float):
        return bool(wanted == live) and isinstance(wanted, bool) == isinstance(live, bool)
    if isinstance(wanted, dict | Mapping):
        if not wanted:
            return live is None or isinstance(live, dict | Mapping)
        if not isinstance(live, dict | Mapping):
            return False
        for name, value in wanted.items():
            if value is not None and not _within(value, live.get(name)):
                return False
        return not any(
            _left_over(value) and wanted.get(name) is None for name, value in live.items()
        )
    if isinstance(wanted, list | tuple):
        if not wanted:
            return not live
        return (
            isinstance(live, list | tuple)
            and len(live) == len(wanted)
            and all(_within(ours, theirs) for ours, theirs in zip(wanted, live, strict=True))
        )
    return bool(wanted == live)


def _left_over(value: Any) -> bool:
    """Tell whether a value that is not wanted is one we gave up: defaults are plain values.

    What is owned as a whole says nothing of the fields inside it, such as the filters of a route's
    rule: one that we no longer state is still there, and looks like a default.
    """
    return bool(value) and isinstance(value, dict | list | tuple | Mapping)


def _stated(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item for name, item in value.items() if item is not None}
