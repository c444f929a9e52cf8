"""How a revision under analysis advances, holds, fails and is promoted."""

from dataclasses import replace
from typing import Any

import pytest

from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_rollout.api_status import Ending
from flagger_rollout.decide import decide
from tests.rollout.scene import (
    Scene,
    a_canary,
    a_deployment,
    applied,
    gated,
    judged,
    promoted_primary,
    revision,
    said,
)


def split_asked(decision: Any) -> tuple[int, int]:
    split = applied(decision.actions, "TrafficRoute")[0]["spec"]["split"]
    return split["primary"], split["canary"]


def test_a_passed_verdict_advances_one_step() -> None:
    scene = Scene()
    scene.verdict = judged(scene, "Passed", value=100.0)

    decision = scene.decide()

    assert decision.status.canary_weight == 40
    assert split_asked(decision) == (60, 40)
    assert said(decision) == ["Advance app.test canary weight 40"]


def test_the_decision_record_quotes_value_and_rule() -> None:
    scene = Scene()
    scene.verdict = judged(scene, "Passed", value=99.8)

    progress = scene.decide().status.progress

    assert progress is not None
    assert progress.decision is not None
    assert progress.decision.sentence == "Advanced to 40%: request-success-rate 99.8 (>= 99)"


def test_a_verdict_on_another_run_is_no_verdict() -> None:
    scene = Scene()
    scene.verdict = {**judged(scene, "Passed", value=100.0), "run": "another"}

    decision = scene.decide()

    assert decision.status == scene.status
    assert split_asked(decision) == (80, 20)


def test_nothing_is_asked_before_the_split_is_in_force() -> None:
    scene = Scene(in_force=Split(primary=100, canary=0))

    decision = scene.decide()

    assert "run" not in applied(decision.actions, "MetricAnalysis")[0]["spec"]
    assert decision.status == scene.status


def test_the_question_names_when_the_split_came_into_force() -> None:
    decision = Scene(since_s=3).decide()

    run = applied(decision.actions, "MetricAnalysis")[0]["spec"]["run"]
    assert (run["since"], run["due"]) == ("2026-01-01T11:59:57Z", "2026-01-01T12:00:07Z")


def test_the_verdict_itself_ends_the_wait_for_it() -> None:
    """Only that none comes has to be seen by the clock, 30 s after it was due."""
    assert Scene(since_s=3).decide().requeue_after_s == 37


def test_what_else_is_asked_when_the_tick_is_due_is_asked_then() -> None:
    hook = {"name": "ask", "type": "rollback", "url": "http://gate.test/"}
    scene = Scene(a_canary(webhooks=[hook]), since_s=3)

    assert scene.decide().requeue_after_s == 7


def test_a_failure_counts_before_it_is_due() -> None:
    """A sequential judge needs no whole interval to see that a version fails."""
    scene = Scene(failed=1, since_s=3)
    scene.verdict = judged(scene, "Failed", "success rate 80.00% < 99%", value=80.0)

    decision = scene.decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.failed_checks == 2


@pytest.mark.parametrize("verdict", ["Passed", "NoData", "Error", "Inconclusive"])
def test_nothing_but_a_failure_counts_before_it_is_due(verdict: str) -> None:
    """The clock of whoever judges may be ahead of ours: the tick is taken when it is due."""
    scene = Scene(since_s=3)
    scene.verdict = judged(scene, verdict, value=100.0)

    decision = scene.decide()

    assert (decision.status.canary_weight, decision.status.failed_checks) == (20, 0)
    assert decision.requeue_after_s == 7


def test_an_analysis_that_stalls_is_told_before_its_verdict_is_due() -> None:
    scene = Scene(since_s=3)
    scene.verdict = {
        "conditions": [
            {"type": "Stalled", "status": "True", "reason": "NoTemplate", "message": "make it"}
        ]
    }

    standing = scene.decide().standing

    assert (standing.reason, standing.message) == ("NoTemplate", "MetricAnalysis app: make it")


@pytest.mark.parametrize("verdict", ["Failed", "NoData", "Error"])
def test_anything_but_passed_counts_as_a_failed_check(verdict: str) -> None:
    scene = Scene()
    scene.verdict = judged(scene, verdict, "success rate 80.00% < 99%", value=80.0)

    decision = scene.decide()

    assert (decision.status.canary_weight, decision.status.failed_checks) == (20, 1)
    assert decision.standing.reconciling == "ProgressingWithRetry"


