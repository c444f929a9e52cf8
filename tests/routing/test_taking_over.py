"""What Flagger left is taken over as it is meant, and handed back without its release."""

from typing import Any

import pytest

from tests.routing.bench import NAMESPACE, Bench, a_spec
from tests.routing.test_adoption import delete


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
