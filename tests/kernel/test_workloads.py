"""What the imitated controllers make of Deployments, Services and HTTPRoutes in a store."""

from typing import Any

import pytest

from flagger_py.refs import DEPLOYMENT, ENDPOINT_SLICE, SERVICE, Key
from flagger_py.testing.gateways import Gateways
from flagger_py.testing.served import HTTP_ROUTE
from flagger_py.testing.workloads import Workloads
from tests.kernel.actors import Stage

APP = Key("shop", "app")


@pytest.fixture
def stage() -> Stage:
    stage = Stage()
    stage.actors = (Workloads(stage.pods),)
    stage.store.create(service())
    stage.store.create(deployment())
    return stage


def deployment(replicas: int = 2, **env: str) -> dict[str, Any]:
    variables = [{"name": name, "value": value} for name, value in env.items()]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 60,
            "selector": {"matchLabels": {"app": "app"}},
            "template": {
                "metadata": {"labels": {"app": "app"}},
                "spec": {"containers": [{"name": "app", "image": "app:1", "env": variables}]},
            },
        },
    }


def service() -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"selector": {"app": "app"}, "ports": [{"name": "http", "port": 80}]},
    }


def http_route() -> dict[str, Any]:
    return {
        "apiVersion": HTTP_ROUTE.api_version,
        "kind": "HTTPRoute",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {
            "parentRefs": [{"name": "lab"}],
            "rules": [{"backendRefs": [{"name": "app", "port": 80}]}],
        },
    }


def status(stage: Stage) -> dict[str, Any]:
    found = stage.store.get(DEPLOYMENT, APP)
    assert found is not None
    return dict(found.get("status") or {})


def reasons(stage: Stage) -> dict[str, str]:
    return {c["type"]: c["reason"] for c in status(stage)["conditions"]}


def endpoints(stage: Stage) -> list[bool]:
    slices = stage.store.list(ENDPOINT_SLICE, "shop", {"kubernetes.io/service-name": "app"})
    assert len(slices) == 1
    return [endpoint["conditions"]["ready"] for endpoint in slices[0]["endpoints"]]


def test_a_new_generation_is_observed_a_moment_later(stage: Stage) -> None:
    stage.run_for(0)
    assert status(stage) == {}

    stage.run_for(0.2)

    assert status(stage)["observedGeneration"] == 1


def test_a_deployment_becomes_available_when_its_pods_are_ready(stage: Stage) -> None:
    stage.run_for(1)
    before = status(stage).get("availableReplicas", 0), reasons(stage)["Available"]

    stage.run_for(2)

    assert before == (0, "MinimumReplicasUnavailable")
    assert status(stage)["availableReplicas"] == status(stage)["updatedReplicas"] == 2
    assert reasons(stage) == {
        "Available": "MinimumReplicasAvailable",
        "Progressing": "NewReplicaSetAvailable",
    }


def test_a_settled_deployment_is_left_alone(stage: Stage) -> None:
    stage.run_for(10)
    version = stage.store.version

    stage.run_for(3600)

    assert stage.store.version == version


def test_the_progress_deadline_of_a_broken_rollout_is_reported(stage: Stage) -> None:
    stage.run_for(10)

    stage.store.put(deployment(NEVER_READY="1"))
    stage.run_for(50)
    early = reasons(stage)["Progressing"]
    stage.run_for(15)

    assert early == "ReplicaSetUpdated"
    assert reasons(stage)["Progressing"] == "ProgressDeadlineExceeded"
    assert status(stage)["availableReplicas"] == 2


def test_endpoints_follow_the_readiness_of_pods(stage: Stage) -> None:
    stage.run_for(0.5)
    starting = endpoints(stage)
    stage.run_for(5)

    assert starting == [False, False]
    assert endpoints(stage) == [True, True]


def test_endpoints_vanish_with_the_deployment(stage: Stage) -> None:
    stage.run_for(5)

    stage.store.delete(DEPLOYMENT, APP)
    stage.run_for(1)

    assert endpoints(stage) == []
    assert stage.pods.of("shop", "app") == ()


def test_a_deployment_made_anew_gets_pods_of_its_own(stage: Stage) -> None:
    stage.run_for(5)
    old = {pod.name for pod in stage.pods.of("shop", "app")}

    stage.store.delete(DEPLOYMENT, APP)
    stage.store.create(deployment())
    stage.run_for(5)

    new = {pod.name for pod in stage.pods.of("shop", "app")}
    assert len(new) == 2
    assert not new & old


@pytest.mark.parametrize(
    ("refusal", "status"), [(None, "True"), ("no mirrors here", "False")], ids=["good", "refused"]
)
def test_a_route_is_judged_at_its_generation(
    stage: Stage, refusal: str | None, status: str
) -> None:
    stage.actors = (Gateways(refuse=lambda _: refusal),)
    stage.store.create(http_route())

    stage.run_for(1)

    parents = (stage.store.get(HTTP_ROUTE, APP) or {})["status"]["parents"]
    found = {c["type"]: (c["status"], c["observedGeneration"]) for c in parents[0]["conditions"]}
    assert found == {"Accepted": (status, 1), "ResolvedRefs": ("True", 1)}


def test_a_route_to_a_missing_service_is_not_resolved(stage: Stage) -> None:
    stage.actors = (Gateways(),)
    stage.store.delete(SERVICE, APP)
    stage.store.create(http_route())

    stage.run_for(1)

    parents = (stage.store.get(HTTP_ROUTE, APP) or {})["status"]["parents"]
    reasons = {c["type"]: c["reason"] for c in parents[0]["conditions"]}
    assert reasons == {"Accepted": "Accepted", "ResolvedRefs": "BackendNotFound"}
