"""Outages, bad input and other people's hands: each is told, and survived without a restart."""

import threading
from collections.abc import Iterator, Mapping

import pytest

from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import crds, release, workloads
from tests.cluster.answering import Answer, MetricsServer, serving
from tests.cluster.api import Manifest
from tests.cluster.controllers import (
    PARTS,
    Controller,
    controller,
    grant,
    install_kinds,
    running,
)
from tests.cluster.controlplane import ControlPlane
from tests.cluster.release import PACE, Release, condition
from tests.cluster.waiting import eventually, let_pass

OURS = (
    ("routing.flagger.app/v1alpha1", "TrafficRoute"),
    ("metrics.flagger.app/v1alpha1", "MetricAnalysis"),
    ("gating.flagger.app/v1alpha1", "Gate"),
    ("v1", "Service"),
    (TRAEFIK_SERVICE.api_version, TRAEFIK_SERVICE.kind),
)
OUTAGE_S = 3.0
FLAGS = (*PACE, "--scrape-interval=1s")


@pytest.fixture(scope="module")
def server(plane: ControlPlane) -> Iterator[MetricsServer]:
    metrics = MetricsServer()
    with serving(str(plane.subnet[12]), 9095, metrics.respond) as metrics.url:
        yield metrics


@pytest.fixture(scope="module")
def ours(plane: ControlPlane) -> Iterator[Controller]:
    """All four controllers in one process, which nothing here may end."""
    install_kinds(plane, *PARTS)
    crds.install_permissive(plane.api, TRAEFIK_SERVICE)
    grant(plane, "all", *PARTS)
    process = controller(plane, 5, "all", ("flagger-py", *FLAGS))
    with running(process):
        pid = process.child.pid
        yield process
        assert process.child.pid == pid, process.child.tail()


@pytest.fixture
def app(plane: ControlPlane, namespace: str, ours: Controller) -> Release:
    return Release(plane, namespace)


def _initialised(app: Release, spec: Manifest) -> None:
    app.push("1")
    app.ask(spec)
    app.until("Initialized")


def test_a_release_outlives_the_api_server(app: Release, server: MetricsServer) -> None:
    """The API server goes away in the middle of a release; the release goes on when it is back."""
    _initialised(app, release.spec(server.url))
    app.push("2")
    app.until_weight(20)

    app.plane.stop_apiserver()
    let_pass(OUTAGE_S)
    app.plane.start_apiserver()

    app.until_closed(90.0)
    assert app.version() == "2"
    assert app.weights() == {"app-primary": 100}


def test_a_release_without_its_metrics_server_is_rolled_back(app: Release) -> None:
    """The metrics server disappears: its error is a failed check, and is told in the status."""
    metrics = MetricsServer()
    with serving(str(app.plane.subnet[12]), 9096, metrics.respond) as url:
        _initialised(app, release.spec(url))
        app.push("2")
        app.until_weight(20)

    status = app.until("Failed")

    assert ":9096" in condition(status, "Ready")["message"]
    assert app.version() == "1"
    assert app.weights() == {"app-primary": 100}


def test_a_webhook_that_hangs_is_given_up(app: Release, server: MetricsServer) -> None:
    """A webhook that never answers fails its check after its timeout."""
    released = threading.Event()

    def hang(path: str, headers: Mapping[str, str], body: str) -> Answer:
        released.wait(60.0)
        return 200, "too late"

    with serving(str(app.plane.subnet[12]), 9097, hang) as url:
        hook = {"name": "load", "type": "rollout", "url": f"{url}/load", "timeout": "1s"}
        _initialised(app, release.spec(server.url, [hook]))
        app.push("2")
        try:
            status = app.until("Failed")
        finally:
            released.set()

    assert "external check load failed" in condition(status, "Ready")["message"]
    assert app.version() == "1"


def test_a_canary_deleted_in_a_release_leaves_nothing(app: Release, server: MetricsServer) -> None:
    """After garbage collection nothing of ours is left, and nothing is made anew."""
    hook = {"name": "go", "type": "confirm-promotion", "url": "http://10.78.0.99/none"}
    _initialised(app, release.spec(server.url, [hook]))
    app.push("2")
    app.until_weight(20)

    app.plane.api.delete(release.FLAGGER, "Canary", release.NAME, app.namespace)

    # The collector looks for kinds that came after its start every half minute.
    eventually(lambda: _left(app) == [], "everything of ours is collected", 75.0)
    assert app.find("apps/v1", "Deployment"), "the target is its user's"
    let_pass(3.0)
    assert _left(app) == []


def _left(app: Release) -> list[str]:
    """Name what our controllers made and is still there."""
    found = [o for kind in OURS for o in app.plane.api.select(*kind, app.namespace)]
    if (primary := app.find("apps/v1", "Deployment", "app-primary")) != {}:
        found.append(primary)
    return [one["metadata"]["name"] for one in found]


def test_a_field_that_flux_holds_is_not_taken(app: Release, server: MetricsServer) -> None:
    """A Service whose selector kustomize-controller applies stalls the route, with the remedy."""
    service = workloads.service(release.NAME, app.namespace)
    app.plane.api.apply(service, "kustomize-controller")
    app.push("1")
    app.ask(release.spec(server.url))

    def stalled() -> Manifest:
        found = app.find("routing.flagger.app/v1alpha1", "TrafficRoute").get("status") or {}
        return condition(found, "Stalled")

    told = eventually(stalled, "the route is stalled", 40.0)
    assert told["reason"] == "FieldManagerConflict"
    assert "kustomize-controller" in told["message"]
    assert "spec: {ignore: [{paths: [" in told["message"]
    held = app.find("v1", "Service")["spec"]["selector"]

    service["spec"] = {"ports": [{"port": 8081, "name": "other"}]}
    app.plane.api.apply(service, "kustomize-controller")
    app.until("Initialized")
    assert held == {"app": "app"}
