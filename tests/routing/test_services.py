"""What the three Services say beyond what was recorded of Flagger."""

from typing import Any

import pytest

from flagger_py.refs import SERVICE
from flagger_routing.api_service import Service
from flagger_routing.services import ports
from tests.routing.bench import Bench, a_spec


def service(**fields: Any) -> Service:
    return Service.read({"port": 80, **fields}, "spec.service")


@pytest.mark.parametrize(
    ("target_port", "expected"), [(None, 80), (0, 80), ("0", 80), ("http", "http"), (8080, 8080)]
)
def test_a_target_port_of_zero_is_none_and_none_is_the_port(
    target_port: int | str | None, expected: int | str
) -> None:
    fields = {} if target_port is None else {"targetPort": target_port}

    assert ports(service(**fields))[0]["targetPort"] == expected


def test_discovered_ports_keep_protocol_and_order() -> None:
    more = [{"name": "dns", "port": 53, "protocol": "UDP"}, {"name": "admin", "port": 9}]

    found = ports(service(ports=more))

    assert [(p["name"], p["protocol"], p["targetPort"]) for p in found] == [
        ("http", "TCP", 80),
        ("dns", "UDP", 53),
        ("admin", "TCP", 9),
    ]


def test_a_port_that_is_wanted_no_more_is_removed() -> None:
    bench = Bench(a_spec(service={"ports": [{"name": "admin", "port": 9}]}))
    bench.settle()

    bench.edit(service=a_spec()["service"])
    bench.settle()

    assert [port["port"] for port in bench.service()["spec"]["ports"]] == [80]
    assert bench.events("DriftRepaired") == []


@pytest.mark.parametrize(
    ("before", "after", "field"),
    [
        ({"headless": True}, {"headless": False}, "service.headless"),
        (
            {"trafficDistribution": "PreferClose"},
            {"trafficDistribution": "PreferSameNode"},
            "service.trafficDistribution",
        ),
    ],
    ids=["headless", "traffic distribution"],
)
def test_what_is_settled_at_creation_stays_and_is_told(
    before: dict[str, Any], after: dict[str, Any], field: str
) -> None:
    bench = Bench(a_spec(service=before))
    bench.settle()
    stored = bench.service("app-primary")["spec"]

    bench.edit(service={**a_spec(service=after)["service"], "port": 8080})
    bench.settle()

    spec = bench.service("app-primary")["spec"]
    assert spec["ports"][0]["port"] == 8080
    assert spec.get("clusterIP") == stored.get("clusterIP")
    assert spec.get("trafficDistribution") == stored.get("trafficDistribution")
    assert field in bench.events("FieldsIgnored")[0]


def test_metadata_that_others_manage_keeps_their_values() -> None:
    spec = a_spec(
        service={
            "apex": {"labels": {"team": "red", "kept": "ours"}},
            "unmanagedMetadata": {"labels": ["kept"]},
        }
    )
    bench = Bench(spec)
    bench.settle()

    bench.hand(SERVICE, "app", {"metadata": {"labels": {"kept": "theirs", "team": "blue"}}})
    bench.settle()

    labels = bench.service()["metadata"]["labels"]
    assert labels == {"app": "app", "team": "red", "kept": "theirs"}


def test_a_service_of_another_type_keeps_it() -> None:
    bench = Bench()
    bench.settle()

    bench.hand(SERVICE, "app", {"spec": {"type": "LoadBalancer"}})
    bench.ask(20)
    bench.settle()

    assert bench.service()["spec"]["type"] == "LoadBalancer"


def with_unmanaged_team() -> Bench:
    """Return a bench whose apex was made with a label that others manage from then on."""
    service = {"apex": {"labels": {"team": "red"}}, "unmanagedMetadata": {"labels": ["team"]}}
    bench = Bench(a_spec(service=service))
    bench.settle()
    assert bench.service()["metadata"]["labels"]["team"] == "red"
    return bench


def test_a_key_that_others_took_up_is_theirs_alone() -> None:
    bench = with_unmanaged_team()

    bench.hand(SERVICE, "app", {"metadata": {"labels": {"team": "blue"}}})
    theirs = bench.service()
    bench.settle()

    assert bench.service() == theirs
    assert bench.events("DriftRepaired") == []


def test_a_key_that_others_removed_stays_away() -> None:
    bench = with_unmanaged_team()

    bench.hand(SERVICE, "app", [{"op": "remove", "path": "/metadata/labels/team"}])
    bench.settle()
    bench.edit(service={**a_spec()["service"], **_unmanaged(bench), "port": 81})
    bench.settle()

    assert bench.service()["metadata"]["labels"] == {"app": "app"}
    assert bench.service()["spec"]["ports"][0]["port"] == 81
    assert bench.events("DriftRepaired") == []


def test_a_key_that_nobody_took_up_stays_as_we_made_it() -> None:
    bench = with_unmanaged_team()

    bench.edit(service={**a_spec()["service"], **_unmanaged(bench), "port": 81})
    bench.settle()

    assert bench.service()["metadata"]["labels"]["team"] == "red"


def _unmanaged(bench: Bench) -> dict[str, Any]:
    assert bench.manifest is not None
    service = bench.manifest["spec"]["service"]
    return {name: service[name] for name in ("apex", "unmanagedMetadata")}
