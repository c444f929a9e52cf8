"""Silence counts as consent only from those who never spoke."""

import pytest

from flagger_py.refs import Key
from flagger_py.testing.served import HTTP_ROUTE
from tests.routing.bench import NAMESPACE, Bench, a_spec

APP = Key(NAMESPACE, "app")


def accepted_at_20() -> Bench:
    bench = Bench(a_spec("gatewayapi:v1"))
    for canary in (0, 20):
        bench.ask(canary)
        bench.settle()
        bench.judge()
        bench.settle()
    assert bench.split is not None
    assert bench.split.canary == 20
    return bench


def withdraw(bench: Bench) -> None:
    """Take the judgement back, as a controller does whose Gateway was deleted."""
    bench.store.set_status(HTTP_ROUTE, APP, {"parents": []})
    wait(bench)


def wait(bench: Bench) -> None:
    bench.settle()
    bench.world.clock.advance(60)
    bench.settle()


def test_a_judgement_that_was_taken_back_is_no_consent() -> None:
    bench = accepted_at_20()

    withdraw(bench)

    assert bench.split is None
    assert bench.condition() == ("Unknown", "Progressing")
    assert "no longer judged by gateways/public" in bench.message()
    assert bench.events("NotJudged") == []


def test_no_step_counts_while_the_judgement_is_away() -> None:
    bench = accepted_at_20()
    withdraw(bench)

    bench.ask(50)
    wait(bench)

    assert bench.split is None


def test_a_route_made_anew_waits_for_those_who_judged_the_one_before() -> None:
    bench = accepted_at_20()

    bench.store.delete(HTTP_ROUTE, APP)
    wait(bench)
    unjudged = bench.split
    bench.judge()
    bench.settle()

    assert unjudged is None
    assert bench.split is not None
    assert bench.split.canary == 20


def test_a_restart_does_not_forget_who_judged() -> None:
    bench = accepted_at_20()
    bench.restart()

    withdraw(bench)

    assert bench.split is None
    assert bench.status.judged_by == ("gateways/public",)


def test_a_judgement_that_comes_back_counts_from_then_on() -> None:
    bench = accepted_at_20()
    withdraw(bench)

    bench.judge()
    bench.settle()

    assert bench.split is not None
    assert bench.in_force_for_s == 0


@pytest.mark.parametrize("judged", [True, False], ids=["judged", "never judged"])
def test_other_gateways_are_asked_anew(judged: bool) -> None:
    """What one Gateway said does not make another one speak."""
    bench = accepted_at_20() if judged else Bench(a_spec("gatewayapi:v1"))
    bench.settle()

    other = {"gatewayRefs": [{"name": "other", "namespace": "gateways"}]}
    bench.edit(service={**a_spec("gatewayapi:v1")["service"], **other})
    bench.settle()
    bench.store.set_status(HTTP_ROUTE, APP, {"parents": []})
    wait(bench)

    assert bench.split is not None
    assert len(bench.events("NotJudged")) == 1 - judged
