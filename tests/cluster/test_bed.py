"""What other cluster tests may rely on: the bed is a cluster in all that concerns them."""

import os
import subprocess

import pytest

from flagger_py import clock
from tests.cluster import binaries, workloads
from tests.cluster.api import ApiError, Manifest
from tests.cluster.controlplane import ControlPlane
from tests.cluster.waiting import eventually


@pytest.mark.skipif("KUBEBUILDER_ASSETS" in os.environ, reason="its version is the caller's choice")
def test_the_api_server_is_the_pinned_kubernetes(plane: ControlPlane) -> None:
    """The API server says that it is the version that the wrapper module pins."""
    version = plane.api.request("GET", "/version")

    assert version["gitVersion"] == binaries.KUBERNETES.version == "v1.36.3"
    assert (version["major"], version["minor"]) == ("1", "36")


def test_a_deployment_becomes_available_and_serves(plane: ControlPlane, namespace: str) -> None:
    """Both replicas of a Deployment become available and answer with their version and name."""
    plane.api.create(workloads.deployment("app", namespace, replicas=2, VERSION="1.0"))

    workloads.available(plane.api, "app", namespace)

    answers = [
        workloads.fetch(address) for address in workloads.addresses(plane.api, "app", namespace)
    ]
    assert [answer.headers["X-Version"] for answer in answers] == ["1.0", "1.0"]
    assert [answer.json()["version"] for answer in answers] == ["1.0", "1.0"]
    assert len({answer.headers["X-Pod"] for answer in answers}) == 2


def test_a_slow_pod_is_not_ready_before_its_time(plane: ControlPlane, namespace: str) -> None:
    """A pod with READY_AFTER_S runs and serves, but is ready only when that time has passed."""
    created = clock.monotonic_s()
    plane.api.create(workloads.pod("slow", namespace, READY_AFTER_S="1.5"))

    running = eventually(
        lambda: [
            pod for pod in plane.api.select("v1", "Pod", namespace) if "podIP" in pod["status"]
        ],
        "the pod runs",
    )
    eventually(lambda: workloads.addresses(plane.api, "slow", namespace), "the pod is ready")

    assert not workloads.ready(running[0])
    assert clock.monotonic_s() - created > 1.5


def test_a_service_has_the_ready_pods_as_endpoints(plane: ControlPlane, namespace: str) -> None:
    """The EndpointSlices of a Service name the addresses at which its pods answer."""
    plane.api.create(workloads.service("app", namespace))
    plane.api.create(workloads.deployment("app", namespace, replicas=2))
    workloads.available(plane.api, "app", namespace)

    def endpoints() -> list[str]:
        slices = plane.api.select("discovery.k8s.io/v1", "EndpointSlice", namespace)
        return sorted(
            f"{endpoint['addresses'][0]}:{slice_['ports'][0]['port']}"
            for slice_ in slices
            for endpoint in slice_["endpoints"] or ()
            if endpoint["conditions"]["ready"]
        )

    expected = workloads.addresses(plane.api, "app", namespace)
    assert len(expected) == 2
    eventually(lambda: endpoints() == expected, "the endpoints are the pods")


def test_the_audit_log_counts_a_request(plane: ControlPlane, namespace: str) -> None:
    """A request is one record: who asked, what for, on which object, and how it was answered."""
    user = "auditor"
    with pytest.raises(ApiError, match="Forbidden"):
        plane.api.impersonating(user).get("v1", "ConfigMap", "settings", namespace)

    (record,) = eventually(lambda: plane.audit(user=user), "the request is logged")

    assert (record.verb, record.resource, record.name) == ("get", "configmaps", "settings")
    assert (record.namespace, record.subresource, record.code) == (namespace, "", 403)
    assert abs((clock.wall_clock() - record.stage_time).total_seconds()) < 60


def test_a_service_account_has_its_own_rights(plane: ControlPlane, namespace: str) -> None:
    """A kubeconfig minted for a ServiceAccount may do what RBAC grants it, and nothing else."""
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": namespace}
    plane.api.create(
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": "viewer", "namespace": namespace},
            "roleRef": role,
            "subjects": [subject],
        }
    )
    account = plane.api.bearing(plane.token_for(namespace, "default"))
    kubeconfig = plane.kubeconfig_for(namespace, "default")

    def readable() -> bool:
        try:
            return account.find("v1", "Pod", "none", namespace) is None
        except ApiError:
            return False

    eventually(readable, "the role is known")
    with pytest.raises(ApiError, match="Forbidden"):
        account.create(workloads.config_map("mine", namespace))
    question = ("auth", "whoami", "-o=jsonpath={.status.userInfo.username}")
    kubectl = (str(binaries.find("kubectl")), f"--kubeconfig={kubeconfig}", *question)
    whoami = subprocess.run(kubectl, capture_output=True, text=True, check=True)
    assert whoami.stdout == f"system:serviceaccount:{namespace}:default"


def test_the_gateway_api_is_served(
    plane: ControlPlane, namespace: str, gateway_api_crds: tuple[str, ...]
) -> None:
    """The CRDs out of the Gateway API's module make HTTPRoutes, and refuse invalid ones."""
    route: Manifest = {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "app", "namespace": namespace},
        "spec": {"rules": [{"backendRefs": [{"name": "app", "port": 80, "weight": 10}]}]},
    }

    plane.api.create(route)

    assert "httproutes.gateway.networking.k8s.io" in gateway_api_crds
    route["metadata"]["name"] = "negative"
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = -1
    with pytest.raises(ApiError, match="Invalid"):
        plane.api.create(route)


def test_a_canary_of_flagger_is_accepted(
    plane: ControlPlane, namespace: str, flagger_crds: tuple[str, ...]
) -> None:
    """The CRDs out of the real Flagger's module accept a Canary and keep its status apart."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"}
    analysis = {"interval": "10s", "threshold": 5, "maxWeight": 50, "stepWeight": 10}
    spec = {"targetRef": target, "service": {"port": 80}, "analysis": analysis}
    metadata = {"name": "app", "namespace": namespace}

    plane.api.create(
        {
            "apiVersion": "flagger.app/v1beta1",
            "kind": "Canary",
            "metadata": metadata,
            "spec": spec,
            "status": {"phase": "Progressing"},
        }
    )

    assert "canaries.flagger.app" in flagger_crds
    canary = plane.api.get("flagger.app/v1beta1", "Canary", "app", namespace)
    assert canary["spec"]["analysis"]["stepWeight"] == 10
    assert "status" not in canary


def test_what_an_object_owns_goes_with_it(plane: ControlPlane, namespace: str) -> None:
    """Objects whose owner is deleted are collected; others stay."""
    owner = plane.api.create(workloads.config_map("owner", namespace))
    uid = owner["metadata"]["uid"]
    owned = workloads.config_map("owned", namespace)
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid}
    owned["metadata"]["ownerReferences"] = [reference]
    plane.api.create(owned)
    plane.api.create(workloads.config_map("other", namespace))

    plane.api.delete("v1", "ConfigMap", "owner", namespace)

    eventually(
        lambda: plane.api.find("v1", "ConfigMap", "owned", namespace) is None,
        "what was owned is collected",
    )
    assert plane.api.find("v1", "ConfigMap", "other", namespace) is not None
