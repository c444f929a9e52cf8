"""What the simulation does with a controller, shown on a toy one."""

import asyncio
from dataclasses import replace
from itertools import pairwise

import pytest

from flagger_py.egress import Request, Response
from flagger_py.errors import Conflict
from flagger_py.refs import CONFIG_MAP, Key
from flagger_py.testing import Crash, Inconsistent, NotReached, Rates, Simulation, World, series
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.served import EVENT, custom
from tests.kernel.toy import BELL, BELLS, Seen, a_bell, hold_and_decide

BIG, SOUND = Key("test", "big"), Key("test", "big-sound")


def a_world(seed: int = 0, rates: Rates | None = None) -> World:
    return World(seed, rates=rates, kinds=[custom(BELL, default=unobserved)])


async def answering(_: Request) -> Response:
    return Response(200)


def ready(world: World) -> bool:
    bell = world.store.get(BELL, BIG)
    assert bell is not None
    conditions = bell["status"].get("conditions", ())
    return bell["status"]["observedGeneration"] == bell["metadata"]["generation"] and any(
        c["type"] == "Ready" and c["status"] == "True" for c in conditions
    )


def test_a_controller_acts_and_says_so() -> None:
    world = a_world()
    world.store.create(a_bell(sound="dong"))

    with Simulation(world, [BELLS], egress=answering) as simulation:
        simulation.run_until(lambda: ready(world), timeout_s=5)
        simulation.settle()

    made = world.store.get(CONFIG_MAP, SOUND)
    assert made is not None
    assert made["data"] == {"sound": "dong"}
    telemetry = simulation.telemetry
    assert [exchange.request.body for exchange in telemetry.deliveries] == [b"dong"]
    assert telemetry.counts[series("bell_rung_total", {"name": "big"})] == 1
    assert [event["reason"] for event in telemetry.events] == ["Rang"]


def test_nothing_is_written_when_nothing_changes() -> None:
    world = a_world()
    world.store.create(a_bell(againAfter=5))
    with Simulation(world, [BELLS]) as simulation:
        simulation.settle()
        tally, passes = world.tally(), simulation.process("bells").passes

        simulation.run_for(600)

        assert simulation.process("bells").passes == passes + 120
        assert tally.by_request() == {}


def test_the_requests_of_a_step_are_counted() -> None:
    world = a_world()
    world.store.create(a_bell())

    with Simulation(world, [BELLS]) as simulation:
        simulation.settle()

    assert world.requests == {
        ("bells", "list", "configmaps"): 1,
        ("bells", "apply", "configmaps"): 1,
        ("bells", "create", "events"): 1,
        ("bells", "apply", "bells.toy.flagger.app/status"): 1,
    }


def test_the_echo_of_an_own_write_is_not_looked_at() -> None:
    world = a_world()
    world.store.create(a_bell())
    with Simulation(world, [BELLS]) as simulation:
        simulation.run_until(lambda: ready(world), timeout_s=5)
        simulation.settle()
        passes = simulation.process("bells").passes

        world.store.patch(BELL, BIG, {"metadata": {"labels": {"a": "b"}}}, "kubectl")
        simulation.settle()

        assert simulation.process("bells").passes == passes + 1


def test_a_change_just_before_an_own_write_is_still_looked_at() -> None:
    world = a_world()
    world.store.create(a_bell())
    changed: list[str] = []

    def deciding(subject: object, seen: Seen) -> object:
        if not changed:
            changed.append("at the very moment of the pass")
            world.store.patch(BELL, BIG, {"spec": {"sound": "dong"}}, "kubectl")
        return hold_and_decide(subject, seen)  # type: ignore[arg-type]  # as the shell calls it

    part = replace(BELLS, decide=deciding)  # type: ignore[arg-type]  # as the shell calls it
    with Simulation(world, [part]) as simulation:
        simulation.run_until(lambda: ready(world), timeout_s=60)

        bell = world.store.get(BELL, BIG)
        assert bell is not None
        assert bell["status"]["sound"] == "dong"


def test_a_reader_is_woken_by_what_it_asked_for_and_did_not_find() -> None:
    world = a_world()
    world.store.create(a_bell(needs="rope"))
    with Simulation(world, [BELLS]) as simulation:
        simulation.run_for(1000)
        rope = {"apiVersion": "v1", "kind": "ConfigMap"}
        world.store.create({**rope, "metadata": {"name": "rope", "namespace": "test"}})

        took_s = simulation.run_until(lambda: ready(world))

    assert took_s == pytest.approx(0.01)


def test_faults_in_a_row_are_waited_for_twice_as_long_each() -> None:
    world = a_world()
    world.store.create(a_bell(needs="rope"))
    moments: list[float] = []

    async def failing(_subject: object, _site: object) -> Seen:
        moments.append(world.clock.elapsed_s)
        raise Conflict("somebody was faster")

    with Simulation(world, [replace(BELLS, observe=failing)]) as simulation:
        simulation.run_for(8)

    waits = [later - sooner for sooner, later in pairwise(moments)]
    assert waits == pytest.approx([0.75, 1.5, 3.0])


def test_the_longest_wait_after_a_fault_is_a_quarter_of_an_hour() -> None:
    world = a_world()
    world.store.create(a_bell(needs="rope"))
    with Simulation(world, [BELLS]) as simulation:
        simulation.run_for(3600)
        passes = simulation.process("bells").passes

        simulation.run_for(3 * 3600)

        assert simulation.process("bells").passes == passes + 12


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_crash_at_every_write_leads_to_the_same_end(after: bool) -> None:
    points = _run(crash_at=None)[1]

    ends = {_run(crash_at=n, after=after)[0] for n in range(1, points + 1)}

    assert points >= 3
    assert ends == {_run(crash_at=None)[0]}


