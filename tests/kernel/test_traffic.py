"""What imitated users get from an imitated edge, and what is exported of it."""

from collections import defaultdict
from typing import Any

import pytest

from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing.edges import Visit
from flagger_py.testing.served import TRAEFIK_SERVICE
from flagger_py.testing.traffic import Load, Users
from flagger_py.testing.workloads import Workloads
from tests.kernel.actors import Stage

LOAD = Load(10, Visit("shop.lab"))


class Shop(Stage):
    """Version 1 as primary and version 2 as canary behind one weighted route."""

    def __init__(self) -> None:
        super().__init__()
        self.users = Users(self.pods)
        self.actors = (Workloads(self.pods), self.users)
        for side, version in (("app-primary", "1"), ("app", "2")):
            self.store.create(deployment(side, VERSION=version))
        for name, app in (("app-primary", "app-primary"), ("app-canary", "app")):
            self.store.create(service(name, app))
        self.store.create(ingress_route())
        self.store.create(traefik_service(100, 0))
        self.run_for(10)
        self.users.send(LOAD, self.clock())

    def split(self, primary: int, canary: int) -> None:
        self.store.put(traefik_service(primary, canary))

    def answered(self) -> dict[str, float]:
        self.users.settle(self.clock())
        found: dict[str, float] = defaultdict(float)
        for served, count in self.users.counts.items():
            found[f"{served.version} {served.side} {served.code}"] += round(count, 6)
        return dict(found)

    def exported(self, name: str, /, ago_s: float = 0, **wanted: str) -> list[float]:
        """Return the values that the series with the labels *wanted* had *ago_s* seconds ago."""
        self.users.settle(self.clock())
        at_s = self.clock().timestamp() - ago_s
        series = self.users.exporters.named(name)
        values = [read(at_s) for labels, read in series if wanted.items() <= labels.items()]
        return [round(value, 6) for value in values if value is not None]


def deployment(name: str, **env: str) -> dict[str, Any]:
    variables = [{"name": key, "value": value} for key, value in env.items()]
    template = {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": "app:1", "env": variables}]},
    }
    selector = {"matchLabels": {"app": name}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"replicas": 2, "selector": selector, "template": template},
    }


def service(name: str, app: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"selector": {"app": app}, "ports": [{"name": "http", "port": 80}]},
    }


def ingress_route() -> dict[str, Any]:
    target = {"name": "app", "kind": "TraefikService", "port": 80}
    rule = {"match": "Host(`shop.lab`)", "kind": "Rule", "services": [target]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"routes": [rule]},
    }


def traefik_service(primary: int, canary: int) -> dict[str, Any]:
    services = [
        {"name": "app-primary", "port": 80, "weight": primary},
        {"name": "app-canary", "port": 80, "weight": canary},
    ]
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "TraefikService",
        "metadata": {"name": "app", "namespace": "shop"},
        "spec": {"weighted": {"services": services}},
    }


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_requests_are_counted_exactly(shop: Shop) -> None:
    shop.run_for(10)

    assert shop.answered() == {"1 primary 200": 100.0}


def test_the_edge_follows_a_new_split_a_little_after_it_was_written(shop: Shop) -> None:
    shop.split(80, 20)
    shop.run_for(10.3)

    assert shop.answered() == {"1 primary 200": 83.0, "2 canary 200": 20.0}


def test_errors_are_the_exact_share_that_a_pod_makes(shop: Shop) -> None:
    shop.split(0, 100)
    shop.run_for(0.3)
    shop.pods.behave("shop", {"ERROR_RATE": "0.3"}, version="2")
    shop.run_for(10)

    assert shop.answered() == {
        "1 primary 200": 3.0,
        "2 canary 200": 70.0,
        "2 canary 500": 30.0,
    }


def test_traffic_to_nobody_is_dropped(shop: Shop) -> None:
    shop.split(0, 100)
    shop.store.patch(DEPLOYMENT, Key("shop", "app"), {"spec": {"replicas": 0}})
    shop.run_for(11)

    dropped = shop.answered()[" none 503"]
    assert dropped == pytest.approx(107, abs=3)


def test_a_host_without_a_route_is_not_found(shop: Shop) -> None:
    shop.users.send(Load(10, Visit("other.lab")), shop.clock())
    shop.run_for(10)

    assert shop.answered() == {" none 404": 100.0}


def test_users_who_were_told_to_stop_send_nothing(shop: Shop) -> None:
    shop.run_for(5)
    shop.users.send(Load(0, LOAD.visit), shop.clock())
    shop.run_for(100)

    assert shop.answered() == {"1 primary 200": 50.0}


def test_the_edge_exports_requests_per_service_and_code(shop: Shop) -> None:
    shop.split(50, 50)
    shop.run_for(10.3)

    name = "traefik_service_request_duration_seconds_bucket"
    canary, primary = (f"shop-app-{side}-80@kubernetescrd" for side in ("canary", "primary"))
    assert shop.exported(name, service=canary, code="200", le="+Inf") == [50.0]
    assert shop.exported(name, service=primary, code="200", le="0.005") == [53.0]


def test_a_counter_grows_evenly_between_two_changes(shop: Shop) -> None:
    shop.run_for(10)

    name = "traefik_service_requests_total"
    assert [shop.exported(name, ago_s) for ago_s in (0, 4, 9)] == [[100.0], [60.0], [10.0]]


def test_a_counter_is_not_exported_before_its_first_request(shop: Shop) -> None:
    shop.run_for(10)

    assert shop.exported("traefik_service_requests_total", 10) == []


def test_pods_export_their_own_requests(shop: Shop) -> None:
    shop.run_for(10)

    name = "http_request_duration_seconds_count"
    for pod in shop.pods.of("shop", "app-primary"):
        assert shop.exported(name, kubernetes_pod_name=pod.name, status="200") == [50.0]


def test_a_pod_that_is_gone_exports_nothing_more(shop: Shop) -> None:
    shop.run_for(10)
    shop.store.patch(DEPLOYMENT, Key("shop", "app-primary"), {"spec": {"replicas": 0}})
    shop.run_for(10)

    name = "http_request_duration_seconds_count"
    assert len(shop.exported(name, 10)) == 2
    assert shop.exported(name) == []


def test_a_slow_pod_shows_in_the_buckets_and_in_the_sum(shop: Shop) -> None:
    shop.pods.behave("shop", {"LATENCY_MS": "700"}, owner="app-primary")
    shop.run_for(10)

    name = "http_request_duration_seconds"
    pod = shop.pods.of("shop", "app-primary")[0].name
    assert shop.exported(f"{name}_bucket", kubernetes_pod_name=pod, le="0.5") == [0.0]
    assert shop.exported(f"{name}_bucket", kubernetes_pod_name=pod, le="1") == [50.0]
    assert shop.exported(f"{name}_sum", kubernetes_pod_name=pod) == [35.0]


def test_a_deleted_route_serves_nobody(shop: Shop) -> None:
    shop.store.delete(TRAEFIK_SERVICE, Key("shop", "app"))
    shop.run_for(10.3)

    assert shop.answered() == {"1 primary 200": 3.0, " none 404": 100.0}


def test_time_without_changes_costs_nothing(shop: Shop) -> None:
    shop.run_for(10)

    assert shop.users.act(shop.store, shop.clock()) is None
