"""A switch or a window that several Canaries refer to: each reads it, none takes it over."""

import copy
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_gating.api import GATE
from flagger_gating.manual import APPROVE
from flagger_py.contracts import condition_of, status_of
from flagger_py.egress import Request, Response
from flagger_py.refs import DEPLOYMENT, Key, Kind
from flagger_py.testing import build
from flagger_py.testing.conformance import violations
from flagger_py.wire import Manifest
from flagger_rollout.api import KIND as CANARY

from .test_shared_objects import a_canary, stalled

SWITCH = Key("test", "releases")
BOTH = ("one", "two")


def live(four: Four, kind: Kind, name: str) -> Manifest:
    found = four.world.store.get(kind, Key("test", name))
    assert found is not None
    return found


def phases(four: Four) -> list[str]:
    return [live(four, CANARY, name)["status"]["phase"] for name in BOTH]


def annotate(four: Four, value: str | None) -> None:
    patch = {"metadata": {"annotations": {APPROVE: value}}}
    four.world.store.patch(GATE, SWITCH, patch, "kubectl")


def two_releases_behind(four: Four, question: Mapping[str, Any], **spec: Any) -> None:
    """Let two Canaries refer to one Gate without a run, and push to both."""
    store = four.world.store
    store.create(
        {
            "apiVersion": GATE.api_version,
            "kind": GATE.kind,
            "metadata": {"name": SWITCH.name, "namespace": SWITCH.namespace},
            "spec": {"question": question},
        }
    )
    reference = {"apiVersion": GATE.api_version, "kind": GATE.kind, "name": SWITCH.name}
    for name in BOTH:
        store.create(build.a_deployment(name))
        canary = a_canary(name, **spec)
        canary["spec"]["analysis"]["gateRefs"] = [reference]
        store.create(canary)
    four.simulation.run_for(60)
    for name in BOTH:
        pushed = copy.deepcopy(dict(live(four, DEPLOYMENT, name)))
        pushed["spec"]["template"]["metadata"]["annotations"] = {"pushed": "1"}
        store.update(pushed)
    four.simulation.run_for(60)


def untouched(four: Four) -> bool:
    gate = live(four, GATE, SWITCH.name)
    written = {m["manager"] for m in gate["metadata"]["managedFields"]}
    return "run" not in gate["spec"] and not any("rollout" in manager for manager in written)


def test_a_switch_holds_two_releases_until_it_is_opened() -> None:
    with Four() as four:
        two_releases_behind(four, {"manual": {}})

        closed = live(four, GATE, SWITCH.name)
        assert condition_of(status_of(closed), "Open")["status"] == "False"
        assert violations(closed, at_rest=True) == ()
        assert phases(four) == ["Progressing", "Progressing"]
        assert [stalled(four, name) for name in BOTH] == [("", "")] * 2

        annotate(four, "open by Ann")
        four.simulation.run_for(600)

        assert phases(four) == ["Succeeded", "Succeeded"]
        assert untouched(four)


def test_a_switch_that_is_closed_midway_holds_what_is_in_force() -> None:
    with Four() as four:
        two_releases_behind(four, {"manual": {}})
        annotate(four, "open by Ann")
        four.simulation.run_until(
            lambda: all(live(four, CANARY, n)["status"]["canaryWeight"] > 0 for n in BOTH), 120
        )

        annotate(four, "close by Ann")
        four.simulation.run_for(30)
        weights = [live(four, CANARY, name)["status"]["canaryWeight"] for name in BOTH]
        four.simulation.run_for(300)

        assert phases(four) == ["Progressing", "Progressing"]
        assert [live(four, CANARY, n)["status"]["canaryWeight"] for n in BOTH] == weights
        assert untouched(four)


def test_office_hours_hold_two_releases_until_they_begin() -> None:
    with Four() as four:
        opens = four.world.clock() + timedelta(minutes=10)
        schedule = f"{opens.minute} {opens.hour} * * *"
        two_releases_behind(four, {"window": {"schedule": schedule, "duration": "2h"}})
        assert phases(four) == ["Progressing", "Progressing"]

        four.simulation.run_for(1500)

        assert phases(four) == ["Succeeded", "Succeeded"]
        assert untouched(four)


def test_a_switch_whose_controller_comes_late_is_not_taken_over() -> None:
    """A Gate that nobody has looked at yet is none that waits to be asked."""
    with Four() as four:
        four.simulation.stop("gating")
        two_releases_behind(four, {"manual": {}}, progressDeadlineSeconds=600)
        assert phases(four) == ["Progressing", "Progressing"]

        four.simulation.start("gating")
        annotate(four, "open by Ann")
        four.simulation.run_for(600)

        assert phases(four) == ["Succeeded", "Succeeded"]
        assert untouched(four)


def test_a_webhook_gate_that_waits_for_its_asker_is_asked_by_its_one_canary() -> None:
    async def approve(request: Request) -> Response:
        return Response(200)

    with Four(servers={"approvals.test": approve}) as four:
        two_releases_behind(four, {"webhook": {"url": "http://approvals.test/gate"}})

        reasons = sorted(stalled(four, name)[0] for name in BOTH)
        assert reasons == ["", "AskedByAnother"]
        assert "run" in live(four, GATE, SWITCH.name)["spec"]
