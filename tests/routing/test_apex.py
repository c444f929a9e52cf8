"""The apex Service leads to the primary only once the primary serves."""

from typing import Any

from flagger_py.refs import SERVICE, Key
from tests.routing.bench import NAMESPACE, SELECTORS, Bench, a_spec, weights

USERS_APEX: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "app", "namespace": NAMESPACE},
    "spec": {
        "selector": SELECTORS["canary"],
        "ports": [{"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080}],
    },
}


def everything_on_the_canary() -> Bench:
    bench = Bench(a_spec(split=weights(100)), serving=("app-canary",))
    bench.store.create(USERS_APEX, "kubectl-create")
    bench.settle()
    return bench


def test_an_apex_is_not_switched_to_a_primary_that_does_not_serve() -> None:
    bench = everything_on_the_canary()

    assert bench.service()["spec"]["selector"] == SELECTORS["canary"]
    assert bench.shares() == {"app-primary": 0, "app-canary": 100}
    assert bench.split is not None
    assert bench.split.canary == 100
    assert bench.condition() == ("False", "BackendNotReady")
    assert "Service app stays as it is" in bench.message()


def test_it_is_switched_once_the_primary_serves() -> None:
    bench = everything_on_the_canary()

    bench.endpoints("app-primary")
    bench.settle()

    assert bench.service()["spec"]["selector"] == SELECTORS["primary"]
    assert bench.condition() == ("True", "ReconciliationSucceeded")


def test_an_apex_that_leads_to_the_primary_stays_there_when_its_pods_go() -> None:
    bench = Bench()
    bench.settle()
    bench.ask(100)
    bench.settle()

    bench.endpoints("app-primary", ready=False)
    bench.settle()

    assert bench.service()["spec"]["selector"] == SELECTORS["primary"]
    assert bench.condition() == ("True", "ReconciliationSucceeded")


def test_an_apex_that_is_gone_is_made_whoever_serves() -> None:
    """Nobody is led away from pods by it, and its name must resolve."""
    bench = Bench()
    bench.settle()
    bench.ask(100)
    bench.settle()
    bench.endpoints("app-primary", ready=False)
    bench.world.clock.advance(60)

    bench.store.delete(SERVICE, Key(NAMESPACE, "app"))
    bench.settle()

    assert bench.service()["spec"]["selector"] == SELECTORS["primary"]
