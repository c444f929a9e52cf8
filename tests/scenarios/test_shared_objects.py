"""Objects that two Canaries refer to, or that were there before: none is silently overwritten."""

import copy
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing import build
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import METRIC_ANALYSIS, TRAFFIC_ROUTE
from flagger_rollout.claims import ASKED_BY

SHARED = Key("test", "shared")


def a_canary(name: str, target: str = "", **spec: Any) -> dict[str, Any]:
    canary = build.a_canary(name)
    canary["spec"]["targetRef"]["name"] = target or name
    canary["spec"]["analysis"]["metrics"] = []
    canary["spec"] |= spec
    return canary


def a_route() -> dict[str, Any]:
    return {
        "apiVersion": TRAFFIC_ROUTE.api_version,
        "kind": TRAFFIC_ROUTE.kind,
        "metadata": {"name": SHARED.name, "namespace": SHARED.namespace},
        "spec": {
            "provider": "traefik",
            "service": {"name": "shared", "port": 80},
            "split": {"primary": 100, "canary": 0},
            "apexReady": True,
        },
    }


def reference(kind: Any) -> dict[str, str]:
    return {"apiVersion": kind.api_version, "kind": kind.kind, "name": SHARED.name}


def stalled(four: Four, name: str) -> tuple[str, str]:
    """Return reason and message of the Stalled condition, empty where there is none."""
    canary = four.world.store.get(CANARY, Key("test", name))
    assert canary is not None
    for condition in (canary.get("status") or {}).get("conditions", ()):
        if condition["type"] == "Stalled" and condition["status"] == "True":
            return condition["reason"], condition["message"]
    return "", ""


def claimant(four: Four) -> str:
    route = four.world.store.get(TRAFFIC_ROUTE, SHARED)
    assert route is not None
    return str((route["metadata"].get("annotations") or {}).get(ASKED_BY, ""))


def two_on_one_route(four: Four) -> None:
    store = four.world.store
    store.create(a_route())
    for name in ("one", "two"):
        store.create(build.a_deployment(name))
        store.create(a_canary(name, routeRef=reference(TRAFFIC_ROUTE)))
    four.simulation.run_for(60)


def test_a_route_answers_one_canary_and_the_other_is_told() -> None:
    with Four() as four:
        two_on_one_route(four)

        first = claimant(four)
        other = {"one": "two", "two": "one"}[first]
        assert stalled(four, first) == ("", "")
        reason, message = stalled(four, other)
        assert reason == "AskedByAnother"
        assert f"Canary {first}" in message


def test_a_route_is_free_again_when_its_canary_is_gone() -> None:
    with Four() as four:
        two_on_one_route(four)
        first = claimant(four)
        other = {"one": "two", "two": "one"}[first]

        four.world.store.delete(CANARY, Key("test", first))
        four.simulation.run_for(60)

        assert claimant(four) == other
        assert stalled(four, other) == ("", "")


def test_an_analysis_that_another_canary_asks_is_refused_before_a_release() -> None:
    with Four() as four:
        store = four.world.store
        store.create(
            {
                "apiVersion": METRIC_ANALYSIS.api_version,
                "kind": METRIC_ANALYSIS.kind,
                "metadata": {"name": "shared", "namespace": "test"},
                "spec": {
                    "target": {"name": "shared", "provider": "traefik"},
                    "metrics": [
                        {"name": "request-success-rate", "thresholdRange": {"min": 0}},
                    ],
                },
            }
        )
        for name in ("one", "two"):
            store.create(build.a_deployment(name))
            canary = a_canary(name)
            canary["spec"]["analysis"]["analysisRefs"] = [reference(METRIC_ANALYSIS)]
            store.create(canary)
        four.simulation.run_for(60)
        pushed = copy.deepcopy(dict(store.get(DEPLOYMENT, Key("test", "one")) or {}))
        pushed["spec"]["template"]["metadata"]["annotations"] = {"pushed": "1"}
        store.update(pushed)

        four.simulation.run_until(lambda: bool(stalled(four, "two")[0]), 120)

        assert stalled(four, "two")[0] == "AskedByAnother"
        assert stalled(four, "one") == ("", "")


def test_two_canaries_on_one_target_are_told() -> None:
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment("app"))
        store.create(a_canary("app"))
        four.simulation.run_for(60)

        store.create(a_canary("again", target="app"))
        four.simulation.run_for(60)

        reason, message = stalled(four, "again")
        assert reason == "OwnedByAnother"
        assert "Canary app" in message
        assert stalled(four, "app") == ("", "")


def test_a_primary_that_nobody_made_for_us_is_left_alone() -> None:
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment("app"))
        store.create(build.a_deployment("app-primary"))
        before = store.get(DEPLOYMENT, Key("test", "app-primary"))
        assert before is not None

        store.create(a_canary("app"))
        four.simulation.run_for(60)

        after = store.get(DEPLOYMENT, Key("test", "app-primary"))
        assert after is not None
        assert stalled(four, "app")[0] == "OwnedByAnother"
        assert after["spec"] == before["spec"]
