"""What becomes of objects that are wanted no more: a deleted route, another provider or name."""

from flagger_py.refs import SERVICE, Key
from flagger_py.testing.served import HTTP_ROUTE, TRAEFIK_SERVICE
from tests.routing.bench import GATEWAYS, NAMESPACE, Bench, a_spec
from tests.routing.test_adoption import USERS_SERVICE, adopting, delete


def test_what_we_made_is_left_to_the_garbage_collector() -> None:
    bench = Bench(a_spec(revertOnDeletion=True))
    bench.settle()
    owners = bench.service("app-primary")["metadata"]["ownerReferences"]
    cost = bench.world.tally()

    delete(bench)
    bench.settle()

    assert [(owner["kind"], owner["controller"]) for owner in owners] == [("TrafficRoute", True)]
    assert bench.manifest is None
    assert cost.writes() == 1


def test_a_route_that_adopted_nothing_has_no_finalizer() -> None:
    bench = Bench()

    bench.settle()

    assert bench.manifest is not None
    assert not bench.manifest["metadata"].get("finalizers")


def test_a_deleted_route_makes_nothing() -> None:
    bench = Bench(a_spec(revertOnDeletion=True))
    bench.go()
    delete(bench)
    bench.store.delete(SERVICE, Key(NAMESPACE, "app-canary"))

    bench.settle()

    assert bench.get(SERVICE, "app-canary") is None


def test_a_deleted_route_lets_go_when_its_account_may_not_read() -> None:
    bench = adopting(USERS_SERVICE, a_spec("kubernetes", serviceAccountName="tenant"))
    bench.world.may = lambda account, verb, kind, namespace: False

    delete(bench)
    bench.settle()

    assert bench.manifest is None
    assert "Service app" in bench.events("LeftBehind")[0]


def test_a_deleted_route_lets_go_after_the_deadline() -> None:
    bench = adopting(USERS_SERVICE)
    delete(bench)
    bench.world.clock.advance(601)

    bench.settle()

    assert bench.manifest is None
    assert bench.service()["spec"]["selector"] == {"app": "app-primary"}
    assert "Service app" in bench.events("LeftBehind")[0]


def test_another_provider_removes_the_old_route_once_the_new_one_is_in_force() -> None:
    bench = Bench()
    bench.settle()

    spec = a_spec("gatewayapi:v1")
    bench.edit(provider="gatewayapi:v1", service=spec["service"])
    bench.settle()
    kept = bench.get(TRAEFIK_SERVICE)
    bench.judge()
    bench.settle()

    assert kept is not None
    assert bench.get(TRAEFIK_SERVICE) is None
    assert bench.get(HTTP_ROUTE) is not None


def test_renamed_services_replace_the_old_ones() -> None:
    bench = Bench()
    bench.settle()
    bench.endpoints("v2")

    bench.edit(names={"canary": "v2"})
    bench.settle()

    assert bench.get(SERVICE, "app-canary") is None
    assert bench.service("v2")["spec"]["selector"] == {"app": "app"}


def test_without_selectors_no_service_is_made_or_removed() -> None:
    bench = Bench()
    bench.settle()

    bench.edit(selectors=None)
    bench.settle()
    alone = Bench({"provider": "gatewayapi:v1", "service": {"port": 80, **GATEWAYS}})
    alone.settle()

    assert bench.service("app-primary")
    assert alone.get(SERVICE, "app") is None
    assert alone.get(HTTP_ROUTE) is not None
