"""No share goes to a Service without a ready endpoint; the last split stays."""

from typing import Any

import pytest

from flagger_py.refs import ENDPOINT_SLICE, SERVICE, Key
from flagger_routing.observe import any_ready
from flagger_routing.settings import RoutingSettings
from tests.routing.bench import NAMESPACE, SELECTORS, Bench, a_spec

ALL_PRIMARY = {"app-primary": 100}
TOLD_AFTER_S = RoutingSettings().tell_idle_s


@pytest.mark.parametrize("provider", ["traefik", "gatewayapi:v1", "kubernetes"])
def test_nothing_is_routed_before_the_primary_serves(provider: str) -> None:
    bench = Bench(a_spec(provider), serving=())

    bench.settle()
    early = bench.get(SERVICE, "app")
    condition = bench.condition()
    bench.endpoints("app-primary")
    bench.settle()

    assert early is None
    assert condition == ("False", "BackendNotReady")
    assert bench.service("app")["spec"]["selector"] == SELECTORS["primary"]


def test_the_backends_services_are_made_first_since_endpoints_need_them() -> None:
    bench = Bench(serving=())

    bench.settle()

    assert bench.service("app-primary")["spec"]["selector"] == SELECTORS["primary"]
    assert bench.service("app-canary")["spec"]["selector"] == SELECTORS["canary"]


@pytest.mark.parametrize("endpoints", ["missing", "not ready"])
def test_a_share_for_an_idle_canary_is_refused(endpoints: str) -> None:
    bench = Bench(serving=("app-primary",))
    if endpoints == "not ready":
        bench.endpoints("app-canary", ready=False)
    bench.settle()
    before = bench.in_force

    bench.ask(20)
    bench.settle_after(TOLD_AFTER_S)

    assert bench.shares() == ALL_PRIMARY
    assert bench.in_force == before
    assert bench.condition() == ("False", "BackendNotReady")
    assert bench.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert "Service app-canary" in bench.message()


def test_nothing_is_said_of_endpoints_that_are_only_just_late() -> None:
    """Their EndpointSlice comes a moment after the pods are ready: that is no news for anybody."""
    bench = Bench(serving=("app-primary",))
    bench.settle()
    before = bench.manifest

    bench.ask(20)
    outcome = bench.settle_after(TOLD_AFTER_S - 1)
    kept = bench.manifest
    bench.endpoints("app-canary")
    bench.settle()

    assert before is not None
    assert kept is not None
    assert kept["status"] == before["status"]
    assert outcome.requeue_after_s == 1.0
    assert bench.shares() == {"app-primary": 80, "app-canary": 20}


def test_how_long_endpoints_are_late_is_counted_anew_for_every_split() -> None:
    bench = Bench(serving=("app-primary",))
    bench.settle()
    bench.ask(20)
    bench.settle_after(TOLD_AFTER_S - 1)

    bench.ask(40)
    outcome = bench.settle()

    assert bench.condition() == ("True", "ReconciliationSucceeded")
    assert outcome.requeue_after_s == TOLD_AFTER_S


def test_a_clock_that_is_set_back_silences_nobody() -> None:
    bench = Bench(serving=("app-primary",))
    bench.settle()
    bench.ask(20)
    bench.settle()

    bench.world.clock.jump(-3600)
    outcome = bench.settle()

    assert outcome.requeue_after_s == TOLD_AFTER_S


def test_a_refused_share_is_given_once_the_canary_serves() -> None:
    bench = Bench(serving=("app-primary",))
    bench.settle()
    bench.ask(20)
    bench.settle_after(TOLD_AFTER_S)

    bench.endpoints("app-canary")
    bench.settle()

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.condition()[0] == "True"


def test_a_share_for_an_idle_primary_is_refused_likewise() -> None:
    bench = Bench()
    bench.settle()
    bench.ask(100)
    bench.settle()
    bench.endpoints("app-primary", ready=False)

    bench.ask(0)
    bench.settle_after(TOLD_AFTER_S)

    assert bench.shares() == {"app-primary": 0, "app-canary": 100}
    assert bench.condition()[1] == "BackendNotReady"


