"""An object that was there before belongs to one TrafficRoute at a time."""

from flagger_py.refs import SERVICE, Key
from flagger_routing.api import TRAFFIC_ROUTE
from tests.routing.bench import NAMESPACE, Bench, a_spec
from tests.routing.test_apex import USERS_APEX


def adopted() -> Bench:
    """Let the TrafficRoute `app` adopt the apex."""
    bench = Bench(a_spec("kubernetes"))
    bench.store.create(USERS_APEX, "kubectl-create")
    bench.settle()
    return bench


def begin_second(bench: Bench) -> None:
    """Create the TrafficRoute `second` for the same apex."""
    selectors = {"primary": {"app": "b-primary"}, "canary": {"app": "b"}}
    names = {"primary": "b-primary", "canary": "b"}
    bench.begin("second", {**a_spec("kubernetes", names=names), "selectors": selectors})
    bench.endpoints("b-primary")


def adopted_and_wanted() -> Bench:
    bench = adopted()
    begin_second(bench)
    return bench


def delete(bench: Bench, name: str) -> None:
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, name))


def apex_of(bench: Bench) -> str:
    selector: dict[str, str] = bench.service()["spec"]["selector"]
    return selector["app"]


def test_the_second_one_stops_and_names_the_first() -> None:
    bench = adopted_and_wanted()

    sentence = bench.settle("second").sentence
    bench.restart()
    again = bench.settle("second").sentence
    bench.settle()

    assert "Service app was adopted by TrafficRoute app" in sentence
    assert again == sentence
    assert apex_of(bench) == "app-primary"
    assert bench.events("DriftRepaired") == []
    assert bench.get(SERVICE, "b-primary") is None


def test_it_takes_the_object_once_the_first_has_handed_it_back() -> None:
    bench = adopted_and_wanted()
    bench.settle("second")

    delete(bench, "app")
    bench.settle()
    handed_back = bench.service()
    bench.settle("second")

    assert handed_back["spec"]["selector"] == USERS_APEX["spec"]["selector"]
    assert apex_of(bench) == "b-primary"


def test_of_two_that_remember_it_the_older_one_changes_it() -> None:
    """Both had seen it before either had changed it."""
    bench = adopted_and_wanted()
    records = (bench.manifest or {})["status"]["adopted"]
    bench.store.set_status(
        TRAFFIC_ROUTE, Key(NAMESPACE, "second"), {"adopted": records}, "flagger-routing"
    )

    sentence = bench.settle("second").sentence
    bench.settle()

    assert "Service app was adopted by TrafficRoute app" in sentence
    assert apex_of(bench) == "app-primary"
    assert bench.events("DriftRepaired") == []


def test_one_that_is_gone_without_handing_back_holds_nobody_off() -> None:
    bench = adopted()
    bench.hand(TRAFFIC_ROUTE, "app", {"metadata": {"finalizers": []}})
    delete(bench, "app")
    begin_second(bench)

    bench.settle("second")

    assert apex_of(bench) == "b-primary"
