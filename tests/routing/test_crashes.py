"""Law 7 for this part: a crash at any write ends where no crash would have ended."""

import pytest

from flagger_py.errors import FlaggerError
from flagger_py.refs import Key
from flagger_py.testing.faults import Crash
from flagger_routing.api import TRAFFIC_ROUTE
from tests.routing.bench import NAMESPACE, Bench, a_spec
from tests.routing.test_adoption import USERS_SERVICE, essence

WRITES = 14


def lived(bench: Bench) -> Bench:
    """Adopt a Service, move traffic, and be deleted, however often the process dies."""
    bench.store.create(USERS_SERVICE, "kubectl-create")
    for act in (_nothing, _moves, _deletes):
        act(bench)
        persevere(bench)
    return bench


def persevere(bench: Bench) -> None:
    for _ in range(5):
        if bench.manifest is None:
            return
        try:
            bench.settle()
        except (Crash, FlaggerError):
            bench.restart()
        else:
            return
    raise AssertionError("it does not come to rest")


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(1, WRITES + 1))
def test_a_crash_at_any_write_leaves_the_users_service_as_it_was(nth: int, after: bool) -> None:
    bench = Bench()
    bench.world.faults.crash_at(nth, after=after)

    lived(bench)

    assert bench.world.faults.struck
    assert bench.manifest is None
    assert bench.service()["spec"]["selector"] == USERS_SERVICE["spec"]["selector"]
    assert bench.service()["spec"]["ports"] == USERS_SERVICE["spec"]["ports"]
    assert essence(bench.service())["annotations"] == {"note": "mine"}
    assert essence(bench.service())["ownerReferences"] == {}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("nth", range(1, 8))
def test_a_crash_at_any_write_ends_at_the_split_that_was_asked_for(nth: int, after: bool) -> None:
    bench = Bench(a_spec())
    bench.world.faults.crash_at(nth, after=after)

    for act in (_nothing, _moves):
        act(bench)
        persevere(bench)

    assert bench.world.faults.struck
    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
    assert bench.split is not None
    assert bench.split.canary == 20
    assert bench.events("DriftRepaired") == []


def test_the_crashes_above_reach_every_write_there_is() -> None:
    bench = lived(Bench())

    assert bench.world.faults.writes == WRITES


def _nothing(bench: Bench) -> None:
    assert bench.manifest is not None


def _moves(bench: Bench) -> None:
    bench.ask(20)


def _deletes(bench: Bench) -> None:
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "app"))
