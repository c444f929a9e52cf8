"""What is not there yet, a kind or a right, is named in one line, and noticed when it comes."""

from collections.abc import Iterator

import pytest

from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import crds, release
from tests.cluster.answering import MetricsServer, serving
from tests.cluster.controllers import (
    PARTS,
    controller,
    grant,
    install_kinds,
    remove_kinds,
    rules,
    running,
)
from tests.cluster.controlplane import ControlPlane
from tests.cluster.release import PACE, Release, condition
from tests.cluster.waiting import eventually

DENIED = ((release.FLAGGER, "Canary"), ("routing.flagger.app/v1alpha1", "TrafficRoute"))


@pytest.fixture
def server(plane: ControlPlane) -> Iterator[MetricsServer]:
    metrics = MetricsServer()
    with serving(str(plane.subnet[12]), 9098, metrics.respond) as metrics.url:
        yield metrics


@pytest.fixture
def app(plane: ControlPlane, namespace: str) -> Iterator[Release]:
    """A namespace in which all four controllers, in one process, lead a release."""
    install_kinds(plane, *PARTS)
    crds.install_permissive(plane.api, TRAEFIK_SERVICE)
    grant(plane, "host", *PARTS)
    process = controller(plane, 8, "host", ("flagger-py", *PACE, "--scrape-interval=1s"))
    with running(process):
        yield Release(plane, namespace)


def test_a_kind_installed_late_is_noticed(plane: ControlPlane) -> None:
    """Without its definition the process starts, says so once, and is ready when it comes."""
    remove_kinds(plane, "gating")
    grant(plane, "early", "gating")
    process = controller(plane, 6, "early", ("flagger-gating",))
    missing = "install its CustomResourceDefinition"
    process.child.start()
    try:
        eventually(lambda: missing in process.log, "what is missing is said", 30.0)
        assert not process.ready
        install_kinds(plane, "gating")
        process.until_ready()
    finally:
        process.child.stop()
        install_kinds(plane, "gating")

    assert process.log.count(missing) == 1


def test_a_right_granted_late_is_noticed(plane: ControlPlane) -> None:
    """Without its rights the process starts, names the rule that is missing, and recovers."""
    grant(plane, "poor")
    process = controller(plane, 7, "poor", ("flagger-gating",))
    rule = "resources [gates], verbs [get, list, watch]"
    process.child.start()
    try:
        eventually(lambda: rule in process.log, "the missing rule is said", 30.0)
        assert not process.ready
        grant(plane, "poor", "gating")
        process.until_ready()
    finally:
        process.child.stop()

    assert process.log.count(rule) == 1


def test_a_tenant_without_rights_is_told_which(app: Release, server: MetricsServer) -> None:
    """A Canary is served with the rights of its account; what those lack is in its status."""
    asked = {**release.spec(server.url), "serviceAccountName": "default"}
    app.push("1")
    app.ask(asked)

    told = eventually(lambda: condition(app.status, "Stalled"), "the Canary is stalled")
    assert told["reason"] == "AccessDenied"
    assert f"system:serviceaccount:{app.namespace}:default may not" in told["message"]
    assert "deployments" in told["message"]

    _let_tenant(app)
    eventually(lambda: _poked(app) == "Initialized", "the Canary is initialised", 90.0, 1.0)
    app.push("2")
    app.until_closed(90.0)
    tenant = f"system:serviceaccount:{app.namespace}:default"
    written = {r.resource for r in app.plane.audit(user=tenant) if r.verb in ("patch", "create")}
    assert {"deployments", "services", "traefikservices"} <= written


def _let_tenant(app: Release) -> None:
    """Bind what the chart's tenant roles say to the account, in its namespace alone."""
    tenant = [rule for part in PARTS for rule in rules(part, roles=("-tenant",))]
    metadata = {"name": "tenant", "namespace": app.namespace}
    api = "rbac.authorization.k8s.io/v1"
    app.plane.api.apply({"apiVersion": api, "kind": "Role", "metadata": metadata, "rules": tenant})
    subject = {"kind": "ServiceAccount", "name": "default", "namespace": app.namespace}
    app.plane.api.apply(
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "tenant"},
            "subjects": [subject],
        }
    )


def _poked(app: Release) -> str:
    """Ask for a pass of all that was denied, as a user does who has waited enough."""
    for api_version, kind in DENIED:
        found = app.find(api_version, kind)
        if condition(found.get("status") or {}, "Stalled"):
            path = app.plane.api.path(api_version, kind, app.namespace, release.NAME)
            stamp = found["metadata"]["resourceVersion"]
            app.plane.api.merge(
                path, {"metadata": {"annotations": {"reconcile.fluxcd.io/requestedAt": stamp}}}
            )
    return str(app.status.get("phase"))
