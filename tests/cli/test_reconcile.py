"""A request to look again: who is asked how, when it counts as handled, and what is said then."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from flagger_cli.reconciling import Request, Rest, handled, rest
from flagger_py.subject import FORCE_AT, REQUESTED_AT, RESET_AT
from flagger_py.testing.build import a_canary
from flagger_py.testing.history import Change
from flagger_rollout.api import KIND as CANARY

from .bed import APP, Bed, initialised
from .calling import call

Status = dict[str, Any]
PAUSE_S = 0.3
"""Between two answers: long enough for the first to be seen by itself."""
READY = {"type": "Ready", "status": "True", "message": "all is well"}
STALLED = {"type": "Stalled", "status": "True", "message": "no good"}
RECONCILING = {"type": "Reconciling", "status": "True", "message": "at 20%"}
UNREADY = {"type": "Ready", "status": "Unknown", "message": "at 20%"}


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with initialised(tmp_path) as made:
        yield made


def _seen(*conditions: Mapping[str, str], **meta: Any) -> dict[str, Any]:
    status = {"observedGeneration": 1, "conditions": list(conditions)}
    return a_canary(metadata={"generation": 1, **meta}, status=status)


def _controller(bed: Bed, *answers: tuple[Mapping[str, str], ...]) -> Callable[[], None]:
    """Stand in for the controller: handle a request by these conditions, one set after another."""

    def write(left: tuple[tuple[Mapping[str, str], ...], ...]) -> None:
        token = bed.canary["metadata"]["annotations"][REQUESTED_AT]
        status: Status = {"lastHandledReconcileAt": token, "conditions": list(left[0])}
        bed.store.set_status(CANARY, APP, {**bed.status, **status}, "controller")
        if left[1:]:
            asyncio.get_running_loop().call_later(PAUSE_S, write, left[1:])

    def heard(change: Change) -> None:
        asked = (change.object["metadata"].get("annotations") or {}).get(REQUESTED_AT)
        if asked and change.kind == CANARY and asked not in told:
            told.add(asked)
            asyncio.get_running_loop().call_soon(write, answers)

    told: set[str] = set()
    return bed.store.listen(heard)


def test_the_controllers_repeat_what_was_annotated(bed: Bed) -> None:
    result = bed.call("reconcile", "canary", "test/app", "--timeout", "200ms")
    bed.four.simulation.run_for(5)

    token = bed.canary["metadata"]["annotations"][REQUESTED_AT]
    assert bed.status["lastHandledReconcileAt"] == token
    assert handled(bed.canary, token)
    assert result.exit_code == 1


def test_what_nobody_looked_at_is_said_to_be_so(bed: Bed) -> None:
    result = bed.call("reconcile", "canary", "test/app", "--timeout", "200ms")

    assert "asked for a reconciliation" in result.stdout
    assert "nobody looked at Canary test/app within 200ms" in result.stderr


def test_a_ready_object_ends_the_command(bed: Bed) -> None:
    _controller(bed, (READY,))

    result = bed.call("-n", "test", "reconcile", "cd", "app", "--timeout", "10s")

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1] == "Canary test/app: ready: all is well"


def test_what_is_under_way_is_waited_for(bed: Bed) -> None:
    _controller(bed, (RECONCILING, UNREADY), (READY,))

    result = bed.call("reconcile", "canary", "test/app", "--timeout", "10s")

    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[1:] == [
        "Canary test/app: looked at, it is under way: at 20%",
        "Canary test/app: ready: all is well",
    ]


def test_what_is_under_way_is_not_waited_for_when_nobody_wants_to(bed: Bed) -> None:
    _controller(bed, (RECONCILING, UNREADY))

    result = bed.call("reconcile", "canary", "test/app", "--no-wait", "--timeout", "10s")

    assert result.exit_code == 0, result.output
    assert "looked at; Ready is Unknown: at 20%" in result.stdout


def test_what_stays_under_way_is_no_success(bed: Bed) -> None:
    _controller(bed, (RECONCILING, UNREADY))

    result = bed.call("reconcile", "canary", "test/app", "--timeout", "500ms")

    assert result.exit_code == 1
    assert "was looked at and is under way after 500ms: at 20%" in result.stderr


def test_a_stalled_object_is_no_success(bed: Bed) -> None:
    _controller(bed, (STALLED,))

    result = bed.call("reconcile", "canary", "test/app", "--timeout", "10s")

    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "Canary test/app: not ready: no good"


def test_a_suspended_object_is_refused_and_left_as_it_was(bed: Bed) -> None:
    bed.call("pause", "test/app")

    result = bed.call("reconcile", "canary", "test/app", "--timeout", "10s")

    assert result.exit_code == 1
    assert "Canary test/app is suspended; flagger-py resume test/app comes first" in result.stderr
    assert REQUESTED_AT not in (bed.canary["metadata"].get("annotations") or {})


def test_a_missing_object_is_an_error_that_says_how_to_find_others(bed: Bed) -> None:
    result = bed.call("reconcile", "gate", "test/none")

    assert result.exit_code == 1
    assert "there is no Gate test/none; flagger-py get gates -A" in result.stderr


def test_an_object_that_goes_meanwhile_is_not_waited_for(bed: Bed) -> None:
    def heard(change: Change) -> None:
        if REQUESTED_AT in (change.object["metadata"].get("annotations") or {}):
            stop()
            asyncio.get_running_loop().call_soon(lambda: bed.store.delete(CANARY, APP))

    stop = bed.store.listen(heard)

    result = bed.call("reconcile", "canary", "test/app", "--timeout", "10s")

    assert result.exit_code == 1
    assert "Canary test/app was deleted before it was looked at" in result.stderr


def test_a_timeout_that_is_none_is_refused() -> None:
    result = call("reconcile", "canary", "test/app", "--timeout", "soon")

    assert result.exit_code == 2
    assert "--timeout: 'soon' is no duration" in result.stderr


def test_an_object_without_its_kind_is_a_misuse() -> None:
    result = call("reconcile", "podinfo")

    assert result.exit_code == 2
    assert "missing argument 'NAMESPACE/NAME'" in result.stderr


def test_a_wish_has_the_value_of_its_request() -> None:
    """Flux's rule: forceAt and resetAt count only where they equal requestedAt."""
    annotations = Request("t1", force=True, reset=True).patch["metadata"]["annotations"]

    assert annotations == {REQUESTED_AT: "t1", FORCE_AT: "t1", RESET_AT: "t1"}
    assert Request("t1").patch == {"metadata": {"annotations": {REQUESTED_AT: "t1"}}}


