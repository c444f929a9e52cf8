"""Requests are mirrored only behind Gateways whose class really mirrors."""

from typing import Any

import pytest

from flagger_py.refs import Key
from flagger_py.wire import Manifest
from flagger_routing.objects import Address
from flagger_routing.routers.gateway_class import GATEWAY, GATEWAY_CLASS
from tests.routing.bench import Bench, a_spec, weights
from tests.routing.test_gateway_api import V1, request


@pytest.mark.parametrize(
    ("controller", "features", "why"),
    [
        ("traefik.io/gateway-controller", ["HTTPRouteRequestMirror"], "breaks the route"),
        ("example.com/gateway", ["HTTPRouteCORS"], "does not list HTTPRouteRequestMirror"),
        ("example.com/gateway", [{"name": "HTTPRouteCORS"}], "does not list"),
        ("example.com/gateway", [{"name": "HTTPRouteRequestMirror"}], None),
        ("projectcontour.io/gateway-controller", [], None),
    ],
    ids=["traefik", "old list", "list", "listed", "silent"],
)
@pytest.mark.parametrize("where", ["split", "service"])
def test_mirroring_is_for_classes_that_mirror(
    controller: str, features: list[Any], why: str | None, where: str
) -> None:
    asked = (
        request(weights(0, mirror=True))
        if where == "split"
        else request(mirror=[{"backendRef": {"name": "shadow", "port": 80}}])
    )
    gateway = Address(GATEWAY, Key("gateways", "public"))
    of_class = Address(GATEWAY_CLASS, Key("", "edge"))
    found: dict[Address, Manifest | None] = {
        gateway: {"metadata": {"name": "public"}, "spec": {"gatewayClassName": "edge"}},
        of_class: {
            "metadata": {"name": "edge"},
            "spec": {"controllerName": controller},
            "status": {"supportedFeatures": features},
        },
    }

    refusal = V1.refusal(asked, found)

    assert V1.related(asked, {}) == (gateway,)
    assert V1.related(asked, found) == (gateway, of_class)
    assert refusal is None if why is None else (refusal and why in refusal)


def test_without_mirror_no_gateway_is_read() -> None:
    assert V1.related(request(), {}) == ()


def test_a_mirror_behind_traefik_moves_nothing_and_is_told() -> None:
    bench = Bench(a_spec("gatewayapi:v1"))
    _edge(bench, "traefik.io/gateway-controller")
    bench.settle()
    before = bench.route()

    bench.ask(0, mirror=True)
    bench.settle()

    assert bench.route() == before
    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert "GatewayClass edge" in bench.message()


def test_a_mirror_behind_contour_is_written_and_read_back() -> None:
    bench = Bench(a_spec("gatewayapi:v1"))
    _edge(bench, "projectcontour.io/gateway-controller")
    bench.settle()

    bench.ask(0, mirror=True, mirrorWeight=100)
    bench.settle()
    bench.judge()
    bench.settle()

    (mirror,) = bench.route()["spec"]["rules"][0]["filters"]
    assert mirror["requestMirror"]["backendRef"]["name"] == "app-canary"
    assert bench.split is not None
    assert bench.split.mirror


def test_a_mirror_that_is_asked_for_no_more_is_taken_from_the_route() -> None:
    bench = Bench(a_spec("gatewayapi:v1"))
    _edge(bench, "projectcontour.io/gateway-controller")
    bench.ask(0, mirror=True)
    bench.settle()

    bench.ask(0)
    bench.settle()

    assert "filters" not in bench.route()["spec"]["rules"][0]


def test_a_controller_that_cannot_mirror_takes_the_capability_away() -> None:
    route = {"status": {"parents": [{"controllerName": "traefik.io/gateway-controller"}]}}

    assert "mirror" in V1.capabilities()
    assert "mirror" not in V1.capabilities((route,))


def _edge(bench: Bench, controller: str) -> None:
    group = "gateway.networking.k8s.io/v1"
    bench.store.create(
        {
            "apiVersion": group,
            "kind": "GatewayClass",
            "metadata": {"name": "edge"},
            "spec": {"controllerName": controller},
        }
    )
    bench.store.create(
        {
            "apiVersion": group,
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": "gateways"},
            "spec": {"gatewayClassName": "edge", "listeners": []},
        }
    )
