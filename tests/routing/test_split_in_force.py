"""When a split counts as in force, and what a step costs."""

import pytest

from flagger_py.refs import Key
from flagger_py.testing.served import HTTP_ROUTE, TRAEFIK_SERVICE
from flagger_routing.settings import RoutingSettings
from tests.routing.bench import Bench, a_spec

GATEWAY_API = a_spec("gatewayapi:v1")


def test_a_stored_traefik_service_is_in_force_within_one_pass() -> None:
    bench = Bench()
    bench.settle()
    bench.world.clock.advance(60)
    bench.ask(20)
    cost = bench.world.tally()

    bench.go()

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.in_force is not None
    assert bench.in_force.split.canary == 20
    assert bench.in_force_for_s == 0
    assert bench.in_force.generation == 2
    assert bench.condition() == ("True", "ReconciliationSucceeded")
    assert cost.writes() == 2


@pytest.mark.parametrize("provider", ["traefik", "gatewayapi:v1", "kubernetes"])
def test_a_pass_without_change_writes_nothing(provider: str) -> None:
    bench = Bench(a_spec(provider))
    bench.settle()
    cost = bench.world.tally()

    for _ in range(3):
        bench.world.clock.advance(3600)
        bench.go()
    restarted = bench.world.tally()
    bench.restart()
    bench.go()

    assert cost.writes() <= (2 if provider == "gatewayapi:v1" else 0)
    assert restarted.writes() == 0


def test_an_unchanged_split_keeps_the_time_since_which_it_is_in_force() -> None:
    bench = Bench()
    bench.settle()
    first = bench.in_force
    bench.world.clock.advance(60)

    bench.edit(service={"name": "app", "port": 81})
    bench.settle()

    assert first is not None
    assert bench.in_force == first.model_copy(update={"generation": 2})


def test_a_split_that_comes_back_is_in_force_since_it_came_back() -> None:
    bench = Bench()
    bench.settle()
    bench.world.clock.advance(60)

    for canary in (20, 0):
        bench.ask(canary)
        bench.settle()
        bench.world.clock.advance(60)

    assert bench.in_force is not None
    assert bench.in_force_for_s == 60


def test_a_route_that_nobody_judged_counts_after_five_seconds_with_a_warning() -> None:
    bench = Bench(GATEWAY_API)

    outcome = bench.settle()
    early = bench.in_force
    bench.world.clock.advance(4.9)
    bench.settle()
    still_early = bench.in_force
    bench.world.clock.advance(0.1)
    bench.settle()

    assert outcome.requeue_after_s == 5.0
    assert early is None
    assert still_early is None
    assert bench.in_force is not None
    assert bench.condition()[0] == "True"
    assert "no controller has judged HTTPRoute app" in bench.message()
    assert len(bench.events("NotJudged")) == 1


def test_an_accepted_route_is_in_force_at_once() -> None:
    bench = Bench(GATEWAY_API)
    bench.settle()
    bench.judge()

    bench.settle()

    assert bench.split is not None
    assert bench.condition() == ("True", "ReconciliationSucceeded")
    assert bench.events("NotJudged") == []


@pytest.mark.parametrize(
    ("accepted", "behind", "reason"),
    [("False", 0, "RouteRefused"), ("True", 1, "Progressing"), ("Unknown", 0, "Progressing")],
    ids=["refused", "older generation", "undecided"],
)
def test_a_negative_or_an_older_judgement_never_counts(
    accepted: str, behind: int, reason: str
) -> None:
    bench = Bench(GATEWAY_API)
    bench.settle()
    bench.judge()
    bench.settle()
    bench.ask(20)
    bench.settle()
    bench.judge(accepted, behind=behind)

    for _ in range(5):
        bench.settle()
        bench.world.clock.advance(60)

    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.split is not None
    assert bench.split.canary == 0
    assert bench.condition()[1] == reason


def test_a_route_refused_later_is_no_longer_in_force() -> None:
    bench = Bench(GATEWAY_API)
    bench.settle()
    bench.judge()
    bench.settle()

    bench.judge("False", reason="NotAllowedByListeners")
    bench.settle()

    assert bench.in_force is None
    assert bench.condition() == ("False", "RouteRefused")
    assert "NotAllowedByListeners" in bench.message()


def test_a_split_asked_for_again_before_another_was_accepted_is_judged_anew() -> None:
    bench = Bench(GATEWAY_API)
    bench.settle()
    bench.judge()
    bench.settle()

    bench.ask(20)
    bench.settle()
    bench.world.clock.advance(10)
    bench.ask(0)
    bench.settle()
    unjudged = bench.in_force
    bench.judge()
    bench.settle()

    assert unjudged is None
    assert bench.in_force is not None
    assert bench.in_force_for_s == 0


def test_every_parent_must_accept() -> None:
    two = {"gatewayRefs": [{"name": "public"}, {"name": "private"}]}
    bench = Bench(a_spec("gatewayapi:v1", service=two))
    bench.settle()
    bench.judge()
    parents = bench.route()["status"]["parents"]
    bench.store.set_status(HTTP_ROUTE, _key(), {"parents": parents[:1]})

    bench.settle()
    half = bench.in_force
    bench.store.set_status(HTTP_ROUTE, _key(), {"parents": parents})
    bench.settle()

    assert half is None
    assert bench.in_force is not None


def test_a_stale_copy_of_the_route_is_neither_drift_nor_a_reason_to_write() -> None:
    bench = Bench()
    bench.settle()
    old = bench.cluster.cache(TRAEFIK_SERVICE).objects[_key()]
    bench.ask(20)
    bench.go()
    since = bench.in_force
    bench.cluster.cache(TRAEFIK_SERVICE).objects[_key()] = old
    cost = bench.world.tally()

    bench.go(fresh=False)

    assert cost.writes() == 0
    assert bench.in_force == since
    assert bench.events("DriftRepaired") == []


def test_what_the_api_server_stores_in_other_words_is_not_written_again_and_again() -> None:
    bench = Bench(GATEWAY_API)
    bench.settle()
    bench.judge()
    bench.settle()
    served = bench.store.served(HTTP_ROUTE)

    assert served.default({"spec": {"rules": [{}]}})["spec"]["rules"][0]["matches"]
    assert bench.events("DriftRepaired") == []


def _key() -> Key:
    return Key("shop", "app")


def test_an_edge_that_reports_nothing_is_given_time_to_follow() -> None:
    """Traefik gathers changes; who counts on the split earlier scales pods away under it."""
    bench = Bench(settings=RoutingSettings(edge_lag_s=2.0))
    bench.settle()
    bench.ask(20)

    bench.go()

    assert bench.in_force is not None
    assert bench.in_force.since > bench.world.clock()
