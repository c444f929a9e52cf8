"""Each part does its job where the other three, and even their kinds, are not installed."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest

from flagger_py import clock
from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import controlplane, crds, workloads
from tests.cluster import namespace as network
from tests.cluster.answering import MetricsServer, Webhooks, serving
from tests.cluster.api import Manifest
from tests.cluster.controllers import (
    DEFINITIONS,
    PARTS,
    controller,
    grant,
    install_kinds,
    remove_kinds,
    running,
)
from tests.cluster.controlplane import ControlPlane
from tests.cluster.others import MADE_UP, MAY_ASK, Others
from tests.cluster.release import METRICS, PACE, Release, condition
from tests.cluster.waiting import eventually


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own, on which no kind of ours was ever installed."""
    if not network.inside():
        pytest.skip("start it as `python -m tests.cluster.namespace -- pytest tests/cluster`")
    with controlplane.prepare(tmp_path_factory.mktemp("bare")) as plane:
        yield plane


@contextmanager
def alone(
    plane: ControlPlane, part: str, *flags: str, also: Sequence[Manifest] = ()
) -> Iterator[str]:
    """Run the controller of *part* with only its own kinds installed; gives a namespace."""
    install_kinds(plane, part)
    present = {crd["metadata"]["name"] for crd in plane.api.select(*_CRD)}
    own = {".".join(reversed(file.split("_"))) for file in DEFINITIONS[part]}
    assert {name for name in present if "flagger.app" in name} == own
    grant(plane, f"only-{part}", part, also=also)
    namespace = f"alone-{part}"
    plane.create_namespace(namespace)
    process = controller(plane, PARTS.index(part), f"only-{part}", (f"flagger-{part}", *flags))
    try:
        with running(process):
            yield namespace
    finally:
        remove_kinds(plane, part)
    assert plane.audit(user=process.user, code=403) == []


def test_metrics_alone_judges_an_analysis(bare: ControlPlane) -> None:
    """A MetricAnalysis written by hand gets a verdict for each run token."""
    server = MetricsServer()
    analysis: Manifest = {
        "apiVersion": "metrics.flagger.app/v1alpha1",
        "kind": "MetricAnalysis",
        "metadata": {"name": "app"},
        "spec": {"metrics": list(METRICS)},
    }
    with (
        serving(str(bare.subnet[12]), 9091, server.respond) as url,
        alone(bare, "metrics", "--scrape-interval=1s") as namespace,
    ):
        analysis["metadata"]["namespace"] = namespace
        analysis["spec"]["target"] = {"name": "app", "provider": "traefik", "metricsServer": url}

        def judged(token: str) -> Manifest:
            now = clock.wall_clock()
            # Within a second equal queries are asked once, whoever asks them.
            since, due = (clock.rfc3339_micro(now + timedelta(seconds=s)) for s in (0, 1.5))
            analysis["spec"]["run"] = {"token": token, "since": since, "due": due}
            bare.api.apply(analysis)
            return _status(
                bare, analysis, lambda s: s.get("run") == token and s["verdict"] != "Pending"
            )

        assert judged("one")["verdict"] == "Passed"
        server.success_rate = 98.0
        verdict = judged("two")

    assert verdict["verdict"] == "Failed"
    assert [m["value"] for m in verdict["measurements"]] == [98.0, 20.0]


