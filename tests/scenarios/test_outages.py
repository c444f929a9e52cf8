"""What becomes of a release while a controller is down: no wait is endless, none counts absence."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing import build
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import METRIC_ANALYSIS, TRAFFIC_ROUTE

KEY = Key("test", "app")
PARTS = ("rollout", "routing", "gating", "metrics")
DEADLINE_S = 60
ROLLBACK_S = 8.0
"""A rollback takes less, and the next check of a release comes later."""


@contextmanager
def asked() -> Iterator[Four]:
    """Run a release until its first question is acknowledged, and not answered yet."""
    canary = build.a_canary()
    canary["spec"]["progressDeadlineSeconds"] = DEADLINE_S
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment())
        store.create(canary)
        four.simulation.run_until(lambda: status(four).get("phase") == "Initialized", 600)
        target = dict(store.get(DEPLOYMENT, KEY) or {})
        template = {**target["spec"]["template"], "metadata": {"labels": {"app": "app", "v": "2"}}}
        store.update({**target, "spec": {**target["spec"], "template": template}})
        four.simulation.run_until(lambda: acknowledged(four), 600)
        yield four


def acknowledged(four: Four) -> bool:
    analysis = four.world.store.get(METRIC_ANALYSIS, KEY) or {}
    run, found = analysis.get("spec", {}).get("run"), analysis.get("status", {})
    return run is not None and (found.get("run"), found.get("verdict")) == (run["token"], "Pending")


def status(four: Four) -> dict[str, Any]:
    return dict((four.world.store.get(CANARY, KEY) or {}).get("status") or {})


def suspend(four: Four, suspended: bool) -> None:
    canary = dict(four.world.store.get(CANARY, KEY) or {})
    four.world.store.update({**canary, "spec": {**canary["spec"], "suspend": suspended}})


def canary_share(four: Four) -> int:
    route = four.world.store.get(TRAFFIC_ROUTE, KEY)
    assert route is not None
    return int(route["status"]["inForce"]["split"]["canary"])


def test_a_verdict_that_never_comes_ends_the_release() -> None:
    """Whoever acknowledged the question is gone for good: after the deadline users go back."""
    with asked() as four:
        four.simulation.stop("metrics")

        four.simulation.run_until(lambda: status(four)["phase"] == "Failed", 600)

        told = status(four)["progress"]["decision"]["sentence"]
        assert "has given no verdict for 60s, the progress deadline" in told
        assert canary_share(four) == 0


def test_a_verdict_that_comes_late_is_waited_for() -> None:
    with asked() as four:
        four.simulation.stop("metrics")
        four.simulation.run_for(DEADLINE_S - 10)

        four.simulation.start("metrics")
        four.simulation.run_until(lambda: not acknowledged(four), 60)
        four.simulation.run_for(ROLLBACK_S)

        assert status(four)["phase"] == "Progressing"


def test_an_outage_of_all_controllers_ends_no_release() -> None:
    """The verdict is an hour late, and nobody was there to give or to miss it."""
    with asked() as four:
        for part in PARTS:
            four.simulation.stop(part)
        four.simulation.run_for(3600)

        for part in PARTS:
            four.simulation.start(part)
        four.simulation.run_until(lambda: not acknowledged(four), 60)
        four.simulation.run_for(ROLLBACK_S)

        assert status(four)["phase"] == "Progressing"


def test_a_suspension_ends_no_release() -> None:
    """What was due meanwhile was owed by nobody, also where the verdict comes a little later."""
    with asked() as four:
        suspend(four, True)
        four.simulation.run_for(3600)
        four.simulation.stop("metrics")

        suspend(four, False)
        four.simulation.run_for(ROLLBACK_S)
        meanwhile = status(four)["phase"]
        four.simulation.start("metrics")
        four.simulation.run_until(lambda: not acknowledged(four), 60)

        assert (meanwhile, status(four)["phase"]) == ("Progressing", "Progressing")
