"""An error that nobody foresaw is the trouble of one object, and its status says so."""

import asyncio
import logging
from dataclasses import replace
from typing import Any, NoReturn

import pytest

from flagger_py.contracts import condition_of
from flagger_py.decision import Decision
from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site
from flagger_py.testing import Simulation, World
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.served import custom
from tests.kernel.served import controllers, scene
from tests.kernel.test_letting_go import BellPart
from tests.kernel.toy import BELL, BELLS, BellStatus, BellSubject, Seen, a_bell, decide, observe

SECRET = "token=secret"


async def observe_badly(subject: BellSubject, site: Site) -> Seen:
    if subject.name == "cracked":
        raise ZeroDivisionError(SECRET)
    return await observe(subject, site)


def decide_badly(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
    if subject.name == "cracked":
        raise ZeroDivisionError(SECRET)
    return decide(subject, seen)


@pytest.mark.parametrize(
    "part",
    [replace(BELLS, observe=observe_badly), replace(BELLS, decide=decide_badly)],
    ids=["observe", "decide"],
)
def test_an_error_nobody_foresaw_is_said_of_its_object_and_stops_no_other(
    part: BellPart, caplog: pytest.LogCaptureFixture
) -> None:
    async def act() -> dict[str, Any]:
        async with scene(identity="pod-1") as stage, controllers(stage, [part]):
            stage.store.create(a_bell("cracked"))
            stage.store.create(a_bell("sound", sound="dong"))
            await stage.until(lambda: stage.status("sound").get("sound") == "dong")
            await stage.until(lambda: stage.ready("cracked"))
            return stage.status("cracked")

    with caplog.at_level(logging.ERROR, "flagger_py.runtime.worker"):
        status = asyncio.run(act())

    ready = condition_of(status, "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "InternalError")
    for word in ("ZeroDivisionError", "flagger-bells", "pod-1", "a fault of the controller"):
        assert word in ready["message"]
    assert SECRET not in ready["message"]
    assert condition_of(status, "Reconciling")["status"] == "True"
    assert SECRET in caplog.text


def test_it_is_said_once_and_forgotten_when_it_is_over() -> None:
    broken = [True]

    def sometimes(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
        if broken[0]:
            raise ZeroDivisionError
        return decide(subject, seen)

    async def act() -> tuple[int, str]:
        async with scene(min_retry_delay_s=0.01, max_retry_delay_s=0.01) as stage:
            async with controllers(stage, [replace(BELLS, decide=sometimes)]):
                stage.store.create(a_bell(sound="dong"))
                await stage.until(lambda: stage.ready("big"))
                await asyncio.sleep(0.1)
                said = stage.asked("patch", "bells.toy.flagger.app/status")
                broken[0] = False
                await stage.until(lambda: stage.ready("big").get("status") == "True")
            return said, str(stage.ready("big")["reason"])

    assert asyncio.run(act()) == (1, "ReconciliationSucceeded")


def test_the_world_still_raises_it() -> None:
    """A test of a controller must see the error itself."""

    def explode(_subject: BellSubject, _seen: Seen) -> NoReturn:
        raise ZeroDivisionError("boom")

    world = World(kinds=[custom(BELL, default=unobserved)])
    world.store.create(a_bell())

    with (
        pytest.raises(ZeroDivisionError, match="boom"),
        Simulation(world, [replace(BELLS, decide=explode)]) as simulation,
    ):
        simulation.run_for(10)
    found = world.store.get(BELL, Key("test", "big"))
    assert found is not None
    assert condition_of(found["status"], "Ready")["reason"] == "InternalError"


def test_a_deleted_object_is_let_go_in_time_although_the_controller_is_at_fault() -> None:
    async def act() -> bool:
        part = replace(BELLS, decide=decide_badly, lets_go_after=lambda _: 0.0)
        async with scene(min_retry_delay_s=0.01) as stage, controllers(stage, [part]):
            bell = a_bell("cracked")
            bell["metadata"]["finalizers"] = [BELLS.finalizer]
            stage.store.create(bell)
            stage.store.delete(BELL, Key("test", "cracked"))
            await stage.until(lambda: stage.store.get(BELL, Key("test", "cracked")) is None)
        return True

    assert asyncio.run(act())
