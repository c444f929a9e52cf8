"""Ports of a Service that was there before stay beside ours, or the way out is named."""

from typing import Any

import pytest

from tests.routing.bench import NAMESPACE, SELECTORS, Bench, a_spec

USERS = {"port": 80, "targetPort": 8080, "protocol": "TCP"}


def adopting(port: dict[str, Any], name: str = "app", **service: Any) -> Bench:
    bench = Bench(a_spec("kubernetes", service={"port": 9898, **service}))
    bench.store.create(a_service(name, port), "kubectl-create")
    bench.settle()
    return bench


def a_service(name: str, *ports: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"app": "app"}, "ports": list(ports)},
    }


@pytest.mark.parametrize(
    ("port", "spoken"),
    [(USERS, "port 80 (without a name)"), ({**USERS, "name": "http"}, "port 80 (http)")],
    ids=["unnamed", "named as ours"],
)
@pytest.mark.parametrize("name", ["app", "app-primary"])
def test_ports_that_cannot_stand_side_by_side_are_named_with_the_way_out(
    port: dict[str, Any], spoken: str, name: str
) -> None:
    bench = adopting(port, name)

    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert f"Service {name} was there before with {spoken}" in bench.message()
    assert "port 9898 (http)" in bench.message()
    assert "set spec.service.port to 80" in bench.message()
    assert bench.service(name)["spec"]["selector"] == {"app": "app"}


def test_another_name_is_a_way_out() -> None:
    bench = adopting({**USERS, "name": "http"}, portName="web")

    ports = {port["name"]: port["port"] for port in bench.service()["spec"]["ports"]}
    assert ports == {"http": 80, "web": 9898}
    assert bench.condition()[0] == "True"


def test_removing_the_port_from_the_service_is_a_way_out() -> None:
    bench = adopting(USERS)

    other = [{"op": "replace", "path": "/spec/ports", "value": [{**USERS, "port": 9898}]}]
    bench.hand(bench.store.resolve("v1", "Service"), "app", other)
    bench.settle()

    assert bench.condition()[0] == "True"
    assert bench.service()["spec"]["selector"] == SELECTORS["primary"]


def test_a_port_of_ours_makes_way_for_the_next() -> None:
    bench = adopting({**USERS, "name": "web"})

    bench.edit(service={**a_spec("kubernetes")["service"], "port": 9999})
    bench.settle()

    assert [port["port"] for port in bench.service()["spec"]["ports"]] == [80, 9999]
    assert bench.condition()[0] == "True"


def test_shares_move_while_a_new_port_cannot_join() -> None:
    bench = Bench(a_spec())
    bench.store.create(a_service("app", {**USERS, "name": "http"}), "kubectl-create")
    bench.settle()
    bench.ask(50)
    bench.settle()

    bench.edit(service={**a_spec()["service"], "port": 9898})
    bench.ask(0)
    bench.settle()

    assert bench.shares() == {"app-primary": 100}
    assert bench.condition("Stalled") == ("True", "NotSupported")
    assert bench.split is not None
    assert bench.split.canary == 0
