"""What the World collects, and what it calls wrong."""

from datetime import timedelta
from typing import Any

import pytest

from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, NAMESPACE, Key, owner_reference
from flagger_py.testing import (
    Health,
    Simulation,
    VirtualClock,
    World,
    a_canary,
    a_deployment,
    a_service,
    an_http_route,
    inconsistencies,
    kstatus,
    violations,
)
from flagger_py.testing.clock import START
from flagger_py.testing.collector import Collector
from flagger_py.testing.served import HTTP_ROUTE
from flagger_py.wire import Manifest

APP = Key("test", "app")


def a_child(*owners: Manifest, name: str = "child", **meta: Any) -> dict[str, Any]:
    references = [owner_reference(owner) for owner in owners]
    for reference in references[1:]:
        reference["controller"] = False
    named = {"name": name, "namespace": "test", "ownerReferences": references, **meta}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named}


def children(world: World) -> list[str]:
    return [str(item["metadata"]["name"]) for item in world.store.list(CONFIG_MAP)]


def test_children_of_a_deleted_owner_go_after_a_while() -> None:
    world = World()
    owner = world.store.create(a_deployment())
    child = world.store.create(a_child(owner))
    world.store.create(a_child(child, name="grandchild"))
    with Simulation(world) as simulation:
        simulation.run_for(10)
        world.store.delete(DEPLOYMENT, APP)

        simulation.run_for(0.5)
        assert children(world) == ["child", "grandchild"]
        assert "collection is overdue" in inconsistencies(world.store)[0]

        simulation.run_for(5)
        assert children(world) == []
        assert inconsistencies(world.store) == ()


def test_a_child_with_another_owner_stays() -> None:
    world = World()
    first, second = (world.store.create(a_deployment(name)) for name in ("app", "other"))
    world.store.create(a_child(first, second))
    with Simulation(world) as simulation:
        world.store.delete(DEPLOYMENT, APP)
        simulation.run_for(5)

    (child,) = world.store.list(CONFIG_MAP)
    assert [o["name"] for o in child["metadata"]["ownerReferences"]] == ["other"]


def test_an_owner_in_another_namespace_is_none() -> None:
    world = World()
    owner = world.store.create(a_deployment(namespace="elsewhere"))
    world.store.create(a_child(owner))

    with Simulation(world) as simulation:
        simulation.run_for(5)

    assert children(world) == []


def test_a_collector_finds_what_was_there_before_it() -> None:
    world = World()
    owner = world.store.create(a_deployment())
    world.store.create(a_child(owner))
    world.store.delete(DEPLOYMENT, APP)
    collector = Collector(world.store, delay_s=3)

    assert collector.act(world.store, world.clock()) == 3
    world.clock.advance(3)
    assert collector.act(world.store, world.clock()) is None
    assert children(world) == []


def test_a_namespace_goes_when_nothing_is_left_in_it() -> None:
    world = World()
    world.store.create(a_deployment())
    world.store.create(a_child(name="held", finalizers=["example.com/hold"]))
    place = Key("", "test")
    with Simulation(world) as simulation:
        world.store.delete(NAMESPACE, place)
        simulation.run_for(60)
        assert world.store.get(DEPLOYMENT, APP) is None
        held = world.store.get(NAMESPACE, place)
        assert held is not None
        assert held["status"]["phase"] == "Terminating"

        world.store.patch(CONFIG_MAP, Key("test", "held"), {"metadata": {"finalizers": []}})
        simulation.run_for(60)

        assert world.store.get(NAMESPACE, place) is None


def test_time_moves_only_when_told_to() -> None:
    clock = VirtualClock()

    clock.advance(1.5)
    clock.jump(60)

    assert clock() == START + timedelta(seconds=61.5)
    assert clock.elapsed_s == 1.5
    with pytest.raises(ValueError, match="does not run backwards"):
        clock.advance(-1)


def test_weights_of_ours_sum_to_100() -> None:
    world = World()
    route = an_http_route()
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = 99

    world.store.apply(route, "kubectl")
    assert inconsistencies(world.store) == ()

    world.store.apply(route, "flagger-routing", force=True)
    assert inconsistencies(world.store) == (
        "httproutes.gateway.networking.k8s.io test/app: "
        "the weights [99, 0] of rule 0 sum to 99, not to 100",
    )


