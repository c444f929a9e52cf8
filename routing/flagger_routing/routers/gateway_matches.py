"""Flagger's request matches as Gateway API writes them, and back.

Written with every default that the API server would add and with names in order, so that what is
stored compares equal (Gateway API reference, HTTPRouteMatch).
"""

from collections.abc import Mapping, Sequence
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError

from ..api_http import HTTPMatch, StringMatch
from ..api_service import given

EVERYTHING: dict[str, Any] = {"path": {"type": "PathPrefix", "value": "/"}}
_PATH_TYPES = {"exact": "Exact", "prefix": "PathPrefix", "regex": "RegularExpression"}
_VALUE_TYPES = {"exact": "Exact", "regex": "RegularExpression"}
_OVERLAID = ("path", "method", "headers", "queryParams")
_NOT_SAID = (
    "scheme",
    "authority",
    "withoutHeaders",
    "ignoreUriCase",
    "port",
    "gateways",
    "sourceLabels",
    "sourceNamespace",
)


def of_service(matches: Sequence[HTTPMatch]) -> list[dict[str, Any]]:
    """Return the matches of a service; without any, every request matches."""
    where = "spec.service.match"
    found = [_match(match, f"{where}[{i}]") for i, match in enumerate(matches)]
    return [{**EVERYTHING, **match} for match in found] or [EVERYTHING]


def of_split(
    matches: Sequence[Mapping[str, Any]], service: Sequence[dict[str, Any]]
) -> list[dict[str, Any]]:
    """Return each match of the split laid over each of the *service*, field by field.

    Raises `SpecError` for a match that Gateway API cannot say: left out, it would send every
    request to the canary.
    """
    overlays = [_overlay(match, f"spec.split.match[{i}]") for i, match in enumerate(matches)]
    return [{**below, **overlay} for overlay in overlays for below in service]


def split_of(
    live: Sequence[Mapping[str, Any]], service: Sequence[dict[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Reverse `of_split`: return the split's own matches from what *live* says."""
    return tuple(
        _read({name: live[i].get(name) for name in _OVERLAID}, service[0])
        for i in range(0, len(live), len(service))
    )


def unused(matches: Sequence[HTTPMatch]) -> tuple[str, ...]:
    """Return the fields of a service's matches that Gateway API has no words for."""
    fields = [f"match[{i}].{name}" for i, m in enumerate(matches) for name in given(m, _NOT_SAID)]
    return tuple(fields)


def _overlay(raw: Mapping[str, Any], where: str) -> dict[str, Any]:
    match = HTTPMatch.read(raw, where)
    unsaid = given(match, _NOT_SAID)
    if unsaid:
        raise SpecError(
            f"{where}.{unsaid[0]}: Gateway API has no such match; remove it or choose another "
            "provider",
            reason=Reason.NOT_SUPPORTED,
        )
    overlay = _match(match, where)
    if not overlay:
        raise SpecError(f"{where}: it matches every request; name headers or query parameters")
    return overlay


def _match(match: HTTPMatch, where: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if match.uri is not None:
        kind, value = _said(match.uri, _PATH_TYPES, f"{where}.uri")
        found["path"] = {"type": kind, "value": value}
    if match.method is not None:
        _, found["method"] = _said(match.method, {"exact": ""}, f"{where}.method")
    for name, wanted in (("headers", match.headers), ("queryParams", match.query_params)):
        if wanted:
            found[name] = [_named(key, wanted[key], f"{where}.{name}") for key in sorted(wanted)]
    return found


def _named(name: str, match: StringMatch, where: str) -> dict[str, str]:
    kind, value = _said(match, _VALUE_TYPES, f"{where}.{name}")
    return {"name": name, "type": kind, "value": value}


def _said(match: StringMatch, words: Mapping[str, str], where: str) -> tuple[str, str]:
    """Return Gateway API's type and the value; `SpecError` where it has no such type."""
    for way, value in match.wire().items():
        if way not in words:
            raise SpecError(
                f"{where}.{way}: Gateway API compares by {' or '.join(words)} only",
                reason=Reason.NOT_SUPPORTED,
            )
        return words[way], value
    raise SpecError(f"{where}: say what to compare with, for example exact: …")


def _read(live: Mapping[str, Any], service: Mapping[str, Any]) -> dict[str, Any]:
    """Return what *live* says other than the *service*, in Flagger's words."""
    own = {name: value for name, value in live.items() if value and value != service.get(name)}
    found: dict[str, Any] = {}
    if "path" in own:
        found["uri"] = _text(own["path"], _PATH_TYPES)
    if "method" in own:
        found["method"] = {"exact": own["method"]}
    for name in ("headers", "queryParams"):
        if name in own:
            found[name] = {item["name"]: _text(item, _VALUE_TYPES) for item in own[name]}
    return found


def _text(value: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, str]:
    way = next((way for way, kind in words.items() if kind == value.get("type")), "exact")
    return {way: value["value"]}
