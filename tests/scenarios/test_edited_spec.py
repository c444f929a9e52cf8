"""What an edit of the Canary changes among the objects it made."""

import copy
from typing import Any

import pytest

from flagger_cli.simulator.four import Four
from flagger_cli.stage import released
from flagger_py.contracts import condition_of
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing import build
from flagger_py.testing.edges import Visit
from flagger_py.testing.served import HTTP_ROUTE
from flagger_py.testing.traffic import Load
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import GATE, TRAFFIC_ROUTE

KEY = Key("test", "app")


def a_canary(*hooks: str) -> dict[str, Any]:
    canary = build.a_canary()
    canary["spec"]["analysis"]["webhooks"] = [
        {"name": hook, "type": "confirm-promotion", "url": f"http://sink.test/{hook}"}
        for hook in hooks
    ]
    return canary


def test_the_gate_of_a_removed_webhook_goes_with_it() -> None:
    """A closed gate that nobody reads any more would ask its webhook for ever."""
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment())
        store.create(a_canary("first", "second"))
        four.simulation.settle()
        before = [gate["metadata"]["name"] for gate in store.list(GATE)]

        edited = copy.deepcopy(dict(store.get(CANARY, KEY) or {}))
        edited["spec"]["analysis"]["webhooks"].pop()
        store.update(edited)
        four.simulation.settle()

        assert before == ["app-first", "app-second"]
        assert [gate["metadata"]["name"] for gate in store.list(GATE)] == ["app-first"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"apex": {"labels": {"team": "x"}}}, {"apex": {"labels": {}}}),
        ({"canary": {"annotations": {"a": "b"}}}, {"canary": {"annotations": {}}}),
        ({"headers": {"response": {"add": {"x-a": "1"}}}}, {"headers": {"response": {"add": {}}}}),
    ],
    ids=["labels", "annotations", "headers"],
)
def test_the_last_entry_of_a_map_can_be_removed(
    before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Applied as an empty map over one with entries it would become null, which is refused."""
    gateway = {"gatewayRefs": [{"name": "lab", "namespace": "default"}], "hosts": ["app.test"]}
    service = {"port": 80, "targetPort": 8080, **gateway}
    with Four() as four:
        store = four.world.store
        store.create(build.a_deployment())
        spec = {"provider": "gatewayapi:v1", "service": {**service, **before}}
        store.create(build.a_canary(spec=spec))
        four.simulation.run_until(lambda: _of(four)["status"].get("phase") == "Initialized", 300)

        edited = copy.deepcopy(dict(store.get(CANARY, KEY) or {}))
        edited["spec"]["service"] = {**service, **after}
        store.update(edited)
        four.simulation.settle()

        route = store.get(TRAFFIC_ROUTE, KEY)
        assert route is not None
        assert before.keys().isdisjoint(route["spec"]["service"])
        assert condition_of(_of(four)["status"], "Ready")["status"] == "True"


def test_the_last_tracked_config_can_be_removed() -> None:
    with Four() as four:
        store = four.world.store
        store.create(a_config("one"))
        target = build.a_deployment()
        (container,) = target["spec"]["template"]["spec"]["containers"]
        container["envFrom"] = [{"configMapRef": {"name": "one"}}]
        store.create(target)
        store.create(build.a_canary(spec={"skipAnalysis": True}))
        four.simulation.run_until(lambda: _of(four)["status"].get("phase") == "Initialized", 300)
        before = _of(four)["status"]["trackedConfigs"]

        live = copy.deepcopy(dict(store.get(DEPLOYMENT, KEY) or {}))
        del live["spec"]["template"]["spec"]["containers"][0]["envFrom"]
        store.update(live)
        four.simulation.run_until(lambda: _of(four)["status"].get("phase") == "Succeeded", 300)

        assert list(before) == ["configmap/one"]
        assert _of(four)["status"]["trackedConfigs"] == {}


def a_config(name: str) -> dict[str, Any]:
    meta = {"name": name, "namespace": "test"}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": {"a": "1"}}


def test_a_service_that_cannot_be_routed_does_not_keep_users_on_a_failing_canary() -> None:
    """The edit is stalled with its field; the release is rolled back all the same."""
    gateway = {"gatewayRefs": [{"name": "lab", "namespace": "default"}], "hosts": ["app.test"]}
    service = {"port": 80, "targetPort": 8080, **gateway}
    with Four() as four:
        store = four.world.store
        four.users.send(Load(50.0, Visit("app.test")), four.world.clock())
        store.create(build.a_deployment())
        store.create(build.a_canary(spec={"provider": "gatewayapi:v1", "service": service}))
        four.simulation.run_until(lambda: _of(four)["status"].get("phase") == "Initialized", 300)
        live = store.get(DEPLOYMENT, KEY) or {}
        store.patch(DEPLOYMENT, KEY, {"spec": {"template": released(live, 2, 0.0)}}, "kubectl")
        four.simulation.run_until(lambda: _of(four)["status"].get("canaryWeight", 0) >= 20, 300)

        match = [{"headers": {"x-user": {"prefix": "a"}}}]
        store.patch(CANARY, KEY, {"spec": {"service": {"match": match}}}, "kubectl")
        four.behave("test", {"ERROR_RATE": "1.0"}, app="app")
        four.simulation.run_for(120)

        (rule,) = (store.get(HTTP_ROUTE, KEY) or {})["spec"]["rules"]
        assert [ref["weight"] for ref in rule["backendRefs"]] == [100, 0]
        assert _of(four)["status"]["phase"] == "Failed"
        route = store.get(TRAFFIC_ROUTE, KEY) or {}
        assert (
            "match[0].headers.x-user.prefix" in condition_of(route["status"], "Stalled")["message"]
        )


def _of(four: Four) -> Any:
    return {"status": {}, **(four.world.store.get(CANARY, KEY) or {})}
