"""How a split is laid out in the rules of an HTTPRoute, read from them, and changed within them."""

from collections.abc import Mapping, Sequence
from typing import Any

from flagger_py.contracts import ALL_TO_PRIMARY, Split

from ..api import Names
from . import gateway_matches
from .gateway_filters import mirror_to

Rule = Mapping[str, Any]


def of_split(service: Rule, names: Names, port: int, split: Split) -> list[dict[str, Any]]:
    """Return the rules for *split*, given the rule of the *service* without filters of the split.

    Rule 0 holds the weights, for the split's matches where it has any; rule 1 then sends
    everybody else to the primary.
    """
    matches = list(service["matches"])
    shared: dict[str, Any] = {
        **service,
        "matches": gateway_matches.of_split(split.match, matches) if split.match else matches,
        "backendRefs": [
            _backend(names.primary, port, split.primary),
            _backend(names.canary, port, split.canary),
        ],
    }
    if split.mirror:
        shared["filters"] = [*service.get("filters", ()), mirror_to(names.canary, port)]
    if not split.match:
        return [shared]
    alone = [_backend(names.primary, port, ALL_TO_PRIMARY.primary)]
    return [shared, {**service, "backendRefs": alone}]


def read(rules: Sequence[Rule], names: Names) -> Split | None:
    """Return the split that *rules* say; rules other than ours say none that we would write."""
    try:
        return _read(rules, names)
    except (ValueError, KeyError, IndexError):
        return None


def moved(rules: Sequence[Rule], names: Names, split: Split) -> list[dict[str, Any]]:
    """Return *rules*, from which a split can be read, with *split*; all else stays as they say."""
    last = rules[-1]
    filters = [one for one in last.get("filters") or () if not _copies_to(one, names.canary)]
    service = {name: value for name, value in last.items() if name != "filters"}
    service["matches"] = _matches(last)
    if filters:
        service["filters"] = filters
    return of_split(service, names, last["backendRefs"][0]["port"], split)


def _read(rules: Sequence[Rule], names: Names) -> Split | None:
    first, *rest = rules
    weights = {ref["name"]: ref.get("weight", 1) for ref in first["backendRefs"]}
    if set(weights) != {names.primary, names.canary} or len(rest) > 1:
        return None
    if rest and [ref["name"] for ref in rest[0]["backendRefs"]] != [names.primary]:
        return None
    return Split(
        primary=weights[names.primary],
        canary=weights[names.canary],
        match=gateway_matches.split_of(_matches(first), _matches(rest[0])) if rest else (),
        mirror=any(_copies_to(one, names.canary) for one in first.get("filters") or ()),
    )


def _matches(rule: Rule) -> list[dict[str, Any]]:
    return list(rule.get("matches") or (gateway_matches.EVERYTHING,))


def _copies_to(one: Mapping[str, Any], name: str) -> bool:
    return bool(((one.get("requestMirror") or {}).get("backendRef") or {}).get("name") == name)


def _backend(name: str, port: int, weight: int) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": name, "port": port, "weight": weight}
