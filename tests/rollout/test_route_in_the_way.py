"""A route that cannot follow: the release is rolled back, and where even that fails it says so."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from flagger_py.contracts import Split
from flagger_py.decision import Apply, Decision
from flagger_rollout.api import CanaryStatus
from flagger_rollout.api_status import Ending
from flagger_rollout.sight import Seen
from tests.rollout.scene import NOW, Scene, answered

LIMIT_S = 600
AT_20 = Split(primary=80, canary=20)
WHY = "spec.service.match: no"


class Blocked(Scene):
    """A release whose route is stalled with 80/20 in force, for *waited_s* seconds so far."""

    waited_s: float = LIMIT_S

    @property
    def seen(self) -> Seen:
        seen = super().seen
        since = (NOW - timedelta(seconds=self.since_s)).isoformat()
        no = {"status": "False", "reason": "NotSupported", "message": WHY}
        status = {
            "inForce": {"split": AT_20.wire(), "since": since, "generation": 4},
            "conditions": [{"type": "Ready", **no}, {"type": "Stalled", **no, "status": "True"}],
        }
        route = answered("TrafficRoute", status)
        return replace(seen, route=route, gates={}, unrouted_s=self.waited_s)


def blocked(waited_s: float = LIMIT_S, **scene: Any) -> Blocked:
    found = Blocked(**scene)
    found.waited_s = waited_s
    return found


def ending_of(decision: Decision[CanaryStatus]) -> Ending | None:
    assert decision.status.progress is not None
    return decision.status.progress.ending


def replicas_written(decision: Decision[CanaryStatus]) -> list[int]:
    return [
        action.manifest["spec"]["replicas"]
        for action in decision.actions
        if isinstance(action, Apply) and action.manifest["kind"] == "Deployment"
    ]


def condition(decision: Decision[CanaryStatus], kind: str) -> tuple[str, str]:
    found = next(c for c in decision.conditions if c.type == kind)
    return found.status, found.reason


def test_a_share_that_is_never_in_force_is_rolled_back_at_the_deadline() -> None:
    decision = blocked(weight=40).decide()

    assert ending_of(decision) is Ending.ROLL_BACK
    assert f"60/40 has not been in force for {LIMIT_S}s" in decision.standing.message
    assert WHY in decision.standing.message


def test_before_the_deadline_it_is_waited_for() -> None:
    decision = blocked(LIMIT_S - 1, weight=40).decide()

    assert ending_of(decision) is None
    assert decision.requeue_after_s == 1


def test_a_rollback_that_never_reaches_the_route_fails_with_the_split_named() -> None:
    decision = blocked(progress={"ending": Ending.ROLL_BACK}).decide()

    assert decision.status.phase == "Failed"
    assert decision.standing.stalled
    assert f"100/0 has not been in force for {LIMIT_S}s" in decision.standing.message
    assert WHY in decision.standing.message
    assert condition(decision, "Remediated") == ("False", "NotRouted")


def test_the_pods_that_still_have_users_are_kept() -> None:
    failing = blocked(progress={"ending": Ending.ROLL_BACK}).decide()
    failed = blocked(phase="Failed", weight=0, progress={"ending": Ending.ROLL_BACK}).decide()

    assert replicas_written(failing) == []
    assert replicas_written(failed) == []
    assert failed.status.phase == "Failed"
    assert condition(failed, "Remediated") == ("False", "NotRouted")


def test_once_the_route_follows_after_all_the_target_is_scaled_down() -> None:
    scene = Scene(phase="Failed", weight=0, progress={"ending": Ending.ROLL_BACK})

    decision = scene.decide()

    assert replicas_written(decision) == [0]
    assert ending_of(decision) is None
    assert condition(decision, "Remediated") == ("True", "RolledBack")


def test_a_failed_release_whose_users_stay_asks_for_the_primary_on_and_on() -> None:
    scene = blocked(phase="Failed", weight=0, progress={"ending": Ending.ROLL_BACK})

    decision = scene.decide()

    (route,) = (
        action.manifest
        for action in decision.actions
        if isinstance(action, Apply) and action.manifest["kind"] == "TrafficRoute"
    )
    assert route["spec"]["split"]["canary"] == 0
    assert ending_of(decision) is Ending.ROLL_BACK
