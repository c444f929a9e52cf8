"""What a user is told whose tool holds a field that we must set: who, what, and the way out."""

from typing import Any

import pytest

from flagger_py.errors import Conflict
from flagger_py.runtime.conflicts import GITOPS_MANAGERS, explain_conflict, held_by_gitops, pointer

DEPLOYMENT = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "podinfo", "namespace": "apps"},
}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "apps"}}


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        pytest.param(".spec.replicas", "/spec/replicas", id="plain"),
        pytest.param(
            ".metadata.annotations.app.example/x",
            "/metadata/annotations/app.example~1x",
            id="slash",
        ),
        pytest.param(".metadata.labels.a~b", "/metadata/labels/a~0b", id="tilde"),
        pytest.param(
            ".spec.template.metadata.annotations.a.b/c",
            "/spec/template/metadata/annotations/a.b~1c",
            id="pod-annotation",
        ),
        pytest.param(".data.app.yaml", "/data/app.yaml", id="data"),
        pytest.param(".spec.data.a.b", "/spec/data/a/b", id="data-elsewhere"),
        pytest.param(
            '.spec.template.spec.containers[name="app"].image',
            "/spec/template/spec/containers",
            id="keyed",
        ),
        pytest.param('.spec.ports[port=80,protocol="TCP"].name', "/spec/ports", id="several-keys"),
        pytest.param('.spec.hosts[name="a].b"].x', "/spec/hosts", id="bracket-in-a-key"),
        pytest.param('.metadata.finalizers[="a.b/c"]', "/metadata/finalizers", id="set"),
        pytest.param(".spec.rules[0].weight", "/spec/rules/0/weight", id="index"),
        pytest.param(
            '.spec.template.spec.containers[name="app"].resources.limits.nvidia.com/gpu',
            "/spec/template/spec/containers",
            id="keyed-before-free-keys",
        ),
    ],
)
def test_a_path_of_the_api_server_becomes_a_json_pointer(path: str, wanted: str) -> None:
    assert pointer(path) == wanted


@pytest.mark.parametrize(
    ("manager", "manifest", "told"),
    [
        pytest.param(
            "kustomize-controller",
            DEPLOYMENT,
            "Remove these fields from what kustomize-controller applies, or add to its "
            'Kustomization: spec: {ignore: [{paths: ["/spec/replicas"], '
            "target: {kind: Deployment, name: podinfo}}]}",
            id="kustomize-controller",
        ),
        pytest.param(
            "helm-controller",
            DEPLOYMENT,
            "by its HelmRelease's values or postRenderers; if that detects drift, add to it: "
            'spec: {driftDetection: {ignore: [{paths: ["/spec/replicas"], '
            "target: {kind: Deployment, name: podinfo}}]}}",
            id="helm-controller",
        ),
        pytest.param(
            "argocd-controller",
            DEPLOYMENT,
            "spec: {ignoreDifferences: [{group: apps, kind: Deployment, name: podinfo, "
            'namespace: apps, jsonPointers: ["/spec/replicas"]}], '
            "syncPolicy: {syncOptions: [RespectIgnoreDifferences=true]}}",
            id="argo-cd",
        ),
        pytest.param(
            "argocd-controller", SERVICE, "[{kind: Service, name: web,", id="argo-cd-core-group"
        ),
        pytest.param(
            "kubectl",
            DEPLOYMENT,
            "holds .spec.replicas. Remove these fields from what kubectl applies",
            id="kubectl",
        ),
    ],
)
def test_each_tool_is_told_its_own_way_out(
    manager: str, manifest: dict[str, Any], told: str
) -> None:
    conflict = Conflict("patch", managers=(manager,), fields=(".spec.replicas",))

    message = explain_conflict(manifest, conflict)

    assert told in message
    assert f"field manager {manager} holds" in message
    assert message.count("spec: {") == (manager in GITOPS_MANAGERS)


def test_two_tools_that_hold_a_field_are_both_told() -> None:
    conflict = Conflict("patch", managers=("helm-controller", "argocd"), fields=(".spec.paused",))

    message = explain_conflict(DEPLOYMENT, conflict)

    assert "driftDetection" in message
    assert "ignoreDifferences" in message


def test_two_items_of_a_list_are_one_pointer() -> None:
    fields = ('.spec.ports[name="a"].port', '.spec.ports[name="b"].port')
    conflict = Conflict("patch", managers=("kustomize-controller",), fields=fields)

    assert 'paths: ["/spec/ports"]' in explain_conflict(SERVICE, conflict)


def test_argo_cds_application_controller_is_a_gitops_tool() -> None:
    assert held_by_gitops(("argocd-application-controller",))
    assert not held_by_gitops(("kubectl-edit",))