def test_a_canary_that_stops_serving_keeps_its_split_until_another_is_asked_for() -> None:
    bench = Bench()
    bench.settle()
    bench.ask(20)
    bench.settle()

    bench.endpoints("app-canary", ready=False)
    bench.settle()
    kept = bench.shares()
    said = bench.condition()
    bench.ask(0)
    bench.settle()

    assert kept == {"app-primary": 80, "app-canary": 20}
    assert said == ("False", "BackendNotReady")
    assert bench.shares() == ALL_PRIMARY
    assert bench.condition()[0] == "True"


def test_a_held_split_is_put_back_while_another_is_refused() -> None:
    bench = Bench()
    bench.settle()
    bench.ask(20)
    bench.settle()
    bench.endpoints("app-canary", ready=False)
    bench.ask(40)
    bench.settle()
    route = bench.route()

    bench.store.delete(bench.store.resolve(route["apiVersion"], route["kind"]), _app())
    bench.settle()

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}


def test_a_mirror_needs_a_canary_that_serves() -> None:
    bench = Bench(a_spec("gatewayapi:v1"), serving=("app-primary",))
    bench.settle()
    _gateway(bench)

    bench.ask(0, mirror=True)
    bench.settle_after(TOLD_AFTER_S)

    assert "filters" not in bench.route()["spec"]["rules"][0]
    assert bench.condition()[1] == "BackendNotReady"


def test_an_external_name_has_no_endpoints_and_serves() -> None:
    spec = a_spec()
    del spec["selectors"]
    bench = Bench(spec, serving=())
    for name in ("app-primary", "app-canary"):
        bench.store.create(
            {
                "apiVersion": "v1",
                "kind": "Service",
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": {"type": "ExternalName", "externalName": "example.com"},
            }
        )

    bench.settle()

    assert bench.shares() == ALL_PRIMARY


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [({}, True), ({"ready": True}, True), ({"ready": False}, False), (None, True)],
    ids=["silent", "ready", "not ready", "none"],
)
def test_an_endpoint_that_does_not_say_counts_as_ready(
    conditions: dict[str, Any] | None, ready: bool
) -> None:
    endpoint = {"addresses": ["10.0.0.1"], "conditions": conditions}

    assert any_ready(({"endpoints": [endpoint]},)) is ready


def test_a_slice_without_endpoints_is_not_ready() -> None:
    assert not any_ready(({"endpoints": None}, {"endpoints": []}))


def test_apex_and_route_are_left_alone_until_the_primary_may_serve() -> None:
    bench = Bench(a_spec(apexReady=False))

    bench.settle()
    early = bench.get(SERVICE, "app")
    condition = bench.condition("Reconciling")
    bench.edit(apexReady=True)
    bench.settle()

    assert early is None
    assert condition == ("True", "ApexNotReady")
    assert bench.shares() == ALL_PRIMARY


def test_what_is_routed_stays_when_the_apex_is_withdrawn() -> None:
    bench = Bench()
    bench.settle()
    before = bench.route()

    bench.edit(apexReady=False)
    bench.settle()

    assert bench.route() == before
    assert bench.in_force is not None


def _app() -> Key:
    return Key(NAMESPACE, "app")


def _gateway(bench: Bench) -> None:
    bench.store.create(
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "Gateway",
            "metadata": {"name": "public", "namespace": "gateways"},
            "spec": {"gatewayClassName": "contour", "listeners": []},
        }
    )


def test_endpoints_are_looked_for_by_the_services_label() -> None:
    bench = Bench(serving=("other",))

    bench.settle()

    assert bench.store.get(ENDPOINT_SLICE, Key(NAMESPACE, "other-1")) is not None
    assert bench.condition()[1] == "BackendNotReady"
