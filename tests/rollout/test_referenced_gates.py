"""Which referenced gates a Canary asks by token, and which it only reads: by shape alone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from flagger_rollout import asking, judging
from flagger_rollout.sight import Child

from .scene import Scene

OPENED = {"type": "Open", "status": "True", "reason": "R"}
CLOSED = {"type": "Open", "status": "False", "reason": "R"}
UNDECIDED = {"type": "Open", "status": "Unknown", "reason": "NotAsked"}


def a_gate(
    spec: Mapping[str, Any], *conditions: Mapping[str, Any], **status: Any
) -> dict[str, Any]:
    """Return an object of generation 2 that says *conditions*."""
    said = {"conditions": list(conditions)} if conditions else {}
    return {
        "apiVersion": "example.com/v1",
        "kind": "Permit",
        "metadata": {"name": "app", "namespace": "test", "generation": 2},
        "spec": dict(spec),
        "status": {**said, **status},
    }


@pytest.mark.parametrize(
    ("gate", "asked"),
    [
        (a_gate({}), True),
        (a_gate({}, observedGeneration=2), True),
        (a_gate({}, UNDECIDED, observedGeneration=2), True),
        (a_gate({}, OPENED, observedGeneration=2), False),
        (a_gate({}, CLOSED, observedGeneration=2), False),
        (a_gate({}, CLOSED), False),
        (a_gate({}, CLOSED, observedGeneration=2, run={"polls": 1}), False),
        (a_gate({}, CLOSED, observedGeneration=2, run={"token": "t"}), True),
        (a_gate({}, CLOSED, observedGeneration=1), False),
        (a_gate({}, observedGeneration=-1), False),
        (a_gate({"interval": "10s"}, UNDECIDED, observedGeneration=2), False),
        (a_gate({"run": {"token": "t"}}, OPENED, observedGeneration=2), True),
        (a_gate({"run": {"token": "t"}}, observedGeneration=-1), True),
    ],
    ids=[
        "no status at all",
        "looked at without a word",
        "not asked yet",
        "open by itself",
        "closed by itself",
        "closed by itself, counting no versions",
        "polled for nobody",
        "an answer to somebody's token",
        "its controller has not looked at this version",
        "its controller has not looked at it at all",
        "asks by itself",
        "has a run",
        "has a run that nobody looked at",
    ],
)
def test_a_gate_is_asked_by_token_unless_it_speaks_by_itself(
    gate: dict[str, Any], asked: bool
) -> None:
    scene = Scene()
    scene.manifest["spec"]["analysis"]["webhooks"] = []
    case = replace(
        scene.case, seen=replace(scene.seen, foreign_gates=(Child("app", "Permit", gate),))
    )

    assert bool(judging.foreign_gate_runs(case)) is asked


@pytest.mark.parametrize(
    ("gate", "is_open"),
    [
        (a_gate({}, OPENED, observedGeneration=2), True),
        (a_gate({}, OPENED), True),
        (a_gate({"interval": "10s"}, OPENED, observedGeneration=2), True),
        (a_gate({"suspend": True}, OPENED, observedGeneration=1), True),
        (a_gate({}, OPENED, observedGeneration=1), False),
        (a_gate({}, CLOSED, observedGeneration=2), False),
        (a_gate({}, OPENED, observedGeneration=2, run={"token": "yesterday"}), False),
    ],
    ids=[
        "open",
        "open, counting no versions",
        "open, asking by itself",
        "open and suspended since",
        "open before it was edited",
        "closed",
        "open for another question",
    ],
)
def test_a_gate_that_speaks_by_itself_is_read(gate: dict[str, Any], is_open: bool) -> None:
    scene = Scene()
    case = replace(
        scene.case, seen=replace(scene.seen, foreign_gates=(Child("app", "Permit", gate),))
    )

    assert (judging.foreign_gates(case) is None) is is_open


@pytest.mark.parametrize(
    ("suspend", "advice"),
    [(True, "it is suspended, set its spec.suspend to false"), (False, "is the controller")],
    ids=["suspended", "without a controller"],
)
def test_a_silent_child_is_told_with_what_would_make_it_speak(suspend: bool, advice: str) -> None:
    gate = a_gate({"suspend": suspend, "run": {"token": "t"}}, observedGeneration=1)

    standing, _ = asking.waits_for_answer(
        Scene().case, Child("app", "Permit", gate, waited_s=30.0), "asking"
    )

    assert standing.reason == "NoAnswer"
    assert advice in standing.message
