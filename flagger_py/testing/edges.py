"""Where an edge sends a request: the rules that the route objects of a cluster amount to.

Read as Traefik (`IngressRoute`, `TraefikService`) and Gateway API (`HTTPRoute`) define them, as
far as the routes of a release need it: hosts, path prefixes, headers, methods, weights.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from flagger_py.refs import Key, key_of
from flagger_py.wire import Manifest

_DEPTH_MAX = 5
_ANY: tuple[Mapping[str, Any], ...] = ({},)
_HOSTS = re.compile(r"Host\(([^)]*)\)")
_QUOTED = re.compile(r"[`\"']([^`\"']+)[`\"']")


@dataclass(frozen=True, slots=True)
class Visit:
    """One kind of request, as its sender makes it."""

    host: str
    path: str = "/"
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backend:
    """A Service that receives a *share* (0 to 1) of a rule's requests.

    *exported* is the name under which the edge's own metrics count it.
    """

    service: Key
    share: float
    exported: str


@dataclass(frozen=True, slots=True)
class Rule:
    """Requests to any of *hosts* (all, when empty) that fit *match*, and who gets them."""

    hosts: tuple[str, ...]
    match: Mapping[str, Any]
    backends: tuple[Backend, ...]


def rules_of(
    ingress_routes: Iterable[Manifest],
    traefik_services: Iterable[Manifest],
    http_routes: Iterable[Manifest],
) -> tuple[Rule, ...]:
    """Return the rules of all routes, the most specific ones first."""
    weighted = {key_of(item): item for item in traefik_services}
    found = [rule for item in ingress_routes for rule in _traefik_rules(item, weighted)]
    found += [rule for item in http_routes for rule in _gateway_rules(item)]
    return tuple(sorted(found, key=_specificity, reverse=True))


def find_rule(rules: Iterable[Rule], visit: Visit) -> Rule | None:
    """Return the rule that a request follows; None means the edge answers 404 itself."""
    return next((rule for rule in rules if _fits(rule, visit)), None)


def _traefik_rules(route: Manifest, weighted: Mapping[Key, Manifest]) -> Iterator[Rule]:
    namespace = route["metadata"]["namespace"]
    for item in route["spec"].get("routes", ()):
        names = [_QUOTED.findall(group) for group in _HOSTS.findall(item.get("match", ""))]
        hosts = tuple(name for group in names for name in group)
        services = item.get("services") or ()
        yield Rule(hosts, {}, tuple(_traefik_backends(services, namespace, weighted, 1.0, 0)))


def _traefik_backends(
    services: Iterable[Mapping[str, Any]],
    namespace: str,
    weighted: Mapping[Key, Manifest],
    share: float,
    depth: int,
) -> Iterator[Backend]:
    listed = tuple(services)
    total = sum(item.get("weight", 1) for item in listed)
    for item in listed if total else ():
        part = share * item.get("weight", 1) / total
        key = Key(item.get("namespace") or namespace, item["name"])
        if item.get("kind") != "TraefikService":
            exported = f"{key.namespace}-{key.name}-{item.get('port', '')}@kubernetescrd"
            yield Backend(key, part, exported)
        elif key in weighted and depth < _DEPTH_MAX:
            inner = (weighted[key]["spec"].get("weighted") or {}).get("services") or ()
            yield from _traefik_backends(inner, key.namespace, weighted, part, depth + 1)


def _gateway_rules(route: Manifest) -> Iterator[Rule]:
    namespace = route["metadata"]["namespace"]
    hosts = tuple(route["spec"].get("hostnames") or ())
    if _refused(route):
        return
    for item in route["spec"].get("rules") or ():
        backends = tuple(_gateway_backends(item.get("backendRefs") or (), namespace))
        for match in item.get("matches") or _ANY:
            yield Rule(hosts, match, backends)


def _gateway_backends(refs: Iterable[Mapping[str, Any]], namespace: str) -> Iterator[Backend]:
    listed = tuple(refs)
    total = sum(ref.get("weight", 1) for ref in listed)
    for ref in listed if total else ():
        key = Key(ref.get("namespace") or namespace, ref["name"])
        exported = f"{key.namespace}-{key.name}-http-{ref.get('port', '')}@kubernetesgateway"
        yield Backend(key, ref.get("weight", 1) / total, exported)


def _refused(route: Manifest) -> bool:
    parents = (route.get("status") or {}).get("parents") or ()
    return any(
        condition["type"] == "Accepted" and condition["status"] == "False"
        for parent in parents
        for condition in parent.get("conditions") or ()
    )


def _specificity(rule: Rule) -> tuple[int, int, int, int, int]:
    """Rank rules as Gateway API does: host, path, method, headers, query parameters."""
    match = rule.match
    return (
        len(rule.hosts) > 0,
        len((match.get("path") or {}).get("value", "")),
        "method" in match,
        len(match.get("headers") or ()),
        len(match.get("queryParams") or ()),
    )


def _fits(rule: Rule, visit: Visit) -> bool:
    if rule.hosts and not any(_same_host(host, visit.host) for host in rule.hosts):
        return False
    match = rule.match
    if match.get("queryParams") or match.get("method", visit.method) != visit.method:
        return False
    headers = {name.lower(): value for name, value in visit.headers.items()}
    wanted = match.get("headers") or ()
    return _path_fits(match.get("path") or {}, visit.path) and all(
        _value_fits(header, headers.get(header["name"].lower())) for header in wanted
    )


def _same_host(pattern: str, host: str) -> bool:
    if pattern.startswith("*"):
        return host.endswith(pattern[1:])
    return pattern == host


def _path_fits(path: Mapping[str, Any], asked: str) -> bool:
    value = path.get("value", "/")
    match path.get("type", "PathPrefix"):
        case "Exact":
            return bool(asked == value)
        case "RegularExpression":
            return re.fullmatch(value, asked) is not None
        case _:
            return asked == value or asked.startswith(value.rstrip("/") + "/")


def _value_fits(header: Mapping[str, Any], value: str | None) -> bool:
    if value is None:
        return False
    if header.get("type") == "RegularExpression":
        return re.fullmatch(header["value"], value) is not None
    return bool(value == header["value"])