def _run(crash_at: int | None, after: bool = False) -> tuple[str, int]:
    world = a_world()
    world.store.create(a_bell(sound="dong"))
    if crash_at is not None:
        world.faults.crash_at(crash_at, after=after)
    with Simulation(world, [BELLS], egress=answering) as simulation:
        simulation.settle()
    assert len(world.faults.struck) == (crash_at is not None)
    bell, made = world.store.get(BELL, BIG), world.store.get(CONFIG_MAP, SOUND)
    assert bell is not None
    assert made is not None
    events = [event["message"] for event in world.store.list(EVENT)]
    return f"{bell['status']['sound']} {made['data']} {events}", world.faults.writes


def test_memory_is_lost_in_a_crash() -> None:
    world = a_world()
    world.store.create(a_bell(againAfter=1))
    remembered: list[int] = []

    async def remembering(subject: object, site: object) -> Seen:
        memory = site.memory  # type: ignore[attr-defined]  # a Site
        memory["passes"] = memory.get("passes", 0) + 1
        remembered.append(memory["passes"])
        return Seen(None, None)

    with Simulation(world, [replace(BELLS, observe=remembering)]) as simulation:
        simulation.run_for(2.5)
        simulation.crash("bells")
        simulation.run_for(10)

    assert remembered.count(1) == 2


def test_a_stopped_controller_does_nothing_until_it_is_started() -> None:
    world = a_world()
    with Simulation(world, [BELLS]) as simulation:
        simulation.stop("bells")
        world.store.create(a_bell())
        simulation.run_for(100)
        assert not ready(world)

        simulation.start("bells")
        simulation.run_until(lambda: ready(world), timeout_s=1)


def test_a_deleted_owner_takes_its_child_along() -> None:
    world = a_world()
    world.store.create(a_bell())
    with Simulation(world, [BELLS]) as simulation:
        simulation.settle()

        world.store.delete(BELL, BIG)
        simulation.settle()

    assert world.store.get(CONFIG_MAP, SOUND) is None


def test_a_slow_answer_delays_nobody_else() -> None:
    world = a_world()
    world.store.create(a_bell("big", sound="slow"))
    world.store.create(a_bell("small", sound="fast"))

    async def slowly(request: Request) -> Response:
        await asyncio.sleep(30 if request.body == b"slow" else 0.1)
        return Response(200)

    with Simulation(world, [BELLS], egress=slowly) as simulation:
        simulation.run_for(1)
        assert [e.request.body for e in simulation.telemetry.deliveries] == [b"fast"]

        simulation.run_for(30)

        assert [e.request.body for e in simulation.telemetry.deliveries] == [b"fast", b"slow"]


def test_an_exception_that_is_no_fault_of_the_world_reaches_the_test() -> None:
    world = a_world()
    world.store.create(a_bell())

    async def wrong(_subject: object, _site: object) -> Seen:
        raise ZeroDivisionError("a bug")

    with (
        Simulation(world, [replace(BELLS, observe=wrong)]) as simulation,
        pytest.raises(ZeroDivisionError),
    ):
        simulation.run_for(1)


def test_what_does_not_come_about_is_told_with_the_seed() -> None:
    world = a_world(seed=17)
    with Simulation(world, [BELLS]) as simulation, pytest.raises(NotReached, match="seed 17"):
        simulation.run_until(lambda: False, timeout_s=5)


def test_a_status_that_breaks_flux_rules_is_refused() -> None:
    world = a_world()
    bell = world.store.create(a_bell())
    wrong = {"observedGeneration": bell["metadata"]["generation"] + 1}
    with Simulation(world, [BELLS]) as simulation:
        simulation.settle()

        world.store.set_status(BELL, BIG, wrong, "somebody")

        with pytest.raises(Inconsistent, match="status is of generation 2"):
            simulation.run_for(1)


def test_equal_seeds_give_equal_histories() -> None:
    rates = Rates(
        crash=0.05, conflict=0.05, down=0.05, timed_out=0.05, lost=0.1, repeated=0.1, lag_s_max=3
    )

    def history(seed: int) -> tuple[object, ...]:
        world = a_world(seed, rates)
        for number in range(5):
            world.store.create(a_bell(f"bell-{number}", sound="dong", againAfter=2))
        with Simulation(world, [BELLS], egress=answering) as simulation:
            simulation.run_for(120)
        struck = tuple((point.number, fault) for point, fault in world.faults.struck)
        return struck, world.store.version, dict(world.requests)

    assert history(1) == history(1)
    assert history(1) != history(2)


@pytest.mark.parametrize("seed", range(20))
def test_once_faults_stop_the_controller_comes_to_rest(seed: int) -> None:
    rates = Rates(
        crash=0.1,
        conflict=0.1,
        throttled=0.1,
        down=0.1,
        timed_out=0.1,
        lost=0.2,
        repeated=0.2,
        lag_s_max=5,
        outages_per_hour=20,
        jumps_per_hour=20,
    )
    world = a_world(seed, rates)
    world.store.create(a_bell(sound="dong"))
    with Simulation(world, [BELLS], egress=answering) as simulation:
        simulation.run_for(60)
        world.store.patch(BELL, BIG, {"spec": {"sound": "bim"}}, "kubectl")
        simulation.run_for(60)
        world.store.delete(CONFIG_MAP, SOUND) if world.store.get(CONFIG_MAP, SOUND) else None
        simulation.run_for(60)
        world.faults.stop()

        simulation.settle()

    made = world.store.get(CONFIG_MAP, SOUND)
    assert ready(world)
    assert made is not None
    assert made["data"] == {"sound": "bim"}


def test_a_crash_is_no_exception_that_a_controller_could_catch() -> None:
    assert not issubclass(Crash, Exception)
