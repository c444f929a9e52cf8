"""Which Service an imitated edge sends a request to."""

from typing import Any

import pytest

from flagger_py.testing.edges import Rule, Visit, find_rule, rules_of


def ingress_route(kind: str = "TraefikService") -> dict[str, Any]:
    service = {"name": "app", "kind": kind, "port": 80}
    routes = [{"match": "Host(`shop.lab`)", "kind": "Rule", "services": [service]}]
    return {"metadata": {"name": "app", "namespace": "shop"}, "spec": {"routes": routes}}


def traefik_service(**weights: int) -> dict[str, Any]:
    services = [
        {"name": f"app-{side}", "kind": "Service", "port": 80, "weight": weight}
        for side, weight in weights.items()
    ]
    return {
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"weighted": {"services": services}},
    }


def http_route(*rules: dict[str, Any], accepted: str = "True") -> dict[str, Any]:
    conditions = [{"type": "Accepted", "status": accepted}]
    return {
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"hostnames": ["shop.lab"], "rules": list(rules)},
        "status": {"parents": [{"conditions": conditions}]},
    }


def to(name: str, weight: int = 1) -> dict[str, Any]:
    return {"name": name, "port": 80, "weight": weight}


def shares(rule: Rule | None) -> dict[str, float]:
    return {b.service.name: b.share for b in rule.backends} if rule else {}


def test_a_weighted_service_is_split_by_its_weights() -> None:
    rules = rules_of([ingress_route()], [traefik_service(primary=80, canary=20)], [])

    assert shares(find_rule(rules, Visit("shop.lab"))) == {"app-primary": 0.8, "app-canary": 0.2}


def test_the_edge_counts_a_backend_under_traefiks_name_for_it() -> None:
    rules = rules_of([ingress_route()], [traefik_service(canary=1)], [])

    assert rules[0].backends[0].exported == "shop-app-canary-80@kubernetescrd"


def test_a_weighted_service_that_is_missing_has_no_backends() -> None:
    rules = rules_of([ingress_route()], [], [])

    assert find_rule(rules, Visit("shop.lab")) == Rule(("shop.lab",), {}, ())


def test_another_host_follows_no_rule() -> None:
    rules = rules_of([ingress_route("Service")], [], [])

    assert find_rule(rules, Visit("other.lab")) is None


@pytest.mark.parametrize(
    ("headers", "side"),
    [
        ({"X-Insider": "always"}, "app-canary"),
        ({"X-Insider": "never"}, "app-primary"),
        ({}, "app-primary"),
    ],
    ids=["match", "other value", "no header"],
)
def test_the_rule_that_asks_for_more_goes_first(headers: dict[str, str], side: str) -> None:
    path = {"path": {"type": "PathPrefix", "value": "/"}}
    insiders = {**path, "headers": [{"name": "x-insider", "value": "always"}]}
    route = http_route(
        {"matches": [path], "backendRefs": [to("app-primary")]},
        {"matches": [insiders], "backendRefs": [to("app-canary")]},
    )

    found = find_rule(rules_of([], [], [route]), Visit("shop.lab", headers=headers))

    assert shares(found) == {side: 1.0}


def test_a_refused_route_serves_nobody() -> None:
    route = http_route({"backendRefs": [to("app-primary")]}, accepted="False")

    assert rules_of([], [], [route]) == ()