@pytest.mark.parametrize(
    ("verdict", "event"),
    [
        ("Failed", "Halt app.test advancement why"),
        ("NoData", "Halt advancement why"),
        ("Error", "why"),
    ],
)
def test_a_failed_check_is_told_in_flaggers_words(verdict: str, event: str) -> None:
    scene = Scene()
    scene.verdict = judged(scene, verdict, "why")

    assert said(scene.decide()) == [event]


def test_an_inconclusive_verdict_neither_advances_nor_counts() -> None:
    scene = Scene()
    scene.verdict = judged(scene, "Inconclusive", "two series")

    decision = scene.decide()

    assert (decision.status.canary_weight, decision.status.failed_checks) == (20, 0)
    assert decision.status.progress is not None
    assert decision.status.progress.tick == scene.tick + 1


def test_at_the_threshold_all_traffic_goes_back_in_the_same_pass() -> None:
    scene = Scene(failed=1)
    scene.verdict = judged(scene, "Failed", "success rate 80.00% < 99%", value=80.0)

    decision = scene.decide()

    assert split_asked(decision) == (100, 0)
    assert (decision.status.phase, decision.status.failed_checks) == ("Progressing", 2)
    assert said(decision)[-1] == "Rolling back app.test failed checks threshold reached 2"


def test_pods_are_kept_until_the_rollback_is_in_force() -> None:
    scene = Scene(failed=2, progress={"ending": Ending.ROLL_BACK})

    decision = scene.decide()

    assert applied(decision.actions, "Deployment") == []
    assert decision.status.phase == "Progressing"


def test_once_the_rollback_is_in_force_the_target_is_scaled_to_zero() -> None:
    scene = Scene(
        failed=2,
        progress={"ending": Ending.ROLL_BACK},
        in_force=Split(primary=100, canary=0),
    )

    decision = scene.decide()

    assert applied(decision.actions, "Deployment")[0]["spec"] == {"replicas": 0}
    assert (decision.status.phase, decision.status.canary_weight) == ("Failed", 0)
    assert decision.standing.stalled


def test_the_analysed_revision_is_promoted_at_the_last_step() -> None:
    scene = Scene(weight=60)
    scene.verdict = judged(scene, "Passed", value=100.0)

    decision = scene.decide()

    (primary,) = applied(decision.actions, "Deployment")
    assert primary["spec"]["template"] == promoted_primary("2")["spec"]["template"]
    assert decision.status.phase == "Promoting"
    assert split_asked(decision) == (40, 60)


def test_a_push_takes_the_traffic_off_before_anything_is_promoted() -> None:
    scene = Scene(weight=60, target=a_deployment("3"))
    scene.verdict = judged(scene, "Passed", value=100.0)

    decision = scene.decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.canary_weight == 0
    assert decision.status.last_applied_spec == revision("3")
    assert said(decision) == ["New revision detected! Restarting analysis for app.test"]


def test_a_push_that_is_taken_back_ends_the_analysis() -> None:
    decision = Scene(target=a_deployment("1")).decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.progress is not None
    assert decision.status.progress.ending is Ending.TAKE_BACK


def test_a_canary_that_is_not_ready_waits_without_counting() -> None:
    target = a_deployment("2")
    target["status"]["availableReplicas"] = 1
    scene = Scene(target=target)
    scene.verdict = judged(scene, "Failed", "why")

    decision = scene.decide()

    assert decision.status.failed_checks == 0
    assert "canary deployment app.test not ready" in decision.standing.message


def test_a_canary_past_its_deadline_is_rolled_back() -> None:
    late = a_deployment("2", ready=False)
    late["status"]["conditions"][0]["reason"] = "ProgressDeadlineExceeded"

    decision = Scene(target=late).decide()

    assert split_asked(decision) == (100, 0)
    assert "progress deadline exceeded" in said(decision)[0]


def test_a_share_that_nobody_serves_goes_back_to_the_primary() -> None:
    """Flagger leaves the users of a crashed canary with errors until its deadline."""
    decision = Scene(target=a_deployment("2", ready=False)).decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.phase == "Progressing"
    assert decision.status.failed_checks == 1


