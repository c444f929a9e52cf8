"""What an apply makes of a value: which fields it states, merges, changes and takes away.

The rules are those of structured-merge-diff, the library under Kubernetes' server-side apply.
Results share every part that did not change with their inputs; nothing is changed in place.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flagger_py.owned import Fields, items_of
from flagger_py.testing.fields import EMPTY, member
from flagger_py.testing.schema import Shape

ABSENT = object()


def copied(value: Any) -> Any:
    """Return a deep copy of JSON without nulls, as the API server stores it; tuples are lists."""
    if isinstance(value, Mapping):
        return {k: copied(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [copied(item) for item in value]
    return value


def fields_of(value: Any, shape: Shape) -> Fields:
    """Return the fields that *value* states."""
    if shape.atomic and not shape.granular_list:
        return EMPTY
    if isinstance(value, dict):
        return {f"f:{name}": fields_of(item, shape.at(name)) for name, item in value.items()}
    if isinstance(value, list) and shape.granular_list:
        return {name: _item_fields(item, shape) for name, item in elements(value, shape).items()}
    return EMPTY


def elements(items: list[Any], shape: Shape) -> dict[str, Any]:
    """Return the items of a set or keyed list by the names that fieldsV1 gives them, in order."""
    return {_element(item, shape): item for item in items}


def merged(live: Any, stated: Any, shape: Shape) -> Any:
    """Return *live* with what *stated* says laid over it."""
    if isinstance(live, dict) and isinstance(stated, dict) and not shape.atomic:
        found = live
        for name, item in stated.items():
            old = live.get(name, ABSENT)
            new = item if old is ABSENT else merged(old, item, shape.at(name))
            if new is not old:
                found = dict(live) if found is live else found
                found[name] = new
        return found
    if isinstance(live, list) and isinstance(stated, list) and shape.granular_list:
        items = list(_merged_items(elements(live, shape), elements(stated, shape), shape))
        return live if _same(items, live) else items
    return live if live == stated else stated


def nulls(value: Any, path: str = "") -> Iterator[str]:
    """Yield the paths of the nulls in *value*."""
    if value is None:
        yield path.lstrip(".")
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from nulls(item, f"{path}.{name}")
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from nulls(item, f"{path}[{place}]")


def diff(old: Any, new: Any, shape: Shape) -> tuple[Fields, Fields]:
    """Return the fields (added or modified, removed) between two versions of a map."""
    changed: Fields = {}
    removed: Fields = {}
    for name in {**old, **new}:
        before, after = old.get(name, ABSENT), new.get(name, ABSENT)
        _compare(f"f:{name}", before, after, shape.at(name), (changed, removed))
    return changed, removed


def pruned(value: Any, stated_before: Fields, kept: Fields, shape: Shape) -> Any:
    """Return *value* without the fields *stated_before* beneath which nobody holds any (*kept*).

    What is left with nothing becomes null, as in the API server: the fields of a built-in
    kind do without it, the schema of a custom resource usually refuses it.
    """
    if isinstance(value, dict) and not shape.atomic:
        return _pruned_map(value, stated_before, kept, shape)
    if isinstance(value, list) and shape.granular_list:
        return _pruned_list(value, stated_before, kept, shape)
    return value


def _pruned_map(value: dict[str, Any], before: Fields, kept: Fields, shape: Shape) -> Any:
    found = value
    for element, node in items_of(before):
        name = element[2:]
        if name not in value:
            continue
        rest = ABSENT
        if element in kept:
            rest = pruned(value[name], node, kept[element], shape.at(name))
            if rest is value[name]:
                continue
        found = dict(value) if found is value else found
        if rest is ABSENT:
            del found[name]
        else:
            found[name] = rest
    return found if found or not value else None


def _pruned_list(value: list[Any], before: Fields, kept: Fields, shape: Shape) -> Any:
    """Drop the items that nobody holds as such any more, whoever holds fields of them."""
    found = []
    for element, item in elements(value, shape).items():
        held = element in kept and member(kept[element])
        if element not in before:
            found.append(item)
        elif held or not member(before[element]):
            found.append(pruned(item, before[element], kept.get(element, {}), shape.item))
    if _same(found, value):
        return value
    return found or None


def _compare(element: str, old: Any, new: Any, shape: Shape, into: tuple[Fields, Fields]) -> None:
    """Record under *element* how *new* differs from *old*."""
    if old is new or (old == new and type(old) is type(new)):
        return
    changed, removed = into
    if old is ABSENT:
        changed[element] = fields_of(new, shape)
    elif new is ABSENT or new is None:
        removed[element] = fields_of(old, shape)
    elif isinstance(old, dict) and isinstance(new, dict) and not shape.atomic:
        _keep(element, diff(old, new, shape), into)
    elif isinstance(old, list) and isinstance(new, list) and shape.granular_list:
        _keep(element, _list_diff(old, new, shape), into)
    else:
        changed[element] = EMPTY


def _list_diff(old: list[Any], new: list[Any], shape: Shape) -> tuple[Fields, Fields]:
    changed: Fields = {}
    removed: Fields = {}
    before, after = elements(old, shape), elements(new, shape)
    for element in {**before, **after}:
        if element not in before:
            changed[element] = _item_fields(after[element], shape)
        elif element not in after:
            removed[element] = _item_fields(before[element], shape)
        else:
            into = (changed, removed)
            _compare(element, before[element], after[element], shape.item, into)
    return changed, removed


def _keep(element: str, found: tuple[Fields, Fields], into: tuple[Fields, Fields]) -> None:
    for part, whole in zip(found, into, strict=True):
        if part:
            whole[element] = part


def _item_fields(item: Any, shape: Shape) -> Fields:
    below = {} if shape.unique else fields_of(item, shape.item)
    return {".": EMPTY, **below} if below else EMPTY


def _element(item: Any, shape: Shape) -> str:
    if shape.unique or not isinstance(item, dict):
        return f"v:{_dumped(item)}"
    keys = {k: item.get(k, shape.defaults.get(k)) for k in sorted(shape.keys)}
    return f"k:{_dumped({k: v for k, v in keys.items() if v is not None})}"


def _merged_items(live: dict[str, Any], stated: dict[str, Any], shape: Shape) -> Iterator[Any]:
    """Yield all items: stated ones in the order stated, the others where the live order has them.

    An item that only the live list has comes out before every stated one that follows it there,
    and before those that are new.
    """
    ahead = list(live)
    shared = [element for element in stated if element in live]
    for element, item in stated.items():
        following = shared[0] if shared else None
        while ahead and ahead[0] != following:
            name = ahead.pop(0)
            if name not in stated:
                yield live[name]
            elif following is None:
                break
        if element == following:
            shared.pop(0)
            ahead = ahead[1:]
        yield merged(live[element], item, shape.item) if element in live else item
    yield from (live[name] for name in ahead if name not in stated)


def _same(a: list[Any], b: list[Any]) -> bool:
    return len(a) == len(b) and all(x is y for x, y in zip(a, b, strict=True))


def _dumped(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)