def test_routing_alone_splits_traffic(bare: ControlPlane) -> None:
    """A TrafficRoute written by hand makes Services and puts its split in force."""
    crds.install_permissive(bare.api, TRAEFIK_SERVICE)
    route: Manifest = {
        "apiVersion": "routing.flagger.app/v1alpha1",
        "kind": "TrafficRoute",
        "metadata": {"name": "app"},
        "spec": {
            "provider": "traefik",
            "service": {"port": 80, "targetPort": "http"},
            "selectors": {"primary": {"app": "app-primary"}, "canary": {"app": "app"}},
            "split": {"primary": 70, "canary": 30},
        },
    }
    with alone(bare, "routing") as namespace:
        route["metadata"]["namespace"] = namespace
        bare.api.apply(workloads.deployment("app-primary", namespace))
        bare.api.apply(route)
        waiting = _status(bare, route, lambda s: condition(s, "Ready").get("status") == "False")
        bare.api.apply(workloads.deployment("app", namespace))
        status = _status(bare, route, lambda s: condition(s, "Ready").get("status") == "True")
        weights = Release(bare, namespace).weights()

    assert condition(waiting, "Ready")["reason"] == "BackendNotReady"
    assert {"primary": 70, "canary": 30}.items() <= status["inForce"]["split"].items()
    assert weights == {"app-primary": 70, "app-canary": 30}


def test_gating_alone_asks_a_gate(bare: ControlPlane) -> None:
    """A Gate written by hand is closed when its webhook says no, and open when it says yes."""
    hooks = Webhooks(answers={"/gate": (403, "not on a Friday")})
    gate: Manifest = {
        "apiVersion": "gating.flagger.app/v1alpha1",
        "kind": "Gate",
        "metadata": {"name": "app"},
        "spec": {"interval": "1s", "run": {"token": "one"}},
    }
    with (
        serving(str(bare.subnet[12]), 9092, hooks.respond) as url,
        alone(bare, "gating") as namespace,
    ):
        gate["metadata"]["namespace"] = namespace
        gate["spec"]["question"] = {"webhook": {"url": f"{url}/gate"}}
        bare.api.apply(gate)
        denied = _status(bare, gate, lambda s: (s.get("answer") or {}).get("value") == "Denied")
        eventually(lambda: len(hooks.polls) > 1, "a closed gate is asked again")
        hooks.answers.clear()
        status = _status(bare, gate, lambda s: condition(s, "Open").get("status") == "True")

    assert condition(denied, "Open")["status"] == "False"
    assert denied["answer"]["text"] == "not on a Friday"
    assert status["run"]["token"] == "one"
    assert len({poll.key for poll in hooks.polls}) == status["run"]["polls"] == len(hooks.polls)


def test_rollout_alone_is_served_by_anybody(bare: ControlPlane) -> None:
    """With route, analysis and gate of made-up kinds one release succeeds and one is undone."""
    crds.install_permissive(bare.api, *MADE_UP)
    with alone(bare, "rollout", *PACE, also=(MAY_ASK,)) as namespace:
        app = Release(bare, namespace)
        others = Others(bare, namespace)
        app.push("1")
        app.ask(others.spec())
        _played(app, others, "Initialized")

        others.open = False
        app.push("2")
        others.answer_until(
            lambda: condition(app.status, "Reconciling").get("reason") == "GateClosed",
            "the permit holds the release up",
        )
        held = app.ready()["message"]
        others.open = True
        _played(app, others, "Succeeded")
        assert app.version() == "2"
        assert sorted(others.shares) == [0, 30, 60]

        others.verdict = "Failed"
        app.push("3")
        _played(app, others, "Failed")
        assert app.version() == "2"
        assert others.split()["primary"] == 100

    assert "Permit app" in held


def _played(app: Release, others: Others, phase: str) -> None:
    others.answer_until(lambda: app.status.get("phase") == phase, f"phase {phase}")


def _status(plane: ControlPlane, manifest: Manifest, holds: object) -> Manifest:
    """Wait until the status of an object is such that it *holds*."""
    assert callable(holds)
    meta = manifest["metadata"]
    where = (manifest["apiVersion"], manifest["kind"], meta["name"], meta["namespace"])

    def seen() -> Manifest | None:
        status: Manifest = plane.api.get(*where).get("status") or {}
        return status if holds(status) else None

    found = eventually(seen, f"the status of {manifest['kind']} {meta['name']}")
    assert found is not None
    return found


_CRD = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
