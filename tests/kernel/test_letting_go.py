"""A deleted object is let go in time, whatever keeps it and whoever put the finalizer there."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from flagger_py import conditions
from flagger_py.contracts import condition_of
from flagger_py.decision import Apply, Decision, Force, Release
from flagger_py.errors import Conflict, FlaggerError, Missing, SpecError, Unavailable
from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.part import Part, spec_seconds
from flagger_py.testing import Simulation, World
from flagger_py.testing.cluster import WorldCluster
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.served import custom
from tests.kernel.served import Scene, controllers, scene
from tests.kernel.toy import (
    BELL,
    BELLS,
    BellSpec,
    BellStatus,
    BellSubject,
    Seen,
    a_bell,
    hold_and_decide,
    sound_of,
)

BIG = Key("test", "big")
OURS, THEIRS = BELLS.finalizer, "shop.example/theirs"
BellPart = Part[BellSpec, BellStatus, Seen]


def blind(error: FlaggerError) -> BellPart:
    async def observe(_subject: BellSubject, _site: Site) -> Seen:
        raise error

    return replace(BELLS, observe=observe)


def undecided(_subject: BellSubject, _seen: Seen) -> Decision[BellStatus]:
    raise SpecError("no decision is possible")


def fighting(subject: BellSubject, _seen: Seen) -> Decision[BellStatus]:
    sound = {**sound_of(subject), "data": {"sound": "another"}}
    return Decision(subject.status, conditions.ready("rings"), (Apply(sound, Force.NEVER),))


def letting_go(subject: BellSubject, _seen: Seen) -> Decision[BellStatus]:
    return Decision(subject.status, conditions.progressing("let go"), (Release(),))


def a_world(*finalizers: str, manager: str = "flagger", **spec: Any) -> World:
    """Return a world with a bell whose finalizers another manager put there by an update."""
    world = World(kinds=[custom(BELL, default=unobserved)])
    bell = a_bell(**spec)
    bell["metadata"]["finalizers"] = list(finalizers)
    world.store.create(bell, manager)
    return world


def delete(world: World, simulation: Simulation) -> None:
    simulation.run_for(10)
    world.store.delete(BELL, BIG)


def left_behind(simulation: Simulation) -> list[str]:
    events = [e for e in simulation.telemetry.events if e["reason"] == "LeftBehind"]
    assert {event["type"] for event in events} <= {"Warning"}
    return [event["message"] for event in events]


@pytest.mark.parametrize(
    ("part", "spec", "fault"),
    [
        pytest.param(BELLS, {"sound": 3}, "spec.sound", id="invalid-spec"),
        pytest.param(
            blind(SpecError("guest may not get", reason="AccessDenied")),
            {},
            "guest may not get",
            id="account-gone",
        ),
        pytest.param(blind(Missing("no such kind")), {}, "no such kind", id="kind-gone"),
        pytest.param(blind(Unavailable("is down")), {}, "is down", id="server-down"),
        pytest.param(
            replace(BELLS, decide=undecided), {}, "no decision is possible", id="undecidable"
        ),
        pytest.param(replace(BELLS, decide=fighting), {}, "kustomize-controller", id="fields-held"),
    ],
)
def test_a_fault_keeps_a_deleted_object_until_the_deadline_and_no_longer(
    part: BellPart, spec: dict[str, Any], fault: str
) -> None:
    world = a_world(OURS, **spec)
    held = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"sound": "ding"}}
    meta = {"name": "big-sound", "namespace": "test"}
    world.store.apply({**held, "metadata": meta}, "kustomize-controller")
    with Simulation(world, [part]) as simulation:
        delete(world, simulation)
        simulation.run_for(599)
        before = world.store.get(BELL, BIG)
        told_before = left_behind(simulation)

        simulation.run_for(2)

        assert before is not None
        assert fault in condition_of(before["status"], "Ready")["message"]
        assert told_before == []
        assert world.store.get(BELL, BIG) is None
        (told,) = left_behind(simulation)
        assert fault in told
        assert "field manager flagger-bells" in told


def test_a_fault_that_passes_before_the_deadline_leaves_nothing_behind() -> None:
    faults: list[FlaggerError] = [Unavailable("is down")]

    async def observe(_subject: BellSubject, _site: Site) -> Seen:
        for fault in faults:
            raise fault
        return Seen(None, None)

    world = a_world(OURS)
    with Simulation(world, [replace(BELLS, observe=observe, decide=letting_go)]) as simulation:
        delete(world, simulation)
        simulation.run_for(300)
        faults.clear()
        simulation.run_for(299)

        assert world.store.get(BELL, BIG) is None
        assert left_behind(simulation) == []


@pytest.mark.parametrize(
    ("again_after", "deadline_s"),
    [(30, 30), ("soon", 600), (-1, 600), (True, 600), (None, 600)],
    ids=repr,
)
def test_the_deadline_is_read_from_a_spec_that_need_not_be_valid(
    again_after: object, deadline_s: float
) -> None:
    part = replace(BELLS, lets_go_after=spec_seconds("againAfter"))
    world = a_world(OURS, againAfter=again_after, sound=3)
    with Simulation(world, [part]) as simulation:
        delete(world, simulation)
        simulation.run_for(deadline_s - 1)
        before = world.store.get(BELL, BIG)

        simulation.run_for(2)

        assert before is not None
        assert world.store.get(BELL, BIG) is None
        assert f"within {deadline_s}s" in left_behind(simulation)[0]


def test_a_deleted_object_that_another_finalizer_holds_is_nothing_to_us() -> None:
    world = a_world(THEIRS, sound=3)
    with Simulation(world, [BELLS]) as simulation:
        delete(world, simulation)
        simulation.run_for(1)
        tally, passes = world.tally(), simulation.process("bells").passes

        simulation.run_for(3600)

        assert tally.total() == 0
        assert simulation.process("bells").passes == passes
        assert left_behind(simulation) == []


def test_finalizers_of_others_stay_when_ours_lets_go() -> None:
    world = a_world(THEIRS, OURS, "shop.example/last", sound=3)
    with Simulation(world, [BELLS]) as simulation:
        delete(world, simulation)
        simulation.run_for(3600)

        bell = world.store.get(BELL, BIG)
        assert bell is not None
        assert bell["metadata"]["finalizers"] == [THEIRS, "shop.example/last"]
        assert len(left_behind(simulation)) == 1


@pytest.mark.parametrize(
    "first", [BELLS, replace(BELLS, decide=hold_and_decide)], ids=["theirs", "theirs-and-ours"]
)
def test_a_finalizer_that_another_manager_owns_is_released(first: BellPart) -> None:
    """Flagger wrote its finalizer by an update, and we may have put the same one there, too."""
    world = a_world(OURS, manager="flagger")
    with Simulation(world, [first]) as simulation:
        simulation.settle()

    with Simulation(world, [replace(BELLS, decide=letting_go)]) as simulation:
        world.store.delete(BELL, BIG)
        simulation.settle()

    assert world.store.get(BELL, BIG) is None


def test_a_finalizer_is_released_from_a_living_object_too_and_its_status_is_written() -> None:
    world = a_world(OURS, THEIRS, manager="flagger")
    with Simulation(world, [replace(BELLS, decide=letting_go)]) as simulation:
        simulation.settle()

    bell = world.store.get(BELL, BIG)
    assert bell is not None
    assert bell["metadata"]["finalizers"] == [THEIRS]
    assert condition_of(bell["status"], "Ready")["message"] == "let go"
    assert world.requests["bells", "patch", "bells.toy.flagger.app"] == 1


def test_a_finalizer_put_there_meanwhile_is_not_lost() -> None:
    world = a_world(OURS)
    seen = world.store.get(BELL, BIG)
    assert seen is not None
    world.store.patch(BELL, BIG, {"metadata": {"finalizers": [OURS, THEIRS]}})

    with pytest.raises(Conflict):
        asyncio.run(WorldCluster(world, "bells").release(seen, OURS, manager="flagger-bells"))

    bell = world.store.get(BELL, BIG)
    assert bell is not None
    assert bell["metadata"]["finalizers"] == [OURS, THEIRS]


def play(part: BellPart, done: Callable[[Scene], bool], **options: Any) -> bool:
    """Run *part* on a served bell that Flagger held and somebody deleted, until *done*."""

    async def whole() -> bool:
        async with scene(**options) as stage:
            bell = a_bell()
            bell["metadata"]["finalizers"] = [OURS]
            stage.store.create(bell, "flagger")
            async with controllers(stage, [part]):
                await stage.until(lambda: stage.ready("big"))
                stage.store.delete(BELL, BIG)
                await stage.until(lambda: done(stage))
        return True

    return asyncio.run(whole())


def gone(stage: Scene) -> bool:
    return stage.store.get(BELL, BIG) is None


def release_when_deleted(subject: BellSubject, _seen: Seen) -> Decision[BellStatus]:
    actions = (Release(),) if subject.deleting else ()
    return Decision(subject.status, conditions.ready("rings"), actions)


def test_our_client_takes_off_what_flagger_put_there() -> None:
    part = replace(BELLS, decide=release_when_deleted)

    assert play(part, gone, min_retry_delay_s=900.0)


def test_the_deadline_is_reached_however_long_the_pause_after_a_failure() -> None:
    part = replace(blind(Unavailable("is down")), lets_go_after=lambda _: 1.5)

    assert play(part, gone, min_retry_delay_s=900.0)
