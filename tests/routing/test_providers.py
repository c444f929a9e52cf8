"""Which providers there are, and what is refused instead of being misunderstood."""

from importlib.metadata import EntryPoint
from typing import Any

import pytest

from flagger_py.errors import SpecError
from flagger_py.refs import SERVICE, Key
from flagger_routing.api import TRAFFIC_ROUTE
from flagger_routing.routers import FLAGGERS_OTHERS, ROUTERS, router_for
from flagger_routing.routers.discovery import GROUP, all_routers, discover
from flagger_routing.routers.kubernetes import Kubernetes
from flagger_routing.settings import RoutingSettings
from tests.routing.bench import NAMESPACE, Bench, a_spec, weights


def test_an_unknown_provider_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(SpecError, match="gatewayapi:v1, gatewayapi:v1beta1, kubernetes, traefik"):
        router_for("istoi", ROUTERS)


@pytest.mark.parametrize("provider", [*FLAGGERS_OTHERS, "smi:v1alpha1:istio"])
def test_flaggers_other_providers_are_not_supported_rather_than_unknown(provider: str) -> None:
    with pytest.raises(SpecError, match="this version does not route") as error:
        router_for(provider, ROUTERS)

    assert error.value.reason == "NotSupported"


def test_an_unknown_provider_stalls_and_makes_nothing() -> None:
    bench = Bench(a_spec("gatewayapi"))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "InvalidSpec")
    assert bench.get(SERVICE, "app-primary") is None


def test_the_controllers_default_provider_is_for_specs_that_name_none() -> None:
    spec = {name: value for name, value in a_spec().items() if name != "provider"}
    bench = Bench(spec, settings=RoutingSettings(mesh_provider="traefik"))
    bare = Bench(spec)

    bench.settle()
    bare.settle()

    assert bench.status.router == "traefik"
    assert bare.condition("Stalled")[0] == "True"
    assert "no default" in bare.message()


def test_an_object_of_a_domain_qualified_provider_is_left_alone() -> None:
    bench = Bench(a_spec("example.com/edge"))
    cost = bench.world.tally()

    bench.settle()

    assert cost.total() == 0


def test_an_object_of_a_domain_qualified_provider_is_left_alone_while_it_is_deleted() -> None:
    bench = Bench(a_spec("example.com/edge"))
    theirs = [{"op": "add", "path": "/metadata/finalizers", "value": ["example.com/edge"]}]
    bench.hand(TRAFFIC_ROUTE, "app", theirs)
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "app"))
    bench.go()
    cost = bench.world.tally()

    bench.go()

    assert cost.writes() == 0


def test_a_suspended_route_changes_nothing() -> None:
    bench = Bench()
    bench.settle()
    before = bench.in_force
    bench.edit(suspend=True, split=weights(20))
    cost = bench.world.tally()

    bench.settle()

    assert cost.writes() == 0
    assert bench.in_force == before
    assert bench.shares() == {"app-primary": 100}


@pytest.mark.parametrize(
    ("provider", "split", "field"),
    [
        ("traefik", weights(0, mirror=True), "split.mirror"),
        ("traefik", weights(20, match=[{"headers": {"x": {"exact": "1"}}}]), "split.match"),
        ("traefik", weights(20, affinity={"cookieName": "c"}), "split.affinity"),
        ("gatewayapi:v1", weights(20, affinity={"cookieName": "c"}), "split.affinity"),
        ("gatewayapi:v1", weights(0, mirror=True, mirrorWeight=5), "split.mirrorWeight"),
        ("kubernetes", weights(20), "split.canary"),
        ("kubernetes", weights(100), "split.canary"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_split_that_a_router_cannot_serve_is_refused_and_moves_nothing(
    provider: str, split: dict[str, Any], field: str
) -> None:
    bench = Bench(a_spec(provider))
    bench.settle()
    if provider == "gatewayapi:v1":
        bench.judge()
        bench.settle()
    before = bench.store.version

    bench.edit(split=split)
    outcome = bench.settle()

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert field in bench.message()
    assert outcome.requeue_after_s is None
    assert bench.store.version == before + 2, "the edit and one status"


def test_capabilities_are_told_whatever_is_asked_for() -> None:
    bench = Bench(a_spec(split=weights(0, mirror=True)))

    bench.settle()

    assert bench.status.capabilities == ("weights",)


@pytest.mark.parametrize(
    ("provider", "able"),
    [
        ("traefik", {"weights"}),
        ("kubernetes", set()),
        (
            "gatewayapi:v1",
            {"weights", "match", "mirror", "hosts", "headers", "rewrite", "timeout", "cors"},
        ),
        ("gatewayapi:v1beta1", {"weights", "match", "mirror", "hosts", "headers", "rewrite"}),
    ],
)
def test_what_each_router_can_do(provider: str, able: set[str]) -> None:
    assert ROUTERS[provider].capabilities() == able


def test_a_field_that_a_router_makes_nothing_of_is_told_once() -> None:
    bench = Bench(a_spec(service={"hosts": ["app.example.com"], "timeout": "5s"}))

    for canary in (0, 20, 40):
        bench.ask(canary)
        bench.settle()

    assert bench.events("FieldsIgnored") == [
        "provider traefik makes nothing of service.timeout, service.hosts"
    ]
    assert bench.shares()["app-canary"] == 40


def test_probing_the_data_plane_is_refused_rather_than_skipped() -> None:
    bench = Bench(a_spec(verify={"url": "http://app.example.com/"}))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert "spec.verify" in bench.message()


def test_three_services_need_three_names() -> None:
    bench = Bench(a_spec(names={"primary": "app"}))

    bench.settle()

    assert bench.condition("Stalled") == ("True", "InvalidSpec")


def test_every_installed_router_is_known_with_where_it_comes_from() -> None:
    assert set(all_routers()) >= set(ROUTERS)
    assert {origin for _, origin in discover().values()} >= {"flagger-routing"}


def point(name: str) -> EntryPoint:
    return EntryPoint(name, "flagger_routing.routers.kubernetes:Kubernetes", GROUP)


def test_an_installed_package_adds_a_router_to_ours() -> None:
    router, _ = discover([point("example.com/edge")])["example.com/edge"]

    assert isinstance(router, Kubernetes)


def test_an_installed_package_cannot_replace_a_router() -> None:
    with pytest.raises(SpecError, match="'traefik', which flagger-routing has already"):
        discover([point("traefik")])
