"""What is noticed at rest: a new revision, its gate, one taken back, a primary that is gone."""

from dataclasses import replace
from typing import Any

import pytest

from flagger_rollout.decide import decide
from tests.rollout.scene import (
    Scene,
    a_canary,
    a_deployment,
    applied,
    gated,
    revision,
    said,
)


def at_rest(version: str, **fields: Any) -> Scene:
    """Return a Canary that promoted version 1 and whose target now holds *version*."""
    progress = {"revision": revision("1"), **fields.pop("progress", {})}
    return Scene(
        phase=fields.pop("phase", "Succeeded"),
        weight=0,
        tick=4,
        target=a_deployment(version, replicas=0),
        progress=progress,
        **fields,
    )


def test_nothing_new_writes_nothing_new() -> None:
    scene = at_rest("1")

    decision = scene.decide()

    assert decision.status == scene.status
    assert decision.requeue_after_s is None
    assert said(decision) == []


def test_a_new_revision_is_scaled_up_like_the_primary() -> None:
    scene = at_rest("2", primary=a_deployment("1", name="app-primary", replicas=4))

    decision = scene.decide()

    assert decision.status.phase == "Progressing"
    assert applied(decision.actions, "Deployment")[0]["spec"] == {"replicas": 4}
    assert said(decision) == ["New revision detected! Scaling up app.test"]


def test_a_rolled_back_revision_is_not_tried_again() -> None:
    scene = at_rest("2", phase="Failed", progress={"revision": revision("2")})

    decision = scene.decide()

    assert decision.status == scene.status
    assert decision.standing.stalled


def test_a_fix_after_a_rollback_is_never_lost() -> None:
    scene = at_rest("3", phase="Failed", progress={"revision": revision("2")})

    assert scene.decide().status.phase == "Progressing"


def test_the_same_push_counts_as_new_after_it_was_taken_back() -> None:
    """Flagger retries a revision once the target was reverted in between."""
    taken_back = at_rest("1", phase="Failed", progress={"revision": revision("2")}).decide()

    assert taken_back.status.progress is not None
    assert taken_back.status.progress.revision == revision("1")


def test_a_force_tries_a_rolled_back_revision_again() -> None:
    scene = at_rest("2", phase="Failed", progress={"revision": revision("2")})
    scene.manifest["metadata"]["annotations"] = {
        "reconcile.fluxcd.io/requestedAt": "now",
        "reconcile.fluxcd.io/forceAt": "now",
    }

    assert scene.decide().status.phase == "Progressing"


def forced(by: str = "forceAt") -> dict[str, str]:
    return {"reconcile.fluxcd.io/requestedAt": "now", f"reconcile.fluxcd.io/{by}": "now"}


def test_a_reset_tries_a_rolled_back_revision_again() -> None:
    scene = at_rest("2", phase="Failed", progress={"revision": revision("2")})
    scene.manifest["metadata"]["annotations"] = forced("resetAt")

    assert scene.decide().status.phase == "Progressing"


def test_a_force_outlives_the_question_before_the_rollout() -> None:
    """The annotation counts once, and the gate answers in a later pass."""
    scene = at_rest(
        "2", phase="Failed", manifest=gate_before_rollout(), progress={"revision": revision("2")}
    )
    scene.manifest["metadata"]["annotations"] = forced()
    first = scene.decide()
    assert first.status.phase == "Failed"
    assert first.status.progress is not None

    token = applied(first.actions, "Gate")[0]["spec"]["run"]["token"]
    scene.manifest["metadata"]["annotations"] = {}
    scene.progress = {"revision": revision("2"), "retry": first.status.progress.retry}
    scene.gates = {"gate": gated(token, "Approved")}

    decision = scene.decide()

    assert decision.status.phase == "Progressing"
    assert decision.status.progress is not None
    assert not decision.status.progress.retry