def test_a_simulation_stops_at_the_first_broken_law() -> None:
    world = World()
    route = an_http_route()
    route["spec"]["rules"][0]["backendRefs"][0]["weight"] = 99
    with Simulation(world) as simulation:
        world.store.apply(route, "flagger-routing")
        with pytest.raises(AssertionError, match="sum to 99"):
            simulation.run_for(1)

    world.store.delete(HTTP_ROUTE, APP)
    with Simulation(world, strict=False) as simulation:
        world.store.apply(route, "flagger-routing")
        simulation.run_for(1)


def an_object(generation: int, observed: int | None = None, **conditions: str) -> dict[str, Any]:
    status: dict[str, Any] = {} if observed is None else {"observedGeneration": observed}
    status["conditions"] = [
        {"type": kind, "status": value, "message": f"{kind} says", "observedGeneration": generation}
        for kind, value in conditions.items()
    ]
    return {"metadata": {"name": "app", "generation": generation}, "status": status}


@pytest.mark.parametrize(
    ("manifest", "health"),
    [
        ({"metadata": {"generation": 1}}, Health.CURRENT),
        ({"metadata": {"generation": 1}, "status": {"observedGeneration": -1}}, Health.IN_PROGRESS),
        (an_object(2, 2, Ready="True"), Health.CURRENT),
        (an_object(2, 1, Ready="True"), Health.IN_PROGRESS),
        (an_object(2, 2, Ready="False"), Health.IN_PROGRESS),
        (an_object(2, 2, Stalled="True", Ready="False"), Health.FAILED),
        (an_object(2, 1, Stalled="True", Ready="False"), Health.IN_PROGRESS),
        (an_object(2, 2, Reconciling="True", Stalled="True"), Health.IN_PROGRESS),
        ({"metadata": {"generation": 1, "deletionTimestamp": "now"}}, Health.TERMINATING),
    ],
    ids=[
        "no status",
        "not looked at",
        "ready",
        "ready of old",
        "not ready",
        "stalled",
        "stalled of old",
        "the first condition counts",
        "dying",
    ],
)
def test_kstatus_says_what_flux_says(manifest: dict[str, Any], health: Health) -> None:
    assert kstatus(manifest)[0] is health


@pytest.mark.parametrize(
    ("manifest", "at_rest", "codes"),
    [
        (an_object(2, 2, Ready="True"), True, []),
        (an_object(2, 2, Stalled="True", Ready="False"), True, []),
        (an_object(2, 2, Reconciling="True", Ready="Unknown"), False, []),
        (an_object(2, 2), True, ["FAIL0002"]),
        (an_object(2, 2, Reconciling="True", Ready="Unknown"), True, ["FAIL0003"]),
        (an_object(2, 2, Ready="Unknown"), False, ["FAIL0011"]),
        (an_object(2, 2, Stalled="True", Ready="Unknown"), True, ["FAIL0004"]),
        (an_object(2, 2, Reconciling="True", Stalled="True", Ready="False"), True, ["FAIL0005"]),
        (an_object(1, 2, Ready="False"), True, ["FAIL0006"]),
        (an_object(2, 1, Ready="True"), True, ["FAIL0007", "FAIL0009"]),
        (an_object(2, 2, Reconciling="False", Ready="False"), False, ["WARN0003"]),
        (an_object(2, 2, Stalled="True", Ready="True"), True, ["FAIL0004", "FAIL0001", "WARN0001"]),
    ],
)
def test_violations_are_those_of_flux(
    manifest: dict[str, Any], at_rest: bool, codes: list[str]
) -> None:
    assert [finding.split()[0] for finding in violations(manifest, at_rest)] == codes


def test_builders_take_overrides() -> None:
    canary = a_canary(spec={"analysis": {"stepWeight": 5}, "provider": None})

    assert canary["spec"]["analysis"]["stepWeight"] == 5
    assert canary["spec"]["analysis"]["maxWeight"] == 60
    assert "provider" not in canary["spec"]
    assert a_service(port=8080)["spec"]["ports"][0]["port"] == 8080