def test_a_canary_that_comes_and_goes_is_rolled_back_in_the_end() -> None:
    decision = Scene(target=a_deployment("2", ready=False), failed=1).decide()

    assert split_asked(decision) == (100, 0)
    assert decision.status.progress is not None
    assert decision.status.progress.ending is Ending.ROLL_BACK
    assert "No pod of app.test is available" in decision.standing.message


def test_a_reset_forgets_the_failed_checks() -> None:
    scene = Scene(failed=1)
    scene.verdict = judged(scene, "Failed", "too slow", value=1.0)
    scene.manifest["metadata"]["annotations"] = {
        "reconcile.fluxcd.io/requestedAt": "now",
        "reconcile.fluxcd.io/resetAt": "now",
    }

    decision = scene.decide()

    assert decision.status.failed_checks == 1
    assert decision.status.progress is not None
    assert decision.status.progress.ending is None


def test_a_deleted_target_takes_its_share_with_it() -> None:
    decision = Scene(target=None).decide()

    assert split_asked(decision) == (100, 0)
    assert "was deleted" in said(decision)[0]


def test_a_deleted_primary_leaves_users_on_the_canary() -> None:
    """It cannot be made again from the target, which holds another revision."""
    decision = Scene(primary=None).decide()

    assert split_asked(decision) == (0, 100)
    assert decision.standing.reason == "PrimaryMissing"
    assert applied(decision.actions, "Deployment") == []


def test_an_overdue_verdict_is_said_and_moves_nothing() -> None:
    scene = Scene(since_s=50)
    scene.verdict = {"run": scene.case.tick_token, "verdict": "Pending"}

    decision = scene.decide()

    assert decision.standing.reason == "NoAnswer"
    assert split_asked(decision) == (80, 20)


def test_a_verdict_that_never_comes_ends_the_release_at_the_deadline() -> None:
    """Whoever acknowledged the question may have died since: no wait is without an end."""
    scene = Scene(since_s=10 + 600 + 1)
    scene.verdict = {"run": scene.case.tick_token, "verdict": "Pending"}
    analysis = replace(scene.seen.analysis, overdue_s=600.0)

    decision = decide(scene.settings, scene.subject, replace(scene.seen, analysis=analysis))

    assert split_asked(decision) == (100, 0)
    assert "progress deadline exceeded" in said(decision)[0]
    assert "no verdict for 600s, the progress deadline" in said(decision)[0]


def test_a_canary_without_metrics_passes_and_says_so() -> None:
    decision = Scene(manifest=a_canary(metrics=[])).decide()

    assert decision.status.canary_weight == 40
    assert decision.status.progress is not None
    assert decision.status.progress.decision is not None
    assert "nothing was measured" in decision.status.progress.decision.sentence


def hooked(kind: str) -> dict[str, Any]:
    return a_canary(
        metrics=[], webhooks=[{"name": "gate", "type": kind, "url": "http://gate.test/"}]
    )


def gate_run(decision: Any) -> dict[str, Any]:
    run: dict[str, Any] = applied(decision.actions, "Gate")[0]["spec"]["run"]
    return run


def test_a_closed_gate_before_an_increase_holds_the_weight() -> None:
    scene = Scene(manifest=hooked("confirm-traffic-increase"))
    token = gate_run(scene.decide())["token"]
    scene.gates = {"gate": gated(token, "Denied", "not now")}

    decision = scene.decide()

    assert decision.status.canary_weight == 20
    assert decision.standing.reconciling == "GateClosed"
    assert said(decision) == [
        "Halt app.test advancement waiting for traffic increase approval gate"
    ]


def test_a_gate_that_opens_between_two_checks_lets_go_at_once() -> None:
    scene = Scene(manifest=hooked("confirm-traffic-increase"))
    token = gate_run(scene.decide())["token"]
    scene.gates = {"gate": gated(token, "Approved", polls=2)}
    scene.progress = {"checked": True, "next_check_at": scene.now.replace(minute=1)}

    assert scene.decide().status.canary_weight == 40


