"""What the routers make of a service is what Flagger 1.44 was recorded to make of it.

Deliberately different, and not compared therefore:

- The owner is the TrafficRoute and not the Canary: each part owns what it makes.
- A TraefikService gives a primary without share the weight 0; Flagger leaves the weight out, which
  Traefik reads as 1, so that one request of 101 still goes to the primary.
- Header matches are in the order of their names; Flagger's order is random, which makes it rewrite
  the route for ever (`gatewayapi-v1-headers`).
- Drift is put back to the split that should be in force, so the 100/0 in between is not there.

Left out: session affinity, which is refused for now; A/B matches by prefix, which Flagger renders
as «everybody»; Service targets, whose Services a TrafficRoute without selectors leaves alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from flagger_py.refs import SERVICE
from flagger_py.testing.served import HTTP_ROUTE, TRAEFIK_SERVICE
from tests.routing.bench import Bench

RENDERS = Path(__file__).parents[1] / "compat" / "renders"
CASES = sorted(
    path.stem
    for path in RENDERS.glob("*.json")
    if path.stem.partition("-")[0] in ("gatewayapi", "kubernetes", "traefik")
)
KINDS = {"Service": SERVICE, "HTTPRoute": HTTP_ROUTE, "TraefikService": TRAEFIK_SERVICE}
RANDOM = ("clusterIP", "clusterIPs")


@pytest.mark.parametrize("case", CASES)
def test_every_moment_of_a_recorded_release_has_the_same_objects(case: str) -> None:
    recorded = json.loads((RENDERS / f"{case}.json").read_text())
    names = [f"{recorded['service']['name']}-{side}" for side in ("primary", "canary")]
    bench = Bench(
        {
            "provider": recorded["provider"],
            "service": recorded["service"],
            "selectors": recorded["selectors"],
        },
        serving=tuple(names),
    )
    _allow_mirrors(bench)

    for moment in recorded["moments"]:
        bench.edit(split=moment["split"])
        bench.settle()

        for name, expected in moment["objects"].items():
            assert _stored(bench, name) == _expected(expected), moment["moment"]


def test_there_are_recorded_cases_of_every_router() -> None:
    assert {case.partition("-")[0] for case in CASES} == {"gatewayapi", "kubernetes", "traefik"}
    assert len(CASES) >= 19


def _allow_mirrors(bench: Bench) -> None:
    """Make the Gateways that the recorded routes attach to, of a class that mirrors."""
    for namespace, name in (("gateways", "public"), ("shop", "private")):
        bench.store.create(
            {
                "apiVersion": "gateway.networking.k8s.io/v1",
                "kind": "Gateway",
                "metadata": {"name": name, "namespace": namespace},
                "spec": {"gatewayClassName": "contour", "listeners": []},
            }
        )


def _stored(bench: Bench, name: str) -> dict[str, Any]:
    kind, _, own = name.partition("/")
    found = bench.get(KINDS[kind], own)
    assert found is not None, f"{name} is not there"
    return _plain(found)


def _expected(recorded: Mapping[str, Any]) -> dict[str, Any]:
    found = _plain(recorded)
    for entry in found["spec"].get("weighted", {}).get("services", ()):
        entry.setdefault("weight", 0)
    for rule in found["spec"].get("rules", ()):
        for match in rule["matches"]:
            if "headers" in match:
                match["headers"].sort(key=lambda header: header["name"])
    return found


def _plain(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a router decides; the namespace is the test's."""
    copy: dict[str, Any] = json.loads(json.dumps(manifest))
    meta = copy["metadata"]
    for entry in copy["spec"].get("weighted", {}).get("services", ()):
        entry["namespace"] = "-"
    return {
        "kind": copy["kind"],
        "labels": meta.get("labels", {}),
        "annotations": meta.get("annotations", {}),
        "spec": {name: value for name, value in copy["spec"].items() if name not in RANDOM},
    }
