"""A service that cannot be put in force never keeps traffic where it is: the shares still move."""

import copy
from typing import Any

import pytest

from flagger_py.refs import SERVICE
from flagger_py.testing.served import HTTP_ROUTE
from tests.routing.bench import Bench, a_spec, weights

INEXPRESSIBLE = {"match": [{"headers": {"x-user": {"prefix": "a"}}}]}
INVALID = {"ports": [{"name": "http", "port": 9090}]}
"""The API server wants different names for the ports of a Service."""
IN_COOKIES = [{"headers": {"cookie": {"exact": "insider"}}}]
ALL_TO_PRIMARY = {"app-primary": 100, "app-canary": 0}


def at_50(provider: str = "gatewayapi:v1", **split: Any) -> Bench:
    bench = Bench(a_spec(provider))
    settle(bench)
    bench.ask(50, **split)
    settle(bench)
    assert bench.split is not None
    assert bench.split.canary == 50
    return bench


def settle(bench: Bench) -> None:
    """Settle as the Gateways judge everything that is written."""
    bench.settle()
    if bench.status.router != "traefik":
        bench.judge()
        bench.settle()


def edit_service(bench: Bench, change: dict[str, Any]) -> None:
    assert bench.manifest is not None
    bench.edit(service={**copy.deepcopy(bench.manifest["spec"]["service"]), **change})


CASES = pytest.mark.parametrize(
    ("provider", "change", "field"),
    [
        ("gatewayapi:v1", INEXPRESSIBLE, "spec.service.match[0].headers.x-user.prefix"),
        ("gatewayapi:v1", {"gatewayRefs": []}, "spec.service.gatewayRefs"),
        ("gatewayapi:v1", INVALID, "spec.ports.name"),
        ("traefik", INVALID, "spec.ports.name"),
    ],
    ids=["inexpressible", "without gateways", "refused", "refused on Traefik"],
)


@CASES
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_traffic_goes_back_while_the_service_is_stalled(
    provider: str, change: dict[str, Any], field: str, at_once: bool
) -> None:
    bench = at_50(provider)

    edit_service(bench, change)
    if not at_once:
        bench.settle()
    bench.ask(0)
    settle(bench)

    assert bench.shares().get("app-canary", 0) == 0
    assert bench.split is not None
    assert bench.split.canary == 0
    assert bench.condition("Stalled")[0] == "True"
    assert field in bench.message()


@CASES
def test_a_stalled_service_says_the_split_that_is_in_force(
    provider: str, change: dict[str, Any], field: str
) -> None:
    bench = at_50(provider)

    edit_service(bench, change)
    bench.ask(20)
    settle(bench)

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.split is not None
    assert bench.split.canary == 20


def test_a_share_that_moves_on_a_stalled_route_is_in_force_only_once_accepted() -> None:
    bench = at_50()

    edit_service(bench, INVALID)
    bench.ask(20)
    bench.settle()

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.split is not None
    assert bench.split.canary == 50


@CASES
def test_a_mended_service_is_put_in_force(
    provider: str, change: dict[str, Any], field: str
) -> None:
    bench = at_50(provider)
    edit_service(bench, change)
    bench.ask(0)
    settle(bench)

    edit_service(bench, {**a_spec(provider)["service"], "match": [], "ports": [], "timeout": "9s"})
    settle(bench)

    assert bench.condition() == ("True", "ReconciliationSucceeded")
    assert bench.status.refused is None


def test_a_refused_service_mended_before_the_gateways_judge_is_written_at_once() -> None:
    bench = at_50()
    edit_service(bench, INVALID)
    bench.ask(0)
    bench.settle()

    edit_service(bench, {"ports": [], "timeout": "9s"})
    bench.settle()

    assert bench.route()["spec"]["rules"][0]["timeouts"] == {"request": "9s"}


@CASES
def test_a_stalled_service_writes_nothing_again_and_again(
    provider: str, change: dict[str, Any], field: str
) -> None:
    bench = at_50(provider)
    edit_service(bench, change)
    bench.ask(0)
    settle(bench)
    before = bench.store.version

    for _ in range(4):
        bench.go()

    assert bench.store.version == before


@pytest.mark.parametrize(
    "split",
    [{"match": IN_COOKIES}, {"mirror": True}],
    ids=["match", "mirror"],
)
def test_all_else_of_a_split_goes_back_with_the_shares(split: dict[str, Any]) -> None:
    bench = Bench(a_spec("gatewayapi:v1", split=weights(0)))
    settle(bench)
    bench.store.create(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": "gateways"},
            "spec": {"gatewayClassName": "contour", "listeners": []},
        }
    )
    plain = bench.route()["spec"]
    bench.ask(0 if "mirror" in split else 100, **split)
    settle(bench)
    assert bench.route()["spec"] != plain

    edit_service(bench, INEXPRESSIBLE)
    bench.ask(0)
    settle(bench)

    assert bench.route()["spec"] == plain
    assert bench.split is not None
    assert bench.split.wire() == {**weights(0), "match": [], "mirror": False}


def test_a_match_can_be_given_while_the_service_is_stalled() -> None:
    bench = at_50()

    edit_service(bench, INEXPRESSIBLE)
    bench.ask(100, match=IN_COOKIES)
    settle(bench)

    first, second = bench.route()["spec"]["rules"]
    assert first["matches"][0]["headers"][0]["value"] == "insider"
    assert [ref["name"] for ref in second["backendRefs"]] == ["app-primary"]
    assert bench.split is not None
    assert bench.split.match == tuple(IN_COOKIES)


def test_what_others_wrote_on_a_stalled_route_stays_theirs() -> None:
    bench = at_50()
    theirs = {"metadata": {"labels": {"team": "red"}}}
    bench.hand(HTTP_ROUTE, "app", theirs)

    edit_service(bench, INEXPRESSIBLE)
    bench.ask(0)
    settle(bench)
    owned = next(
        entry["fieldsV1"]["f:metadata"]
        for entry in bench.route()["metadata"]["managedFields"]
        if entry["manager"] == "flagger-routing"
    )

    assert bench.route()["metadata"]["labels"] == {"team": "red"}
    assert "f:labels" not in owned


def test_services_are_put_back_while_the_route_cannot_be_rendered() -> None:
    bench = at_50()
    edit_service(bench, INEXPRESSIBLE)
    settle(bench)

    bench.hand(SERVICE, "app-primary", {"spec": {"selector": {"app": "elsewhere"}}})
    bench.settle()

    assert bench.service("app-primary")["spec"]["selector"] == {"app": "app-primary"}


def test_without_a_route_of_ours_a_bad_service_stalls_as_ever() -> None:
    bench = Bench(a_spec("gatewayapi:v1", service=INEXPRESSIBLE))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert bench.split is None
