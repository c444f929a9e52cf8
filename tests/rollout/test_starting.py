"""Why the first requests go to a canary."""

from flagger_rollout.api_status import CanaryStatus
from tests.rollout.scene import Scene, a_canary, gated

HOOK = {"name": "smoke", "type": "pre-rollout", "url": "http://smoke.test/"}


def reason(status: CanaryStatus) -> str:
    assert status.progress is not None
    assert status.progress.decision is not None
    return status.progress.decision.sentence


def test_without_a_pre_rollout_check_none_is_said_to_have_passed() -> None:
    decision = Scene(weight=0).decide()

    assert reason(decision.status) == "Advanced to 20%: its pods are ready"


def test_a_pre_rollout_check_that_passed_is_the_reason_of_the_first_step() -> None:
    scene = Scene(weight=0, manifest=a_canary(webhooks=[HOOK]))
    token = scene.case.token("pre-rollout", "tick", scene.tick, "smoke")
    scene.gates = {"smoke": gated(token, "Approved")}

    decision = scene.decide()

    assert reason(decision.status) == "Advanced to 20%: the pre-rollout checks passed"