def test_an_approval_of_another_step_is_no_approval() -> None:
    scene = Scene(manifest=hooked("confirm-traffic-increase"))
    token = gate_run(scene.decide())["token"]
    scene.gates = {"gate": gated(token, "Approved")}
    scene.weight = 40

    assert scene.decide().status.canary_weight == 40


def test_a_denied_rollout_hook_is_a_failed_check() -> None:
    scene = Scene(manifest=hooked("rollout"))
    token = gate_run(scene.decide())["token"]
    scene.gates = {"gate": gated(token, "Denied", "broken")}

    decision = scene.decide()

    assert decision.status.failed_checks == 1
    assert said(decision) == ["Halt app.test advancement external check gate failed broken"]


def test_a_rollback_hook_that_approves_rolls_back() -> None:
    scene = Scene(manifest=hooked("rollback"))
    token = gate_run(scene.decide())["token"]
    scene.gates = {"gate": gated(token, "Approved")}

    decision = scene.decide()

    assert split_asked(decision) == (100, 0)
    assert said(decision) == [
        "Rollback check gate passed",
        "Rolling back app.test manual webhook invoked",
    ]


def test_a_command_for_another_run_is_no_command() -> None:
    scene = Scene()
    scene.manifest["metadata"]["annotations"] = {"flagger.app/rollback": f"{revision('2')}.9"}

    assert scene.decide().status == scene.status


def test_a_command_rolls_back_the_run_it_names() -> None:
    scene = Scene()
    scene.manifest["metadata"]["annotations"] = {"flagger.app/rollback": f"{revision('2')}.1"}

    assert split_asked(scene.decide()) == (100, 0)


def test_a_lowered_threshold_counts_at_once() -> None:
    scene = Scene(manifest=a_canary(threshold=2), failed=3)
    scene.verdict = judged(scene, "Passed", value=100.0)

    assert split_asked(scene.decide()) == (100, 0)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        ({"stepWeight": 0}, "names no step"),
        ({"stepWeight": 0, "stepWeights": [0, 50]}, "must be greater than 0"),
        ({"stepWeight": 0, "stepWeights": [-10, 50]}, "must be greater than 0"),
        ({"stepWeight": 0, "stepWeights": [10, 50, 30]}, "stepWeights: 10, 50, 30 do not grow"),
        ({"stepWeight": 0, "stepWeights": [10, 10, 50]}, "stepWeights: 10, 10, 50 do not grow"),
        (
            {"metrics": [{"name": "m", "query": "up", "thresholdRange": {"min": 5, "max": 1}}]},
            r"metrics\[0\]\.thresholdRange: min 5 is greater than max 1",
        ),
    ],
    ids=["none", "zero", "negative", "falling", "equal", "range"],
)
def test_a_plan_without_an_end_is_refused(steps: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        Scene(manifest=a_canary(**steps)).decide()


def test_another_target_is_refused_while_the_first_one_serves() -> None:
    with pytest.raises(SpecError, match=r"targetRef\.name was web"):
        Scene(progress={"target": "web"}).decide()


def test_a_skipped_analysis_keeps_the_target_until_the_route_has_left_it() -> None:
    """The analysis may be skipped midway, with users on the canary."""
    manifest = a_canary()
    manifest["spec"]["skipAnalysis"] = True
    scene = Scene(manifest=manifest, progress={"ending": Ending.SKIP})

    decision = scene.decide()

    assert split_asked(decision) == (100, 0)
    assert all("template" in d["spec"] for d in applied(decision.actions, "Deployment"))
    assert decision.status.phase == "Progressing"


def test_a_stalled_gate_is_named_instead_of_waited_for() -> None:
    scene = Scene(manifest=hooked("rollout"))
    stall = {"type": "Stalled", "status": "True", "reason": "InvalidURL", "message": "no such URL"}
    scene.gates = {"gate": {"conditions": [stall]}}

    decision = scene.decide()

    assert decision.standing.stalled
    assert "no such URL" in decision.standing.message


@pytest.mark.parametrize("port", [0, -1, 65536])
def test_a_service_port_that_is_none_stalls(port: int) -> None:
    manifest = a_canary()
    manifest["spec"]["service"]["port"] = port

    with pytest.raises(SpecError, match=rf"spec\.service\.port: {port} is no port; .* 1 to 65535"):
        Scene(manifest).decide()