@pytest.mark.parametrize(
    ("answered", "asked", "counts"),
    [("t1", "t1", True), ("t2", "t2", True), ("t0", "t1", False), (None, "t1", False)],
    ids=["ours", "one after it", "one before it", "none"],
)
def test_a_request_is_handled_by_its_own_answer_or_a_later_one(
    answered: str | None, asked: str, counts: bool
) -> None:
    status = {"lastHandledReconcileAt": answered} if answered else {}
    canary = a_canary(metadata={"annotations": {REQUESTED_AT: asked}}, status=status)

    assert handled(canary, "t1") is counts


@pytest.mark.parametrize(
    ("manifest", "expected"),
    [
        (_seen(READY), Rest(True, "all is well")),
        (_seen(STALLED, {**READY, "status": "False"}), Rest(False, "no good")),
        (_seen(RECONCILING, {**READY, "status": "True"}), None),
        (_seen({**READY, "status": "False"}), None),
        (_seen(READY, generation=2), None),
        (
            _seen(READY, deletionTimestamp="2026-03-01T12:00:00Z"),
            Rest(False, "it is being deleted"),
        ),
    ],
    ids=["ready", "stalled", "reconciling", "not ready", "an older generation", "deleted"],
)
def test_an_object_is_at_rest_as_kstatus_says(
    manifest: dict[str, Any], expected: Rest | None
) -> None:
    assert rest(manifest) == expected
