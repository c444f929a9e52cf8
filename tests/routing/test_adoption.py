"""What was there before is changed as little as possible, remembered, and handed back."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagger_py.refs import SERVICE, Key
from flagger_routing.api import FINALIZER, TRAFFIC_ROUTE
from tests.routing.bench import NAMESPACE, Bench, a_spec

TOOLKIT = "kustomize.toolkit.fluxcd.io/reconcile"
USERS_SERVICE: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {
        "name": "app",
        "namespace": NAMESPACE,
        "labels": {"mine": "yes"},
        "annotations": {"note": "mine"},
    },
    "spec": {
        "type": "NodePort",
        "selector": {"app": "app"},
        "ports": [
            {"name": "web", "port": 80, "protocol": "TCP", "targetPort": 9898, "nodePort": 30080}
        ],
    },
}


def adopting(existing: Mapping[str, Any], spec: Mapping[str, Any] | None = None) -> Bench:
    bench = Bench(spec or a_spec("kubernetes"))
    bench.store.create(existing, "kubectl-create")
    bench.settle()
    return bench


def delete(bench: Bench) -> None:
    bench.store.delete(TRAFFIC_ROUTE, Key(NAMESPACE, "app"))


def essence(manifest: Mapping[str, Any] | None) -> dict[str, Any]:
    assert manifest is not None
    meta = manifest["metadata"]
    kept = {name: meta.get(name) or {} for name in ("labels", "annotations", "ownerReferences")}
    return {**kept, "spec": manifest["spec"]}


def test_of_an_adopted_service_only_ports_selector_and_two_annotations_change() -> None:
    bench = adopting(USERS_SERVICE)

    service = bench.service()

    assert service["spec"]["selector"] == {"app": "app-primary"}
    assert service["spec"]["ports"] == [
        {"name": "http", "port": 80, "protocol": "TCP", "targetPort": 8080, "nodePort": 30080}
    ]
    assert service["spec"]["type"] == "NodePort"
    assert service["metadata"]["labels"] == {"mine": "yes"}
    assert set(service["metadata"]["annotations"]) == {
        "note",
        TOOLKIT,
        "helm.toolkit.fluxcd.io/driftDetection",
    }
    assert "ownerReferences" not in service["metadata"]


def test_what_is_adopted_is_remembered_before_it_is_changed() -> None:
    bench = Bench(a_spec("kubernetes"))
    bench.store.create(USERS_SERVICE, "kubectl-create")

    bench.go()
    untouched = bench.service()["spec"]["selector"]
    remembered = bench.status.adopted
    bench.settle()

    assert untouched == {"app": "app"}
    assert [one.name for one in remembered] == ["app"]
    assert bench.manifest is not None
    assert bench.manifest["metadata"]["finalizers"] == [FINALIZER]
    assert len(bench.events("Adopted")) == 1


def test_an_object_that_changes_before_it_is_adopted_is_remembered_as_it_is_then() -> None:
    bench = Bench(a_spec("kubernetes"))
    bench.store.create(USERS_SERVICE, "kubectl-create")
    bench.go()

    bench.hand(SERVICE, "app", {"spec": {"selector": {"app": "newer"}}})
    bench.settle()

    assert bench.status.adopted[0].fields["spec"]["selector"] == {"app": "newer"}


def test_a_deleted_route_hands_the_service_back_as_it_was() -> None:
    bench = adopting(USERS_SERVICE)

    delete(bench)
    bench.settle()

    assert essence(bench.service())["spec"]["ports"] == USERS_SERVICE["spec"]["ports"]
    assert essence(bench.service())["spec"]["selector"] == {"app": "app"}
    assert bench.service()["metadata"]["annotations"] == {"note": "mine"}
    assert bench.manifest is None


def test_annotations_that_we_wrote_over_come_back() -> None:
    theirs = {**USERS_SERVICE["metadata"], "annotations": {TOOLKIT: "enabled"}}
    bench = adopting({**USERS_SERVICE, "metadata": theirs})

    during = bench.service()["metadata"]["annotations"][TOOLKIT]
    delete(bench)
    bench.settle()

    assert during == "disabled"
    assert bench.service()["metadata"]["annotations"] == {TOOLKIT: "enabled"}


def test_an_apex_that_flagger_switched_is_handed_back_to_the_target() -> None:
    switched = {
        **USERS_SERVICE,
        "metadata": {**USERS_SERVICE["metadata"], "annotations": {TOOLKIT: "disabled"}},
        "spec": {**USERS_SERVICE["spec"], "selector": {"app": "app-primary"}},
    }
    bench = adopting(switched)

    delete(bench)
    bench.settle()

    assert bench.service()["spec"]["selector"] == {"app": "app"}
    assert bench.service()["metadata"]["annotations"] == {TOOLKIT: "enabled"}


@pytest.mark.parametrize(
    ("provider", "route"),
    [
        (
            "traefik",
            {
                "apiVersion": "traefik.io/v1alpha1",
                "kind": "TraefikService",
                "spec": {"weighted": {"services": [{"name": "old", "port": 80, "weight": 1}]}},
            },
        ),
        (
            "gatewayapi:v1",
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "HTTPRoute",
                "spec": {
                    "parentRefs": [{"name": "old"}],
                    "hostnames": ["old.example.com"],
                    "rules": [{"backendRefs": [{"name": "old", "port": 80}]}],
                },
            },
        ),
    ],
    ids=["traefik", "gatewayapi"],
)
def test_an_adopted_route_is_handed_back_as_it_was(provider: str, route: dict[str, Any]) -> None:
    meta = {"name": "app", "namespace": NAMESPACE, "labels": {"mine": "yes"}}
    bench = Bench(a_spec(provider))
    original = bench.store.create({**route, "metadata": meta}, "kubectl-create")
    bench.settle()
    during = bench.shares()

    delete(bench)
    bench.settle()

    assert set(during) <= {"app-primary", "app-canary"}
    assert essence(bench.route()) == essence(original)


def test_an_adopted_object_that_was_deleted_is_made_anew_as_ours() -> None:
    bench = adopting(USERS_SERVICE)
    bench.world.clock.advance(60)

    bench.store.delete(SERVICE, Key(NAMESPACE, "app"))
    bench.settle()

    assert bench.service()["metadata"]["ownerReferences"]
    assert bench.status.adopted == ()
    assert bench.manifest is not None
    assert not bench.manifest["metadata"].get("finalizers")


def test_handing_back_takes_nothing_from_a_gitops_tool_that_took_over() -> None:
    bench = adopting(USERS_SERVICE)
    taken = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "app", "namespace": NAMESPACE},
        "spec": {"selector": {"app": "flux"}},
    }
    bench.store.apply(taken, "kustomize-controller", force=True)

    delete(bench)
    bench.settle()

    assert bench.service()["spec"]["selector"] == {"app": "flux"}
    assert bench.manifest is None
    assert len(bench.events("FieldManagerConflict")) == 1


def test_a_service_that_a_gitops_tool_applies_stalls_with_the_way_out() -> None:
    bench = Bench(a_spec("kubernetes"))
    bench.store.apply(USERS_SERVICE, "kustomize-controller")

    bench.settle()

    assert bench.condition("Stalled") == ("True", "FieldManagerConflict")
    assert "spec: {ignore:" in bench.message()
    assert bench.service()["spec"]["selector"] == {"app": "app"}


def test_what_is_too_large_to_be_remembered_is_not_adopted() -> None:
    ports = [
        {"name": f"port-{n}", "port": n, "protocol": "TCP", "targetPort": n}
        for n in range(1000, 1400)
    ]
    spec = {"selector": {"app": "app"}, "ports": ports}

    bench = adopting({**USERS_SERVICE, "spec": spec})

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert bench.service()["spec"]["selector"] == {"app": "app"}


def test_the_objects_of_another_traffic_route_are_not_taken() -> None:
    bench = Bench()
    other = {"apiVersion": TRAFFIC_ROUTE.api_version, "kind": "TrafficRoute", "name": "other"}
    owner = {**other, "uid": "uid-other", "controller": True}
    meta = {**USERS_SERVICE["metadata"], "ownerReferences": [owner]}
    bench.store.create({**USERS_SERVICE, "metadata": meta}, "flagger-routing")

    bench.settle()

    assert bench.condition() == ("False", "OwnedByAnother")
    assert bench.service()["spec"]["selector"] == {"app": "app"}