def test_a_gate_that_is_silent_for_ever_is_looked_at_when_it_speaks() -> None:
    """Where no deadline follows any more, a thousand waiting Canaries cost nothing."""
    scene = at_rest("2", manifest=gate_before_rollout())
    gate = replace(scene.seen.gates["gate"], waited_s=600.0)

    decision = decide(scene.settings, scene.subject, replace(scene.seen, gates={"gate": gate}))

    assert decision.standing.reason == "NoAnswer"
    assert decision.requeue_after_s is None


def test_a_stalled_gate_keeps_the_question_it_was_asked() -> None:
    """To ask and unask it by turns would make it another object at each pass."""
    scene = at_rest("2", manifest=gate_before_rollout())
    gate = gated(asked(scene)["run"]["token"], "Denied")
    gate["conditions"] = [{"type": "Stalled", "status": "True", "reason": "InvalidURL"}]
    scene.gates = {"gate": gate}

    decision = scene.decide()

    assert decision.standing.stalled
    assert applied(decision.actions, "Gate")[0]["spec"] == asked(
        at_rest("2", manifest=gate_before_rollout())
    )


def gate_before_rollout() -> dict[str, Any]:
    return a_canary(
        webhooks=[{"name": "gate", "type": "confirm-rollout", "url": "http://gate.test/"}]
    )


def asked(scene: Scene) -> dict[str, Any]:
    spec: dict[str, Any] = applied(scene.decide().actions, "Gate")[0]["spec"]
    return spec


def test_a_closed_gate_keeps_a_new_revision_waiting() -> None:
    scene = at_rest("2", manifest=gate_before_rollout())
    scene.gates = {"gate": gated(asked(scene)["run"]["token"], "Denied")}

    decision = scene.decide()

    assert decision.status.phase == "Waiting"
    assert applied(decision.actions, "Deployment") == []
    assert said(decision) == ["Halt app.test advancement waiting for approval gate"]


def test_the_gate_is_told_the_phase_it_is_asked_in() -> None:
    first = at_rest("2", manifest=gate_before_rollout())
    later = at_rest("2", manifest=gate_before_rollout(), phase="Waiting")

    assert asked(first)["payload"]["phase"] == "Succeeded"
    assert asked(later)["payload"]["phase"] == "Waiting"
    assert asked(first)["run"] == asked(later)["run"]


def test_a_push_taken_back_while_waiting_is_noticed() -> None:
    scene = at_rest(
        "1", manifest=gate_before_rollout(), phase="Waiting", progress={"rested": "Initialized"}
    )

    assert scene.decide().status.phase == "Initialized"


def test_an_approval_of_one_revision_does_not_start_another() -> None:
    scene = at_rest("2", manifest=gate_before_rollout())
    scene.gates = {"gate": gated(asked(scene)["run"]["token"], "Approved")}
    scene.target = a_deployment("3", replicas=0)

    assert scene.decide().status.phase == "Succeeded"


def test_a_deleted_primary_comes_back_with_the_replicas_it_had() -> None:
    scene = at_rest("1", primary=None, progress={"primary_replicas": 5})

    (primary,) = applied(scene.decide().actions, "Deployment")

    assert primary["metadata"]["name"] == "app-primary"
    assert primary["spec"]["replicas"] == 5


def test_a_primary_is_never_made_from_a_rolled_back_revision() -> None:
    scene = at_rest("2", phase="Failed", primary=None, progress={"revision": revision("2")})

    decision = scene.decide()

    assert applied(decision.actions, "Deployment") == []
    assert decision.standing.reason == "PrimaryMissing"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("iterations", {"iterations": 3, "stepWeight": 0}),
        ("mirror", {"mirror": True}),
        ("sessionAffinity", {"sessionAffinity": {"cookieName": "c"}}),
        ("alerts", {"alerts": [{"name": "a", "providerRef": {"name": "p"}}]}),
    ],
    ids=["iterations", "mirror", "affinity", "alerts"],
)
def test_a_field_of_later_work_is_refused_by_name(field: str, value: dict[str, Any]) -> None:
    from flagger_py.errors import SpecError

    scene = Scene(manifest=a_canary(**value))

    with pytest.raises(SpecError, match=rf"spec\.analysis\.{field}"):
        scene.decide()
