"""How imitated Deployments roll, and what their status says meanwhile."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagger_py.testing.pods import Pods
from flagger_py.testing.rolling import (
    created_replica_set,
    next_event_s,
    next_move,
    status,
    wanted,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def deployment(replicas: int = 2, generation: int = 1, **more: Any) -> dict[str, Any]:
    env = [{"name": name, "value": value} for name, value in more.pop("env", {}).items()]
    template = {
        "metadata": {"labels": {"app": "app"}},
        "spec": {"containers": [{"name": "app", "image": "app:1", "env": env}]},
    }
    return {
        "metadata": {"name": "app", "namespace": "shop", "uid": "u", "generation": generation},
        "spec": {"replicas": replicas, "template": template, **more},
    }


def settle(item: dict[str, Any], pods: Pods, now: datetime) -> list[int]:
    """Make every move that is possible at *now*; return the pods there were after each."""
    want, counts = wanted(item), []
    while (move := next_move(want, pods.of("shop", "app"), now)).stop or move.start:
        pods.stop(move.stop, now)
        for nth in range(move.start):
            pods.start(item, want.template_hash, now, nth)
        counts.append(len(pods.of("shop", "app")))
    return counts


def rolled(item: dict[str, Any], pods: Pods, now: datetime) -> tuple[datetime, list[int]]:
    """Let a rollout run to its end; return when that was and how many pods there were."""
    counts = settle(item, pods, now)
    while (wait := next_event_s(wanted(item), pods.of("shop", "app"), now)) is not None:
        now += timedelta(seconds=wait)
        counts += settle(item, pods, now)
    return now, counts


def test_a_rollout_starts_one_more_before_it_stops_one() -> None:
    pods = Pods()
    now, _ = rolled(deployment(env={"VERSION": "1"}), pods, NOW)

    _, counts = rolled(deployment(env={"VERSION": "2"}), pods, now)

    assert counts == [3, 2, 3, 2]
    assert {pod.behaviour.version for pod in pods.of("shop", "app")} == {"2"}


def test_old_pods_stay_while_the_new_ones_never_become_ready() -> None:
    pods = Pods()
    now, _ = rolled(deployment(env={"VERSION": "1"}), pods, NOW)

    broken = deployment(env={"VERSION": "2", "NEVER_READY": "1"})
    later, counts = rolled(broken, pods, now)

    ready = [pod for pod in pods.of("shop", "app") if pod.ready(later)]
    assert counts == [3]
    assert [pod.behaviour.version for pod in ready] == ["1", "1"]


def test_recreate_stops_all_before_it_starts_any() -> None:
    pods, how = Pods(), {"type": "Recreate"}
    now, _ = rolled(deployment(env={"VERSION": "1"}, strategy=how), pods, NOW)

    counts = settle(deployment(env={"VERSION": "2"}, strategy=how), pods, now)

    assert counts == [0, 2]


def test_scaling_to_zero_stops_every_pod_at_once() -> None:
    pods = Pods()
    now, _ = rolled(deployment(), pods, NOW)

    settle(deployment(replicas=0), pods, now)

    assert pods.of("shop", "app") == ()


@pytest.mark.parametrize(
    ("strategy", "surge", "unavailable"),
    [
        ({}, 1, 0),
        ({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": "50%"}}, 0, 1),
        ({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, 0, 1),
    ],
    ids=["defaults", "given", "both zero"],
)
def test_shares_of_two_replicas_are_rounded_as_kubernetes_does(
    strategy: dict[str, Any], surge: int, unavailable: int
) -> None:
    want = wanted(deployment(strategy=strategy))

    assert (want.surge, want.unavailable) == (surge, unavailable)


def test_a_pod_is_available_only_after_the_minimum_of_ready_seconds() -> None:
    pods, item = Pods(), deployment(replicas=1, minReadySeconds=30)
    settle(item, pods, NOW)

    def counts(after_s: float) -> tuple[int, int]:
        now = NOW + timedelta(seconds=after_s)
        found = status(item, wanted(item), pods.of("shop", "app"), now)
        return found.get("readyReplicas", 0), found.get("availableReplicas", 0)

    assert (counts(1), counts(2), counts(32)) == ((0, 0), (1, 0), (1, 1))


def test_a_new_version_that_never_becomes_ready_exceeds_its_deadline() -> None:
    pods = Pods()
    item = deployment(env={"NEVER_READY": "1"}, progressDeadlineSeconds=60)
    item["status"] = {"conditions": [created_replica_set(item, NOW)]}
    settle(item, pods, NOW)

    def reason(after_s: float) -> str:
        now = NOW + timedelta(seconds=after_s)
        item["status"] = status(item, wanted(item), pods.of("shop", "app"), now)
        found = {c["type"]: c["reason"] for c in item["status"]["conditions"]}
        return str(found["Progressing"])

    assert (reason(0), reason(59), reason(60)) == (
        "ReplicaSetUpdated",
        "ReplicaSetUpdated",
        "ProgressDeadlineExceeded",
    )


def test_a_finished_rollout_that_is_scaled_up_has_no_deadline() -> None:
    pods, idle = Pods(), deployment(replicas=0, progressDeadlineSeconds=60)
    idle["status"] = status(idle, wanted(idle), (), NOW)
    item = deployment(env={}, progressDeadlineSeconds=60, generation=2)
    item["status"] = idle["status"]
    settle(item, pods, NOW)

    now = NOW + timedelta(seconds=600)
    found = status(item, wanted(item), (), now)

    reasons = {c["type"]: c["reason"] for c in found["conditions"]}
    assert reasons["Progressing"] == "NewReplicaSetAvailable"
    assert reasons["Available"] == "MinimumReplicasUnavailable"


def test_running_pods_can_be_told_to_answer_differently() -> None:
    pods = Pods()
    rolled(deployment(env={"VERSION": "1"}), pods, NOW)

    pods.behave("shop", {"ERROR_RATE": "0.5"}, version="1")
    pods.behave("shop", {"ERROR_RATE": "0.9"}, version="2")

    assert {pod.behaviour.error_rate for pod in pods.of("shop", "app")} == {0.5}
