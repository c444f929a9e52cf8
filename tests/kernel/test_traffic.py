"""What imitated users get from an imitated edge, and what is exported of it."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing.clock import START
from flagger_py.testing.edges import Visit
from flagger_py.testing.served import TRAEFIK_SERVICE
from flagger_py.testing.traffic import Load, Users
from flagger_py.testing.workloads import Workloads
from tests.kernel.actors import Stage

LOAD = Load(10, Visit("shop.lab"))


class Scraped:
    """Every sample by name; a `Sink`."""

    def __init__(self) -> None:
        self.samples: dict[str, list[tuple[dict[str, str], float]]] = defaultdict(list)

    def __call__(self, name: str, labels: Mapping[str, str], value: float, at: datetime) -> None:
        self.samples[name].append((dict(labels), value))

    def last(self, name: str, **wanted: str) -> float:
        found = [v for labels, v in self.samples[name] if wanted.items() <= labels.items()]
        return found[-1] if found else 0.0


class Shop(Stage):
    """Version 1 as primary and version 2 as canary behind one weighted route."""

    def __init__(self) -> None:
        super().__init__()
        self.scraped = Scraped()
        self.users = Users(self.pods, sink=self.scraped)
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
        found: dict[str, float] = defaultdict(float)
        for served, count in self.users.counts.items():
            found[f"{served.version} {served.side} {served.code}"] += round(count, 6)
        return dict(found)


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
    shop.run_for(10)

    name = "traefik_service_request_duration_seconds_bucket"
    canary = {"service": "shop-app-canary-80@kubernetescrd", "code": "200"}
    primary = {"service": "shop-app-primary-80@kubernetescrd", "code": "200"}
    assert shop.scraped.last(name, **canary, le="+Inf") == pytest.approx(48.5)
    assert shop.scraped.last(name, **primary, le="0.005") == pytest.approx(51.5)


def test_pods_export_their_own_requests(shop: Shop) -> None:
    shop.run_for(10)

    names = {
        labels["kubernetes_pod_name"]
        for labels, _ in shop.scraped.samples["http_request_duration_seconds_count"]
    }
    assert names == {pod.name for pod in shop.pods.of("shop", "app-primary")}


def test_a_slow_pod_shows_in_the_buckets(shop: Shop) -> None:
    shop.pods.behave("shop", {"LATENCY_MS": "700"}, owner="app-primary")
    shop.run_for(10)

    name = "http_request_duration_seconds_bucket"
    pod = shop.pods.of("shop", "app-primary")[0].name
    assert shop.scraped.last(name, kubernetes_pod_name=pod, le="0.5") == 0
    assert shop.scraped.last(name, kubernetes_pod_name=pod, le="1") == pytest.approx(50)


def test_samples_are_taken_every_second(shop: Shop) -> None:
    moments: list[datetime] = []
    users = Users(shop.pods, sink=lambda name, labels, value, at: moments.append(at))
    shop.actors = (users,)
    users.send(LOAD, shop.clock())
    shop.run_for(3.5)

    seconds = sorted({(moment - START) / timedelta(seconds=1) for moment in moments})
    assert seconds == [11.0, 12.0, 13.0]


def test_a_deleted_route_serves_nobody(shop: Shop) -> None:
    shop.store.delete(TRAEFIK_SERVICE, Key("shop", "app"))
    shop.run_for(10.3)

    assert shop.answered() == {"1 primary 200": 3.0, " none 404": 100.0}
