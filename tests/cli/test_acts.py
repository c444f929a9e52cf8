"""What a person says to a release, on the whole toolkit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flagger_gating.api import GATE
from flagger_gating.manual import APPROVE
from flagger_py.refs import Key
from flagger_rollout.api import KIND as CANARY

from .bed import APP, NAMESPACE, USER, Bed, initialised


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with initialised(tmp_path) as made:
        yield made


def test_a_promoted_release_succeeds_before_its_analysis_is_complete(bed: Bed) -> None:
    bed.release(2)

    result = bed.call("promote", "test/app")
    bed.until(lambda status: status["phase"] in ("Succeeded", "Failed"))

    assert result.exit_code == 0, result.output
    assert bed.status["phase"] == "Succeeded"
    assert not any("weight 60" in event["message"] for event in bed.events("Advanced"))


def test_a_release_that_is_told_to_goes_back(bed: Bed) -> None:
    bed.release(2)

    result = bed.call("-n", "test", "rollback", "app")
    bed.until(lambda status: status["phase"] in ("Succeeded", "Failed"))

    assert result.exit_code == 0, result.output
    assert bed.status["phase"] == "Failed"


@pytest.mark.parametrize(("command", "verb"), [("promote", "promote"), ("rollback", "roll back")])
def test_without_a_release_under_way_a_command_is_refused(
    bed: Bed, command: str, verb: str
) -> None:
    result = bed.call(command, "test/app")

    assert result.exit_code == 1
    told = f"Canary test/app is Initialized: no release is under way to {verb}; "
    assert told in result.stderr
    assert bed.canary["metadata"].get("annotations") is None


def test_every_deed_is_recorded_with_the_name_that_the_kubeconfig_claims(bed: Bed) -> None:
    bed.release(2)
    bed.call("rollback", "test/app")

    (event,) = bed.events("RollbackCommanded")

    assert event["message"].startswith("facade (as the kubeconfig says) asked to roll back")
    assert event["involvedObject"]["kind"] == "Canary"
    assert event["involvedObject"]["uid"] == bed.canary["metadata"]["uid"]


def test_a_paused_release_stays_where_it_is_until_it_is_resumed(bed: Bed) -> None:
    bed.release(2)
    weight = bed.status["canaryWeight"]

    paused = bed.call("pause", "test/app")
    bed.four.simulation.run_for(60)
    held = bed.status["canaryWeight"]
    resumed = bed.call("resume", "test/app")
    bed.until(lambda status: status["phase"] == "Succeeded")

    assert (paused.exit_code, resumed.exit_code) == (0, 0)
    assert held == weight


def test_after_resuming_nobody_owns_the_field(bed: Bed) -> None:
    """Whoever sets spec.suspend next, fights nobody."""
    bed.call("pause", "test/app")
    bed.call("resume", "test/app")

    assert "suspend" not in bed.canary["spec"]


def test_resuming_overrules_whoever_suspended(bed: Bed) -> None:
    bed.store.patch(CANARY, APP, {"spec": {"suspend": True}}, USER)

    bed.call("resume", "test/app")

    assert not bed.canary["spec"].get("suspend")


def test_pausing_twice_does_nothing_the_second_time(bed: Bed) -> None:
    bed.call("pause", "test/app")

    result = bed.call("pause", "test/app")

    assert result.exit_code == 0
    assert "nothing to do: it is paused already" in result.stdout
    assert len(bed.events("PauseCommanded")) == 1


def test_what_flux_would_put_back_is_noted(bed: Bed) -> None:
    labels = {"kustomize.toolkit.fluxcd.io/name": "apps"}
    bed.store.patch(CANARY, APP, {"metadata": {"labels": labels}}, USER)

    result = bed.call("pause", "test/app")

    assert "note: Kustomization apps manages it" in result.stderr


def test_a_missing_canary_is_an_error_that_says_how_to_find_others(bed: Bed) -> None:
    result = bed.call("pause", "test/none")

    assert result.exit_code == 1
    assert "there is no Canary test/none; flagger-py get canaries -A" in result.stderr


def test_a_gate_that_belongs_to_no_canary_is_approved_by_its_own_name(bed: Bed) -> None:
    _manual_gate(bed, "go", token=None)

    result = bed.call("approve", "test/go")
    bed.four.simulation.run_for(5)

    assert result.exit_code == 0, result.output
    gate = bed.get(GATE, Key(NAMESPACE, "go"))
    assert gate["status"]["answer"]["value"] == "Approved"
    assert gate["status"]["answer"]["by"] == "facade"
    assert [e["involvedObject"]["kind"] for e in bed.events("ApprovalCommanded")] == ["Gate"]


def test_an_approval_is_about_the_run_that_is_asked_for(bed: Bed) -> None:
    _manual_gate(bed, "go", token="t1")

    bed.call("approve", "test/go")

    annotations = bed.get(GATE, Key(NAMESPACE, "go"))["metadata"]["annotations"]
    assert annotations[APPROVE] == "t1 by facade"


def test_the_only_gate_that_waits_is_the_one_that_is_approved(tmp_path: Path) -> None:
    ref = {"apiVersion": GATE.api_version, "kind": "Gate", "name": "go"}
    with initialised(tmp_path, spec={"analysis": {"gateRefs": [ref]}}) as bed:
        _manual_gate(bed, "go", token=None)

        result = bed.call("approve", "test/app")

        assert "Gate test/go: approved" in result.stdout, result.output


def test_a_canary_without_a_waiting_gate_has_nothing_to_approve(bed: Bed) -> None:
    result = bed.call("approve", "test/app")

    assert result.exit_code == 1
    assert "no Gate of Canary app waits for a person" in result.stderr


def _manual_gate(bed: Bed, name: str, token: str | None) -> None:
    spec = {"question": {"manual": {}}, **({"run": {"token": token}} if token else {})}
    metadata = {"name": name, "namespace": NAMESPACE}
    bed.store.create(
        {"apiVersion": GATE.api_version, "kind": "Gate", "metadata": metadata, "spec": spec}, USER
    )
    bed.four.simulation.run_for(5)
