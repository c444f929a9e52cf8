"""Pods of the test kubelet live, serve and die as their environment and the API server say."""

import httpx
import pytest

from tests.cluster import workloads
from tests.cluster.controlplane import ControlPlane
from tests.cluster.waiting import eventually


def test_a_changed_template_is_followed(plane: ControlPlane, namespace: str) -> None:
    """When the environment in the template changes, pods of the new one replace the old."""
    plane.api.apply(workloads.deployment("app", namespace, replicas=2, VERSION="1.0"))
    workloads.available(plane.api, "app", namespace)

    plane.api.apply(workloads.deployment("app", namespace, replicas=2, VERSION="2.0"))
    workloads.available(plane.api, "app", namespace)

    eventually(
        lambda: len(plane.api.select("v1", "Pod", namespace)) == 2, "the old pods are drained"
    )
    addresses = workloads.addresses(plane.api, "app", namespace)
    assert [workloads.fetch(address).headers["X-Version"] for address in addresses] == [
        "2.0",
        "2.0",
    ]


def test_a_pod_that_is_never_ready_blocks_its_rollout(plane: ControlPlane, namespace: str) -> None:
    """With NEVER_READY the new pod runs without being ready, and the old one is kept."""
    plane.api.apply(workloads.deployment("app", namespace, VERSION="1.0"))
    workloads.available(plane.api, "app", namespace)

    plane.api.apply(workloads.deployment("app", namespace, VERSION="2.0", NEVER_READY="true"))
    eventually(
        lambda: (
            [pod["status"].get("phase") for pod in plane.api.select("v1", "Pod", namespace)]
            == ["Running", "Running"]
        ),
        "a second pod runs",
    )

    addresses = workloads.addresses(plane.api, "app", namespace)
    assert [workloads.fetch(address).headers["X-Version"] for address in addresses] == ["1.0"]


def test_errors_come_at_their_rate_and_are_counted(plane: ControlPlane, namespace: str) -> None:
    """ERROR_RATE decides how many answers are 500, LATENCY_MS how long each takes."""
    plane.api.create(workloads.pod("app", namespace, ERROR_RATE="0.1", LATENCY_MS="20"))
    (address,) = eventually(
        lambda: workloads.addresses(plane.api, "app", namespace), "the pod is ready"
    )

    statuses = [workloads.fetch(address, "/work").status_code for _ in range(30)]

    metrics = workloads.fetch(address, "/metrics").text
    assert statuses.count(500) == 3
    assert 'http_request_duration_seconds_count{status="500"} 3.0' in metrics
    assert 'http_request_duration_seconds_count{status="200"} 27.0' in metrics
    assert 'http_request_duration_seconds_bucket{le="0.01",status="200"} 0.0' in metrics


def test_a_pod_waits_for_the_config_map_it_names(plane: ControlPlane, namespace: str) -> None:
    """A container that takes VERSION from a ConfigMap starts when that is there."""
    pod = workloads.pod("app", namespace)
    source = {"configMapKeyRef": {"name": "settings", "key": "version"}}
    pod["spec"]["containers"][0]["env"] = [{"name": "VERSION", "valueFrom": source}]
    plane.api.create(pod)

    def reason() -> str:
        status = plane.api.get("v1", "Pod", "app", namespace)["status"]
        (state,) = status.get("containerStatuses") or [{"state": {"none": {}}}]
        return str(*(value.get("reason", "") for value in state["state"].values()))

    eventually(lambda: reason() == "CreateContainerConfigError", "the container waits")
    plane.api.create(workloads.config_map("settings", namespace, version="3.0"))

    (address,) = eventually(
        lambda: workloads.addresses(plane.api, "app", namespace), "the pod is ready"
    )
    assert workloads.fetch(address).headers["X-Version"] == "3.0"


def test_a_deleted_pod_stops_serving(plane: ControlPlane, namespace: str) -> None:
    """A deleted pod's object goes, and after that nobody answers at its address."""
    plane.api.create(workloads.pod("app", namespace, DRAIN_S="0.1"))
    (address,) = eventually(
        lambda: workloads.addresses(plane.api, "app", namespace), "the pod is ready"
    )

    plane.api.delete("v1", "Pod", "app", namespace)

    eventually(lambda: plane.api.find("v1", "Pod", "app", namespace) is None, "the pod is gone")
    with pytest.raises(httpx.ConnectError):
        workloads.fetch(address)


def test_pods_serve_on_while_the_api_server_restarts(plane: ControlPlane, namespace: str) -> None:
    """Without an API server pods still answer; after its return rollouts work as before."""
    plane.api.create(workloads.deployment("app", namespace, VERSION="1.0"))
    workloads.available(plane.api, "app", namespace)
    (address,) = workloads.addresses(plane.api, "app", namespace)

    plane.stop_apiserver()
    without = workloads.fetch(address)
    plane.start_apiserver()
    plane.api.apply(workloads.deployment("app", namespace, VERSION="2.0"), "other")
    workloads.available(plane.api, "app", namespace)

    (renewed,) = workloads.addresses(plane.api, "app", namespace)
    assert without.headers["X-Version"] == "1.0"
    assert workloads.fetch(renewed).headers["X-Version"] == "2.0"
