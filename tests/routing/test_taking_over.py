"""What Flagger left is taken over as it is meant, and handed back without its release."""

from typing import Any

import pytest

from flagger_routing.api import TRAFFIC_ROUTE
from tests.routing.bench import NAMESPACE, Bench, a_spec
from tests.routing.test_adoption import delete
from tests.routing.test_apex import USERS_APEX


def a_backend(name: str, weight: int) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": name, "port": 80, "weight": weight}


@pytest.mark.parametrize(
    ("provider", "kind", "spec"),
    [
        (
            "gatewayapi:v1",
            "gateway.networking.k8s.io/v1 HTTPRoute",
            {
                "parentRefs": [{"name": "public", "namespace": "gateways"}],
                "hostnames": ["app.example.com"],
                "rules": [
                    {"backendRefs": [a_backend("app-primary", 60), a_backend("app-canary", 40)]}
                ],
            },
        ),
        (
            "traefik",
            "traefik.io/v1alpha1 TraefikService",
            {
                "weighted": {
                    "services": [
                        {"name": "app-primary", "port": 80, "weight": 60},
                        {"name": "app-canary", "port": 80, "weight": 40},
                    ]
                }
            },
        ),
    ],
    ids=["gatewayapi", "traefik"],
)
def test_a_route_in_the_middle_of_a_release_is_handed_back_without_a_share_for_the_canary(
    provider: str, kind: str, spec: dict[str, Any]
) -> None:
    api_version, name = kind.split()
    meta = {"name": "app", "namespace": NAMESPACE}
    bench = Bench(a_spec(provider))
    bench.store.create(
        {"apiVersion": api_version, "kind": name, "metadata": meta, "spec": spec}, "flagger"
    )
    bench.settle()

    delete(bench)
    bench.settle()

    shares = bench.shares()
    assert (shares["app-primary"], shares.get("app-canary", 0)) == (100, 0)
    assert bench.route()["spec"].get("hostnames") == spec.get("hostnames")
    assert bench.manifest is None


CUSTOM = {"apex": {"labels": {"tier": "web"}, "annotations": {"team": "red"}}}
CANARY = {
    "apiVersion": "flagger.app/v1beta1",
    "kind": "Canary",
    "name": "app",
    "uid": "uid-of-the-canary",
    "controller": True,
}


def with_flaggers_apex(owned_by: str) -> Bench:
    """Return a bench whose TrafficRoute and apex Service were made by Canaries."""
    service = {**CUSTOM, "headless": True, "trafficDistribution": "PreferClose"}
    bench = Bench(a_spec("kubernetes", service=service))
    bench.hand(TRAFFIC_ROUTE, "app", {"metadata": {"ownerReferences": [CANARY]}})
    meta = {
        **USERS_APEX["metadata"],
        "annotations": {"team": "old"},
        "ownerReferences": [{**CANARY, "uid": owned_by}],
    }
    bench.store.create({**USERS_APEX, "metadata": meta}, "flagger")
    bench.settle()
    return bench


def test_a_service_that_our_canary_made_gets_its_metadata() -> None:
    bench = with_flaggers_apex("uid-of-the-canary")

    meta = bench.service()["metadata"]

    assert meta["labels"] == {"tier": "web", "app": "app"}
    assert meta["annotations"]["team"] == "red"
    assert bench.status.ignored == ("service.headless", "service.trafficDistribution")


def test_its_metadata_is_handed_back() -> None:
    bench = with_flaggers_apex("uid-of-the-canary")

    delete(bench)
    bench.settle()

    meta = bench.service()["metadata"]
    assert meta["annotations"] == {"team": "old"}
    assert not meta.get("labels")


def test_what_somebody_elses_service_does_not_take_is_told() -> None:
    bench = with_flaggers_apex("another-uid")

    assert bench.service()["metadata"]["annotations"]["team"] == "old"
    assert bench.status.ignored == (
        "service.apex.annotations",
        "service.apex.labels",
        "service.headless",
        "service.trafficDistribution",
    )
    assert "service.apex.labels" in bench.events("FieldsIgnored")[0]


def test_a_headless_service_of_a_user_is_no_field_that_was_ignored() -> None:
    bench = Bench(a_spec("kubernetes"))
    spec = {**USERS_APEX["spec"], "clusterIP": "None"}
    bench.store.create({**USERS_APEX, "spec": spec}, "kubectl-create")

    bench.settle()

    assert bench.status.ignored == ()
