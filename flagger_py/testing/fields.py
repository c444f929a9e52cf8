"""Sets of fields in the form of fieldsV1, and what union, difference and intersection mean there.

A node without elements below is a member of the set; one with elements is a member where it
holds the mark `.`. The root is never a member, so that an empty root is the empty set.
"""

import json
from collections.abc import Iterator

from flagger_py.owned import Fields, items_of

EMPTY: Fields = {}


def union(a: Fields, b: Fields) -> Fields:
    """Return the fields that are in *a* or in *b*."""
    if not a or not b:
        return a or b
    found = dict(a)
    for name, node in items_of(b):
        found[name] = _join(found[name], node) if name in found else node
    return found


def minus(a: Fields, b: Fields) -> Fields:
    """Return the fields of *a* that are not in *b*."""
    if not b:
        return a
    return _below(a, b, keep=True)


def common(a: Fields, b: Fields) -> Fields:
    """Return the fields that are in both."""
    return _below(a, b, keep=False)


def member(node: Fields) -> bool:
    """Tell whether the field at *node* itself is in the set."""
    return not node or "." in node


def paths(fields: Fields, prefix: str = "") -> Iterator[str]:
    """Yield the members as the API server writes paths: `.spec.containers[name="a"].image`."""
    for name, node in items_of(fields):
        path = prefix + _written(name)
        if member(node):
            yield path
        yield from paths(node, path)


def _join(a: Fields, b: Fields) -> Fields:
    if a == b:
        return a
    found = union(dict(items_of(a)), dict(items_of(b)))
    return _node(member(a) or member(b), found) or {}


def _below(a: Fields, b: Fields, *, keep: bool) -> Fields:
    found = {}
    for name, node in items_of(a):
        if name not in b:
            if keep:
                found[name] = node
            continue
        rest = _node(member(node) and member(b[name]) is not keep, _below(node, b[name], keep=keep))
        if rest is not None:
            found[name] = rest
    return found


def _node(is_member: bool, below: Fields) -> Fields | None:
    if not below:
        return {} if is_member else None
    return {".": {}, **below} if is_member else below


def _written(name: str) -> str:
    sort, told = name[0], name[2:]
    if sort == "f":
        return f".{told}"
    if sort == "v":
        return f"[={told}]"
    if sort == "i":
        return f"[{told}]"
    keys = json.loads(told)
    return "[" + ",".join(f"{k}={json.dumps(v)}" for k, v in keys.items()) + "]"
