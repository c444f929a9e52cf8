"""The whole part in a World: how often it writes, what it survives, how a clip follows time."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from flagger_metrics.api import METRIC_ANALYSIS
from flagger_metrics.api_template import METRIC_TEMPLATE
from flagger_metrics.controller import part
from flagger_metrics.resources import METRIC_ANALYSIS as ANALYSIS
from flagger_metrics.settings import MetricsSettings
from flagger_py.contracts import Judged, Verdict, acknowledged, read_judged
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.refs import Key
from flagger_py.testing import Rates, Simulation, World, custom, served
from flagger_py.testing.history import Change

from .analyses import asked, metric, success_rate, vector

KEY = Key("test", "app")
KIND = METRIC_ANALYSIS


def a_world() -> World:
    return a_world_with()


def a_world_with(seed: int = 0, rates: Rates | None = None) -> World:
    kinds = [served(ANALYSIS), custom(METRIC_TEMPLATE)]
    return World(seed, rates=rates, kinds=kinds)


def an_analysis(*metrics: dict[str, Any], **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": KIND.api_version,
        "kind": KIND.kind,
        "metadata": {"name": "app", "namespace": "test"},
        "spec": {"target": {"name": "app", "provider": "traefik"}, "metrics": metrics, **spec},
    }


def a_simulation(world: World, egress: Callable[[Request], Response]) -> Simulation:
    async def answer(request: Request) -> Response:
        return egress(request)

    return Simulation(world, [part(MetricsSettings(scrape_s=1))], egress=answer)


def judged(world: World) -> Judged | None:
    live = world.store.get(KIND, KEY)
    assert live is not None
    return read_judged(live)


def has(world: World, token: str, verdict: Verdict) -> bool:
    found = judged(world)
    return found is not None and (found.token, found.verdict) == (token, verdict)


def answered(world: World, token: str) -> bool:
    found = judged(world)
    return found is not None and found.token == token and found.verdict is not Verdict.PENDING


def ask(world: World, token: str, after_s: float = 10) -> None:
    """Write a run whose split came into force now."""
    since, due = world.clock(), world.clock() + timedelta(seconds=after_s)
    run = {"token": token, "since": since.isoformat(), "due": due.isoformat()}
    world.store.patch(KIND, KEY, {"spec": {"run": run}})


def test_a_run_costs_two_writes_one_that_it_was_seen_and_one_with_the_verdict() -> None:
    world, queries = a_world(), list[str]()
    world.store.create(an_analysis(success_rate(), metric()))

    def answer(request: Request) -> Response:
        queries.append(asked(request))
        return vector("99.5") if "traefik" in queries[-1] else vector("0")

    with a_simulation(world, answer) as simulation:
        simulation.settle()
        queries.clear()
        tally = world.tally()
        ask(world, "t1")
        seen_s = simulation.run_until(lambda: has(world, "t1", Verdict.PENDING))
        given_s = simulation.run_until(lambda: has(world, "t1", Verdict.PASSED))
        simulation.run_for(600)

    assert tally.writes("metrics") == 2
    assert seen_s < 1
    assert seen_s + given_s == pytest.approx(10, abs=0.5)
    assert len(queries) == 2
    assert "[10s]" in queries[0]


def test_an_analysis_nobody_asks_says_so_once() -> None:
    world = a_world()
    world.store.create(an_analysis(metric()))

    with a_simulation(world, lambda _: vector("1")) as simulation:
        simulation.settle()
        tally = world.tally()
        simulation.run_for(600)

    live = world.store.get(KIND, KEY)
    assert live is not None
    assert acknowledged(live)
    assert tally.total("metrics") == 0


def test_a_provider_that_is_down_is_asked_again_without_a_write() -> None:
    world, up = a_world(), False
    world.store.create(an_analysis(metric()))

    def answer(_: Request) -> Response:
        if not up:
            raise Unreachable("connection refused")
        return vector("1")

    with a_simulation(world, answer) as simulation:
        simulation.run_for(5)
        tally = world.tally()
        simulation.run_for(300)
        down = tally.writes("metrics")
        up = True
        simulation.run_for(20)

    live = world.store.get(KIND, KEY)
    assert live is not None
    assert down == 0
    assert live["status"]["conditions"][0]["message"] == "Waiting for a run"


def test_a_template_that_comes_later_is_noticed() -> None:
    world = a_world()
    world.store.create(an_analysis({"name": "errors", "templateRef": {"name": "errors"}}))
    body = {"provider": {"type": "prometheus", "address": "http://p"}, "query": "errors"}

    with a_simulation(world, lambda _: vector("1")) as simulation:
        simulation.run_for(2)
        waiting = world.store.get(KIND, KEY)
        world.store.create(
            {
                "apiVersion": METRIC_TEMPLATE.api_version,
                "kind": METRIC_TEMPLATE.kind,
                "metadata": {"name": "errors", "namespace": "test"},
                "spec": body,
            }
        )
        simulation.run_for(2)

    ready = world.store.get(KIND, KEY)
    assert waiting is not None
    assert ready is not None
    assert "not found" in waiting["status"]["conditions"][0]["message"]
    assert ready["status"]["conditions"][0]["status"] == "True"


def test_a_continuous_analysis_judges_at_its_interval() -> None:
    world, value = a_world(), "0"
    world.store.create(an_analysis(metric(), interval="30s"))

    with a_simulation(world, lambda _: vector(value)) as simulation:
        simulation.run_for(5)
        first = judged(world)
        value = "7"
        simulation.run_for(20)
        kept = judged(world)
        simulation.run_for(10)
        then = judged(world)

    assert first == kept
    assert first is not None
    assert first.verdict is Verdict.PASSED
    assert then is not None
    assert (then.verdict, then.sentence) == (Verdict.FAILED, "errors 7.00 > 1")
    assert [event["reason"] for event in simulation.telemetry.events] == ["Passed", "Failed"]


@pytest.mark.parametrize("seed", range(20))
def test_whatever_goes_wrong_a_run_is_judged_once_and_stays_so(seed: int) -> None:
    """Crashes, late watches and a provider that fails delay a verdict or make it an Error; none
    comes twice, early or as Passed."""
    rates = Rates(crash=0.05, conflict=0.1, lag_s_max=2)
    world, given = a_world_with(seed, rates), list[tuple[str, str]]()

    def noticed(change: Change) -> None:
        status = change.object.get("status") or {} if change.kind == KIND else {}
        told = (status.get("run", ""), status.get("verdict", ""))
        if told[1] and (not given or given[-1] != told):
            given.append(told)

    world.store.listen(noticed)
    world.store.create(an_analysis(metric(), success_rate()))
    with a_simulation(world, lambda _: vector("99.5")) as simulation:
        for token in ("t1", "t2"):
            ask(world, token)
            began = world.clock()
            simulation.run_until(partial(answered, world, token), timeout_s=600)
            assert (world.clock() - began).total_seconds() >= 10

    assert [token for token, _ in given] == ["t1", "t1", "t2", "t2"]
    assert [verdict for _, verdict in given[::2]] == ["Pending", "Pending"]
    assert {verdict for _, verdict in given[1::2]} <= {"Failed", "Error"}
