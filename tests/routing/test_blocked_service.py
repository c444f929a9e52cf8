"""A service that cannot be put in force never keeps traffic where it is: the shares still move."""

from dataclasses import dataclass
from typing import Any

import pytest

from flagger_py.refs import SERVICE
from flagger_py.testing.served import HTTP_ROUTE
from tests.routing.bench import Bench, a_spec, weights


@dataclass(frozen=True, slots=True)
class Fault:
    """A *change* of the service that cannot be put in force, and the *field* that is blamed."""

    change: dict[str, Any]
    field: str
    provider: str = "gatewayapi:v1"


_TWO_PORTS = {"ports": [{"name": "http", "port": 9090}]}
"""The API server wants different names for the ports of a Service."""
INEXPRESSIBLE = Fault(
    {"match": [{"headers": {"x-user": {"prefix": "a"}}}]},
    "spec.service.match[0].headers.x-user.prefix",
)
REFUSED = Fault(_TWO_PORTS, "spec.ports.name")
FAULTS = {
    "inexpressible": INEXPRESSIBLE,
    "without gateways": Fault({"gatewayRefs": []}, "spec.service.gatewayRefs"),
    "refused": REFUSED,
    "refused on Traefik": Fault(_TWO_PORTS, "spec.ports.name", "traefik"),
}
EVERY_FAULT = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
IN_COOKIES = [{"headers": {"cookie": {"exact": "insider"}}}]


def blocked_at_50(fault: Fault) -> Bench:
    """Return a bench with a split in force and a *fault* that no pass has seen yet."""
    bench = Bench(a_spec(fault.provider))
    settle(bench)
    move(bench, 50)
    assert share(bench) == 50
    edit_service(bench, fault.change)
    return bench


def settle(bench: Bench) -> None:
    """Settle as the Gateways judge everything that is written."""
    bench.settle()
    if bench.status.router != "traefik":
        bench.judge()
        bench.settle()


def move(bench: Bench, canary: int, **split: Any) -> None:
    bench.ask(canary, **split)
    settle(bench)


def share(bench: Bench) -> int | None:
    """Return the canary's weight in force, None where no split is."""
    return None if bench.split is None else bench.split.canary


def edit_service(bench: Bench, change: dict[str, Any]) -> None:
    assert bench.manifest is not None
    bench.edit(service={**bench.manifest["spec"]["service"], **change})


def a_gateway(bench: Bench) -> None:
    """Create the Gateway of the routes, of a class that mirrors."""
    bench.store.create(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": "gateways"},
            "spec": {"gatewayClassName": "contour", "listeners": []},
        }
    )


@EVERY_FAULT
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "later"])
def test_traffic_goes_back_while_the_service_is_stalled(fault: Fault, at_once: bool) -> None:
    bench = blocked_at_50(fault)

    if not at_once:
        bench.settle()
    move(bench, 0)

    assert bench.shares().get("app-canary", 0) == 0
    assert share(bench) == 0
    assert bench.condition("Stalled")[0] == "True"
    assert fault.field in bench.message()


@EVERY_FAULT
def test_a_stalled_service_says_the_split_that_is_in_force(fault: Fault) -> None:
    bench = blocked_at_50(fault)

    move(bench, 20)

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert share(bench) == 20


def test_a_share_that_moves_on_a_stalled_route_is_in_force_only_once_accepted() -> None:
    bench = blocked_at_50(REFUSED)

    bench.ask(20)
    bench.settle()

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert share(bench) == 50


@EVERY_FAULT
def test_a_mended_service_is_put_in_force(fault: Fault) -> None:
    bench = blocked_at_50(fault)
    move(bench, 0)

    mended = a_spec(fault.provider)["service"]
    edit_service(bench, {**mended, "match": [], "ports": [], "timeout": "9s"})
    settle(bench)

    assert bench.condition() == ("True", "ReconciliationSucceeded")
    assert bench.status.refused is None


def test_a_refused_service_mended_before_the_gateways_judge_is_written_at_once() -> None:
    bench = blocked_at_50(REFUSED)
    bench.ask(0)
    bench.settle()

    edit_service(bench, {"ports": [], "timeout": "9s"})
    bench.settle()

    assert bench.route()["spec"]["rules"][0]["timeouts"] == {"request": "9s"}


@EVERY_FAULT
def test_a_stalled_service_writes_nothing_again_and_again(fault: Fault) -> None:
    bench = blocked_at_50(fault)
    move(bench, 0)
    before = bench.store.version

    for _ in range(4):
        bench.go()

    assert bench.store.version == before


@pytest.mark.parametrize(
    "split", [{"match": IN_COOKIES}, {"mirror": True}], ids=["match", "mirror"]
)
def test_all_else_of_a_split_goes_back_with_the_shares(split: dict[str, Any]) -> None:
    bench = Bench(a_spec("gatewayapi:v1", split=weights(0)))
    settle(bench)
    a_gateway(bench)
    plain = bench.route()["spec"]
    move(bench, 0 if "mirror" in split else 100, **split)
    assert bench.route()["spec"] != plain

    edit_service(bench, INEXPRESSIBLE.change)
    move(bench, 0)

    assert bench.route()["spec"] == plain
    assert bench.split is not None
    assert bench.split.wire() == {**weights(0), "match": [], "mirror": False}


def test_a_match_can_be_given_while_the_service_is_stalled() -> None:
    bench = blocked_at_50(INEXPRESSIBLE)

    move(bench, 100, match=IN_COOKIES)

    first, second = bench.route()["spec"]["rules"]
    assert first["matches"][0]["headers"][0]["value"] == "insider"
    assert [ref["name"] for ref in second["backendRefs"]] == ["app-primary"]
    assert bench.split is not None
    assert bench.split.match == tuple(IN_COOKIES)


def test_what_others_wrote_on_a_stalled_route_stays_theirs() -> None:
    bench = blocked_at_50(INEXPRESSIBLE)
    bench.hand(HTTP_ROUTE, "app", {"metadata": {"labels": {"team": "red"}}})

    move(bench, 0)
    owned = next(
        entry["fieldsV1"]["f:metadata"]
        for entry in bench.route()["metadata"]["managedFields"]
        if entry["manager"] == "flagger-routing"
    )

    assert bench.route()["metadata"]["labels"] == {"team": "red"}
    assert "f:labels" not in owned


def test_services_are_put_back_while_the_route_cannot_be_rendered() -> None:
    bench = blocked_at_50(INEXPRESSIBLE)
    settle(bench)

    bench.hand(SERVICE, "app-primary", {"spec": {"selector": {"app": "elsewhere"}}})
    bench.settle()

    assert bench.service("app-primary")["spec"]["selector"] == {"app": "app-primary"}


def test_without_a_route_of_ours_a_bad_service_stalls_as_ever() -> None:
    bench = Bench(a_spec("gatewayapi:v1", service=INEXPRESSIBLE.change))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert bench.split is None
