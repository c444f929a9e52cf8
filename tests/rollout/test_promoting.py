"""How an analysed revision becomes the primary's, and what happens when that fails."""

from typing import Any

import pytest

from flagger_py.contracts import Split
from flagger_rollout.telling import Reason
from tests.rollout.scene import NOW, Scene, a_canary, a_deployment, applied, revision, said


def late(deployment: dict[str, Any]) -> dict[str, Any]:
    deployment["status"]["conditions"][0]["reason"] = "ProgressDeadlineExceeded"
    deployment["status"]["availableReplicas"] = 0
    return deployment


def promoting(**fields: Any) -> Scene:
    fields.setdefault("primary", a_deployment("2", name="app-primary"))
    return Scene(phase="Promoting", weight=60, tick=4, **fields)


def split_asked(decision: Any) -> tuple[int, int]:
    split = applied(decision.actions, "TrafficRoute")[0]["spec"]["split"]
    return split["primary"], split["canary"]


def test_traffic_waits_until_the_primary_is_ready() -> None:
    primary = a_deployment("2", name="app-primary", ready=False)

    decision = promoting(primary=primary).decide()

    assert split_asked(decision) == (40, 60)
    assert decision.status.phase == "Promoting"


def test_a_ready_primary_takes_all_traffic_at_once() -> None:
    decision = promoting().decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.phase == "Finalising"
    assert said(decision) == ["Routing all traffic to primary"]


def test_a_ready_primary_takes_the_traffic_in_steps_where_asked_to() -> None:
    decision = promoting(manifest=a_canary(stepWeightPromotion=40)).decide()

    assert split_asked(decision) == (80, 20)
    assert decision.status.phase == "Promoting"
    assert said(decision) == ["Advance app.test primary weight 80"]


def test_the_next_step_back_waits_an_interval() -> None:
    from flagger_rollout.api_status import LastDecision

    moved = LastDecision(at=NOW, sentence="", reason=Reason.PRIMARY_ADVANCED)
    scene = promoting(
        manifest=a_canary(stepWeightPromotion=40), since_s=4, progress={"decision": moved}
    )

    decision = scene.decide()

    assert split_asked(decision) == (40, 60)
    assert decision.requeue_after_s == pytest.approx(6)


def test_another_revision_is_not_copied_while_the_analysed_one_is_promoted() -> None:
    decision = promoting(target=a_deployment("3")).decide()

    assert applied(decision.actions, "Deployment") == []


def test_the_target_rests_only_when_nobody_is_sent_to_it() -> None:
    waiting = Scene(phase="Finalising", weight=0, in_force=Split(primary=40, canary=60)).decide()
    done = Scene(phase="Finalising", weight=0).decide()

    assert applied(waiting.actions, "Deployment") == []
    assert applied(done.actions, "Deployment")[0]["spec"] == {"replicas": 0}
    assert done.status.phase == "Succeeded"
    assert done.status.progress is not None
    assert done.status.progress.promoted == revision("2")


def test_a_promotion_that_breaks_the_primary_leaves_users_on_the_canary() -> None:
    decision = promoting(primary=late(a_deployment("2", name="app-primary"))).decide()

    assert split_asked(decision) == (0, 100)
    assert decision.status.phase == "Failed"
    assert decision.standing.reason == "PromotionFailed"


def test_a_primary_that_cannot_be_made_again_leaves_users_on_the_target() -> None:
    """The target has moved on, so that nothing holds the analysed revision any more."""
    decision = promoting(primary=None, target=a_deployment("3")).decide()

    assert decision.status.phase == "Failed"
    assert split_asked(decision) == (0, 100)
    assert "it was deleted" in decision.standing.message


def lost(target: str, **fields: Any) -> Scene:
    """Return a Canary whose promotion of version 2 broke the primary."""
    return Scene(
        phase="Failed",
        weight=100,
        target=a_deployment(target),
        primary=late(a_deployment("2", name="app-primary")),
        progress={"primary_lost": True, **fields},
    )


def test_the_promoted_version_put_back_repairs_the_primary() -> None:
    decision = lost("1").decide()

    (primary,) = applied(decision.actions, "Deployment")
    assert primary["spec"]["template"]["spec"]["containers"][0]["image"] == "app:1"
    assert decision.status.phase == "Promoting"
    assert split_asked(decision) == (0, 100)


def test_a_repair_that_failed_is_not_tried_for_ever() -> None:
    scene = lost("1", revision=revision("1"))

    assert scene.decide().status == scene.status


def test_a_fix_is_analysed_under_the_traffic_it_has_already() -> None:
    decision = lost("3").decide()

    assert (decision.status.phase, decision.status.canary_weight) == ("Progressing", 100)
    assert split_asked(decision) == (0, 100)


@pytest.mark.parametrize(
    ("annotations", "sentence"),
    [
        ({}, "The analysed revision was promoted."),
        (
            {"flagger.app/promote": f"{revision('2')}.1"},
            "The revision was promoted by command, without further checks.",
        ),
    ],
    ids=["analysed", "commanded"],
)
def test_the_record_says_who_decided_on_a_promotion(
    annotations: dict[str, str], sentence: str
) -> None:
    manifest = a_canary()
    manifest["metadata"]["annotations"] = annotations
    scene = Scene(
        manifest,
        phase="Finalising",
        weight=0,
        primary=a_deployment("2", name="app-primary"),
        in_force=Split(primary=100, canary=0),
    )

    progress = scene.decide().status.progress

    assert progress is not None
    assert progress.decision is not None
    assert progress.decision.sentence == sentence
