"""A CustomResourceDefinition that is older than the controller is told, and not hammered at."""

import asyncio
import logging
from dataclasses import replace
from typing import Any

import pytest

from flagger_py.contracts import condition_of
from flagger_py.errors import Conflict, FlaggerError, SpecError, Unavailable
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.runtime.definitions import pruned, refuses_status
from flagger_py.runtime.refusals import Ask, refusal
from flagger_py.testing import Served, Simulation, World
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.served import custom
from tests.kernel.served import Scene, controllers, scene
from tests.kernel.toy import BELL, BELLS, a_bell

BIG = Key("test", "big")
REMEDY = "flagger-py crds | kubectl apply --server-side -f -"
Json = dict[str, Any]


def knows_no_sound(_before: Json | None, now: Json) -> tuple[str, ...]:
    unknown = "sound" in (now.get("status") or {})
    return ("status.sound: Invalid value: not in the schema",) if unknown else ()


def without_sound(manifest: Json) -> Json:
    found = unobserved(manifest)
    status = {k: v for k, v in (found.get("status") or {}).items() if k != "sound"}
    return {**found, "status": status}


REFUSING = replace(custom(BELL, default=unobserved), validate=knows_no_sound)
PRUNING = custom(BELL, default=without_sound)


@pytest.mark.parametrize("served", [REFUSING, PRUNING], ids=["refused", "pruned"])
def test_a_definition_that_lacks_a_field_is_told_in_the_status(served: Served) -> None:
    world = World(kinds=[served])
    world.store.create(a_bell())

    with Simulation(world, [BELLS]) as simulation:
        simulation.run_for(900)

    bell = world.store.get(BELL, BIG)
    assert bell is not None
    ready = condition_of(bell["status"], "Ready")
    assert (ready["status"], ready["reason"]) == ("False", "DefinitionTooOld")
    assert "CustomResourceDefinition of Bell is older than this controller" in ready["message"]
    assert "status.sound" in ready["message"]
    assert REMEDY in ready["message"]
    assert condition_of(bell["status"], "Reconciling")["reason"] == "ProgressingWithRetry"
    # Ten retries or so in a quarter of an hour, each two writes at most.
    assert world.requests["bells", "apply", "bells.toy.flagger.app/status"] <= 24


def test_a_definition_that_is_brought_up_to_date_ends_it() -> None:
    world = World(kinds=[REFUSING])
    world.store.create(a_bell())
    with Simulation(world, [BELLS]) as simulation:
        simulation.run_for(60)
        world.store.register(custom(BELL, default=unobserved))
        simulation.settle()

    bell = world.store.get(BELL, BIG)
    assert bell is not None
    assert condition_of(bell["status"], "Ready")["status"] == "True"


def test_a_status_from_before_is_kept_under_a_definition_that_refuses_the_next() -> None:
    world = World(kinds=[custom(BELL, default=unobserved)])
    world.store.create(a_bell(sound="dong"))
    with Simulation(world, [BELLS]) as simulation:
        simulation.settle()

        def no_dang(_before: Json | None, now: Json) -> tuple[str, ...]:
            refused = (now.get("status") or {}).get("sound") == "dang"
            return ("status.sound: Invalid value",) if refused else ()

        world.store.register(replace(custom(BELL, default=unobserved), validate=no_dang))
        world.store.patch(BELL, BIG, {"spec": {"sound": "dang"}})
        simulation.run_for(60)

    bell = world.store.get(BELL, BIG)
    assert bell is not None
    assert bell["status"]["sound"] == "dong"
    assert condition_of(bell["status"], "Ready")["reason"] == "DefinitionTooOld"


def test_a_definition_without_a_status_is_told_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def whole() -> tuple[str, int]:
        async with scene() as stage:
            stage.store.register(custom(BELL, status=False))
            async with controllers(stage, [BELLS]):
                stage.store.create(a_bell())
                await told(stage)
                await asyncio.sleep(0)
            return caplog.text, stage.asked("patch", "bells.toy.flagger.app/status")

    async def told(stage: Scene) -> None:
        async with asyncio.timeout(10):
            while "older than" not in caplog.text:
                await asyncio.sleep(0.01)
        assert not stage.ready("big")

    with caplog.at_level(logging.INFO, "flagger_py"):
        text, asked = asyncio.run(whole())

    assert "Bell is older than this controller (it has no subresource status)" in text
    assert REMEDY in text
    assert asked <= 2


@pytest.mark.parametrize(
    ("code", "message", "old"),
    [
        pytest.param(
            500,
            "failed to create typed patch object (a/b; c, Kind=D): .status.x: field not declared "
            "in schema",
            True,
            id="undeclared",
        ),
        pytest.param(400, 'strict decoding error: unknown field "status.x"', True, id="strict"),
        pytest.param(422, "status.x: Invalid value", True, id="invalid"),
        pytest.param(500, "etcdserver: request timed out", False, id="server-fault"),
        pytest.param(503, "apiserver is shutting down", False, id="down"),
        pytest.param(403, "no", False, id="denied"),
        pytest.param(409, "modified", False, id="conflict"),
    ],
)
def test_a_refused_status_is_told_from_other_faults(code: int, message: str, old: bool) -> None:
    error = refusal(code, {"message": message}, Ask("patch", DEPLOYMENT, BIG))

    assert refuses_status(error) is old


@pytest.mark.parametrize(
    "error",
    [Conflict("is gone"), SpecError("denied", reason="AccessDenied"), Unavailable("is down")],
    ids=["conflict", "denied", "down"],
)
def test_other_faults_are_none_of_the_definition(error: FlaggerError) -> None:
    assert not refuses_status(error)


@pytest.mark.parametrize(
    ("wanted", "stored", "lost"),
    [
        ({"a": 1}, {"a": 1, "b": 2}, ""),
        ({"a": 1}, {}, "status.a"),
        ({"a": False}, {}, "status.a"),
        ({"a": {}, "b": [], "c": None}, {}, ""),
        ({"a": {"b": "x"}}, {"a": {"c": "x"}}, "status.a.b"),
        ({"a": [{"b": 1}, {"c": 1}]}, {"a": [{"b": 1}, {}]}, "status.a[1].c"),
        ({"a": "2"}, {"a": "1"}, ""),
    ],
    ids=["all", "none", "false", "empty", "deep", "in-a-list", "another-value"],
)
def test_what_was_pruned_is_found_by_its_path(wanted: Json, stored: Json, lost: str) -> None:
    assert pruned(wanted, stored) == lost
