"""What somebody else changes is put back to the split that should be in force, never to 100/0."""

from typing import Any

import pytest

from flagger_py.refs import SERVICE, Key, Kind
from flagger_py.testing.served import HTTP_ROUTE, TRAEFIK_SERVICE
from tests.routing.bench import NAMESPACE, Bench, a_spec

TOOLKIT = "kustomize.toolkit.fluxcd.io/reconcile"
AT_20 = {"app-primary": 80, "app-canary": 20}


def at_20(provider: str) -> Bench:
    bench = Bench(a_spec(provider))
    bench.settle()
    bench.ask(20)
    bench.settle()
    if provider.startswith("gatewayapi"):
        bench.judge()
        bench.settle()
    bench.world.clock.advance(60)
    return bench


def replaced(path: str, value: Any) -> list[dict[str, Any]]:
    return [{"op": "add", "path": path, "value": value}]


@pytest.mark.parametrize(
    ("provider", "kind", "patch"),
    [
        ("traefik", TRAEFIK_SERVICE, replaced("/spec/weighted/services/0/weight", 50)),
        ("traefik", TRAEFIK_SERVICE, replaced("/spec/weighted/services/0/port", 81)),
        ("traefik", TRAEFIK_SERVICE, replaced("/spec/weighted/services", [])),
        ("gatewayapi:v1", HTTP_ROUTE, replaced("/spec/rules/0/backendRefs/1/weight", 50)),
        ("gatewayapi:v1", HTTP_ROUTE, replaced("/spec/rules", [])),
        ("gatewayapi:v1", HTTP_ROUTE, replaced("/spec/hostnames", ["x.example.com"])),
        ("gatewayapi:v1", HTTP_ROUTE, replaced("/spec/rules/0/timeouts", {"request": "1s"})),
    ],
    ids=["weight", "port", "services", "route weight", "rules", "hostnames", "timeout"],
)
def test_an_edited_route_is_put_back_with_an_event(
    provider: str, kind: Kind, patch: list[dict[str, Any]]
) -> None:
    bench = at_20(provider)
    before = bench.route()["spec"]

    bench.hand(kind, "app", patch)
    bench.settle()

    assert {**bench.route()["spec"], "hostnames": []} == {**before, "hostnames": []}
    assert bench.shares() == AT_20
    assert len(bench.events("DriftRepaired")) == 1
    assert "80/20" in bench.events("DriftRepaired")[0]


@pytest.mark.parametrize(
    ("provider", "kind"), [("traefik", TRAEFIK_SERVICE), ("gatewayapi:v1", HTTP_ROUTE)]
)
def test_a_deleted_route_returns_with_the_split_it_had(provider: str, kind: Kind) -> None:
    bench = at_20(provider)

    bench.store.delete(kind, Key(NAMESPACE, "app"))
    bench.settle()

    assert bench.shares() == AT_20
    assert len(bench.events("DriftRepaired")) == 1


@pytest.mark.parametrize("weight", [50, 0], ids=["half", "none"])
def test_weights_set_by_hand_end_the_time_in_force(weight: int) -> None:
    bench = at_20("traefik")

    bench.hand(TRAEFIK_SERVICE, "app", replaced("/spec/weighted/services/1/weight", weight))
    bench.settle()

    assert bench.in_force is not None
    assert bench.in_force.split.canary == 20
    assert bench.in_force_for_s == 0


def test_a_hand_on_anything_but_the_split_does_not_end_the_time_in_force() -> None:
    bench = at_20("traefik")
    before = bench.in_force

    bench.hand(TRAEFIK_SERVICE, "app", replaced("/spec/weighted/services/0/port", 81))
    bench.settle()

    assert bench.in_force == before


def test_weights_set_by_hand_on_an_http_route_are_in_force_again_only_once_accepted() -> None:
    bench = at_20("gatewayapi:v1")

    bench.hand(HTTP_ROUTE, "app", replaced("/spec/rules/0/backendRefs/1/weight", 50))
    bench.settle()
    unjudged = bench.in_force
    bench.judge()
    bench.settle()

    assert unjudged is None
    assert bench.in_force is not None
    assert bench.in_force_for_s == 0


def test_labels_and_annotations_of_others_stay_and_change_nothing() -> None:
    bench = at_20("gatewayapi:v1")
    before = bench.in_force

    theirs = {"metadata": {"labels": {"team": "red"}, "annotations": {"mine": "yes"}}}
    bench.hand(HTTP_ROUTE, "app", theirs)
    cost = bench.world.tally()
    bench.settle()

    assert cost.writes() == 0
    assert bench.route()["metadata"]["labels"] == {"team": "red"}
    assert bench.in_force == before


@pytest.mark.parametrize("name", ["app", "app-primary", "app-canary"])
def test_an_edited_selector_is_put_back(name: str) -> None:
    bench = at_20("traefik")
    before = bench.service(name)["spec"]["selector"]

    bench.hand(SERVICE, name, {"spec": {"selector": {"app": "elsewhere"}}})
    bench.settle()

    assert bench.service(name)["spec"]["selector"] == before
    assert len(bench.events("DriftRepaired")) == 1


DIVERSIONS: dict[str, Any] = {
    "selector": {"spec": {"selector": {"app": "elsewhere"}}},
    "target port": replaced("/spec/ports/0/targetPort", 1),
    "deletion": None,
}


@pytest.mark.parametrize("how", DIVERSIONS)
@pytest.mark.parametrize("name", ["app-primary", "app-canary"])
@pytest.mark.parametrize("provider", ["traefik", "gatewayapi:v1"])
def test_a_side_that_led_elsewhere_ends_the_time_in_force(
    provider: str, name: str, how: str
) -> None:
    bench = at_20(provider)

    if DIVERSIONS[how] is None:
        bench.store.delete(SERVICE, Key(NAMESPACE, name))
    else:
        bench.hand(SERVICE, name, DIVERSIONS[how])
    bench.settle()

    assert bench.in_force is not None
    assert bench.in_force.split.canary == 20
    assert bench.in_force_for_s == 0


@pytest.mark.parametrize(
    ("name", "patch"),
    [
        ("app", {"spec": {"selector": {"app": "elsewhere"}}}),
        ("app-canary", {"metadata": {"annotations": {TOOLKIT: "enabled"}}}),
    ],
    ids=["the apex, beside a route", "metadata"],
)
def test_what_no_request_of_the_split_follows_does_not_end_it(
    name: str, patch: dict[str, Any]
) -> None:
    bench = at_20("gatewayapi:v1")
    before = bench.in_force

    bench.hand(SERVICE, name, patch)
    bench.settle()

    assert len(bench.events("DriftRepaired")) == 1
    assert bench.in_force == before


def test_a_changed_service_is_no_drift() -> None:
    bench = at_20("gatewayapi:v1")

    service = {**a_spec("gatewayapi:v1")["service"], "timeout": "20s"}
    bench.edit(service=service)
    bench.settle()

    assert bench.route()["spec"]["rules"][0]["timeouts"] == {"request": "20s"}
    assert bench.shares() == AT_20
    assert bench.split is not None
    assert bench.split.canary == 20
    assert bench.events("DriftRepaired") == []
