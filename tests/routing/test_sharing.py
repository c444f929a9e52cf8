"""An object that was there before belongs to one TrafficRoute at a time."""

import asyncio
from typing import Any

from flagger_py.refs import SERVICE, Key
from flagger_py.runtime.part import Shell
from flagger_py.runtime.passes import reconcile
from flagger_routing.api import TRAFFIC_ROUTE
from tests.routing.bench import NAMESPACE, WATCHED, Bench, _nobody, a_spec
from tests.routing.test_apex import USERS_APEX


def adopted() -> Bench:
    bench = Bench(a_spec("kubernetes"))
    bench.store.create(USERS_APEX, "kubectl-create")
    bench.settle()
    return bench


def a_second(bench: Bench, name: str = "second") -> None:
    spec: dict[str, Any] = a_spec("kubernetes", names={"primary": "b-primary", "canary": "b"})
    spec["selectors"] = {"primary": {"app": "b-primary"}, "canary": {"app": "b"}}
    bench.store.create(
        {
            "apiVersion": TRAFFIC_ROUTE.api_version,
            "kind": TRAFFIC_ROUTE.kind,
            "metadata": {"name": name, "namespace": NAMESPACE},
            "spec": spec,
        }
    )
    bench.endpoints("b-primary")


def go(bench: Bench, name: str = "second") -> str:
    """Let the TrafficRoute *name* take passes as a new process; return what it says at the end."""
    sentence = ""
    for _ in range(4):
        for kind in WATCHED:
            bench.cluster.open(kind)
        shell = Shell(
            cluster=bench.cluster,
            egress=_nobody,
            clock=bench.world.clock,
            tell=lambda told: None,
            deliver=lambda key, delivery: None,
        )
        seen = bench.cluster.cache(TRAFFIC_ROUTE).objects.get(Key(NAMESPACE, name))
        if seen is not None:
            sentence = asyncio.run(reconcile(bench.part, seen, shell, {})).sentence
    return sentence


def apex_of(bench: Bench) -> str:
    selector: dict[str, str] = bench.service()["spec"]["selector"]
    return selector["app"]


def test_the_second_one_stops_and_names_the_first() -> None:
    bench = adopted()
    a_second(bench)

    sentence = go(bench)
    bench.restart()
    again = go(bench)
    bench.settle()

    assert "Service app was adopted by TrafficRoute app" in sentence
    assert again == sentence
    assert apex_of(bench) == "app-primary"
    assert bench.events("DriftRepaired") == []
    assert bench.get(SERVICE, "b-primary") is None


def test_it_takes_the_object_once_the_first_has_handed_it_back() -> None:
    bench = adopted()
    a_second(bench)
    go(bench)

    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "app"))
    bench.settle()
    handed_back = bench.service()
    go(bench)

    assert handed_back["spec"]["selector"] == USERS_APEX["spec"]["selector"]
    assert apex_of(bench) == "b-primary"


def test_of_two_that_remember_it_the_older_one_changes_it() -> None:
    """Both had seen it before either had changed it."""
    bench = adopted()
    a_second(bench)
    records = (bench.manifest or {})["status"]["adopted"]
    bench.store.set_status(
        TRAFFIC_ROUTE, Key(NAMESPACE, "second"), {"adopted": records}, "flagger-routing"
    )

    sentence = go(bench)
    bench.settle()
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "second"))

    assert "Service app was adopted by TrafficRoute app" in sentence
    assert apex_of(bench) == "app-primary"
    assert bench.events("DriftRepaired") == []


def test_one_that_is_gone_without_handing_back_holds_nobody_off() -> None:
    bench = adopted()
    bench.hand(TRAFFIC_ROUTE, "app", {"metadata": {"finalizers": []}})
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "app"))
    a_second(bench)

    go(bench)

    assert apex_of(bench) == "b-primary"
