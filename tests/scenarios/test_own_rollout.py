"""A user's own rollout on our metrics, routing and gating parts, without our rollout."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from examples.own_rollout import objects
from examples.own_rollout.widgets import PART
from flagger_cli.simulator.egress import by_host
from flagger_cli.simulator.four import PROMETHEUS, SCRAPE_S, Settings, kinds
from flagger_cli.simulator.prometheus import Prometheus
from flagger_gating import controller as gating
from flagger_metrics import controller as metrics
from flagger_py.contracts import condition_of, read_gated, read_routed
from flagger_py.refs import DEPLOYMENT, SERVICE, Key, Kind
from flagger_py.testing import Rates, Simulation, World, served
from flagger_py.testing.edges import Visit
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.pods import Pods
from flagger_py.testing.traffic import Load, Users
from flagger_py.testing.workloads import Workloads
from flagger_py.wire import Manifest
from flagger_routing import controller as routing

FAULTS = Rates(crash=0.01, conflict=0.05, down=0.05, lost=0.05, repeated=0.1, lag_s_max=2)
WHERE = Key("shop", "lamp")
APPROVE = "gating.flagger.app/approve"


class Shop:
    """A World with a Widget, users who ask for it, and three parts of ours beside its own."""

    def __init__(self, seed: int = 0, rates: Rates | None = None, **spec: Any) -> None:
        widgets = served(objects.RESOURCE)
        self.world = World(seed, rates=rates, kinds=(*kinds(), widgets))
        self.store = self.world.store
        self.shares: list[int] = []
        pods = Pods()
        self.users = Users(pods)
        settings = Settings()
        prometheus = Prometheus(self.world.clock, self.users, SCRAPE_S)
        self.store.listen(self._noticed)
        self.store.create(ingress())
        self.store.create(widget(spec))
        self.simulation = Simulation(
            self.world,
            (
                PART,
                metrics.part(settings.metrics),
                routing.part(settings.routing),
                gating.part(settings.gating),
            ),
            actors=(Workloads(pods), self.users),
            egress=by_host({PROMETHEUS: prometheus}),
        )
        self.simulation.run_until(lambda: self.ready, 120)
        self.users.send(Load(50.0, Visit("lamp.test")), self.world.clock())
        self.shares.clear()

    def push(self, **env: str) -> None:
        self.store.patch(objects.WIDGET, WHERE, {"spec": {"pod": pod(env)}})

    def get(self, kind: Kind, name: str = WHERE.name) -> Manifest:
        found = self.store.get(kind, Key(WHERE.namespace, name))
        assert found is not None, f"{kind.kind} {name} is missing"
        return found

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.get(objects.WIDGET)["status"])

    @property
    def ready(self) -> bool:
        return condition_of(self.status, "Ready").get("status") == "True"

    @property
    def refused(self) -> bool:
        return condition_of(self.status, "Stalled").get("reason") == "Refused"

    @property
    def slots(self) -> list[str]:
        return [item["metadata"]["name"] for item in self.store.list(DEPLOYMENT)]

    @property
    def green(self) -> int:
        """The share of the green slot that is in force."""
        in_force = read_routed(self.get(objects.ROUTE)).in_force
        assert in_force is not None
        return in_force.split.canary

    def _noticed(self, change: Change) -> None:
        if change.kind == objects.ROUTE and change.type is not Happened.DELETED:
            in_force = read_routed(change.object).in_force
            if in_force and in_force.split.canary not in self.shares[-1:]:
                self.shares.append(in_force.split.canary)


def ingress() -> dict[str, Any]:
    service = {"name": "lamp", "kind": "TraefikService", "port": 80}
    rule = {"match": "Host(`lamp.test`)", "kind": "Rule", "services": [service]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "lamp", "namespace": "shop"},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }


def widget(spec: dict[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "example.com/v1",
        "kind": "Widget",
        "metadata": {"name": WHERE.name, "namespace": WHERE.namespace},
        "spec": {"pod": pod({"VERSION": "1"}), **spec},
    }


def pod(env: dict[str, str]) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "example.com/lamp",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": name, "value": value} for name, value in env.items()],
    }
    return {"containers": [container]}


@pytest.fixture
def shop() -> Iterator[Shop]:
    made = Shop()
    yield made
    made.simulation.close()


def test_the_first_version_serves_from_blue(shop: Shop) -> None:
    assert (shop.status["live"], shop.green) == ("blue", 0)
    assert shop.slots == ["lamp-blue"]
    assert shop.get(SERVICE, "lamp")["spec"]["ports"][0]["port"] == 80


def test_a_good_version_takes_over_step_by_step_and_stays_where_it_is(shop: Shop) -> None:
    shop.push(VERSION="2")
    shop.simulation.run_until(lambda: shop.status["live"] == "green" and shop.ready, 600)
    shop.simulation.run_for(30)

    assert shop.shares == [0, 10, 50, 100]
    assert shop.slots == ["lamp-green"]
    assert failures(shop) == 0


def test_a_bad_version_is_taken_back_and_says_why(shop: Shop) -> None:
    shop.push(VERSION="2", ERROR_RATE="0.2")
    shop.simulation.run_until(lambda: shop.refused, 600)
    shop.simulation.run_for(30)

    assert shop.shares == [0, 10, 0]
    assert (shop.status["live"], shop.slots) == ("blue", ["lamp-blue"])
    message = condition_of(shop.status, "Stalled")["message"]
    assert message == "Failed at 10%: success rate 80.00 < 99"


def test_a_version_after_a_refused_one_gets_a_run_of_its_own(shop: Shop) -> None:
    shop.push(VERSION="2", ERROR_RATE="0.2")
    shop.simulation.run_until(lambda: shop.refused, 600)
    shop.push(VERSION="3")
    shop.simulation.run_until(lambda: shop.ready, 600)

    assert (shop.status["live"], shop.status["run"]) == ("green", 3)


def test_a_version_that_is_replaced_midway_loses_its_share_before_its_pods(shop: Shop) -> None:
    shop.push(VERSION="2")
    shop.simulation.run_until(lambda: shop.green == 50, 600)
    shop.push(VERSION="3", ERROR_RATE="1")
    shop.simulation.run_until(lambda: shop.refused, 600)

    assert shop.shares[:4] == [0, 10, 50, 0]
    message = condition_of(shop.status, "Stalled")["message"]
    assert message == "Failed at 10%: success rate 0.00 < 99"


def test_the_last_step_waits_for_a_person_where_the_widget_says_so() -> None:
    shop = Shop(approval=True)
    shop.push(VERSION="2")
    shop.simulation.run_for(600)

    assert (shop.green, shop.status["live"]) == (50, "blue")
    token = read_gated(shop.get(objects.GATE)).token
    approval = {"metadata": {"annotations": {APPROVE: f"{token} by Ann"}}}
    shop.store.patch(objects.GATE, WHERE, approval)
    shop.simulation.run_until(lambda: shop.status["live"] == "green" and shop.ready, 600)
    shop.simulation.close()


@pytest.mark.parametrize("seed", range(8))
def test_crashes_and_stale_caches_change_how_long_it_takes_and_not_how_it_ends(seed: int) -> None:
    shop = Shop(seed, FAULTS)
    shop.push(VERSION="2", ERROR_RATE="0.2")
    shop.simulation.run_until(lambda: shop.refused, 3600)
    shop.push(VERSION="3")
    shop.simulation.run_until(lambda: shop.ready and shop.status["live"] == "green", 3600)
    shop.world.faults.stop()
    shop.simulation.settle()

    assert (shop.slots, shop.green) == (["lamp-green"], 100)
    assert set(shop.shares) == {0, 10, 50, 100}
    shop.simulation.close()


def test_the_example_manifest_is_what_the_controller_takes() -> None:
    text = (Path(objects.__file__).parent / "widget.yaml").read_text(encoding="utf-8")
    manifest = yaml.safe_load(text)

    spec = objects.WidgetSpec.read(manifest["spec"], "spec")

    assert (spec.weights, spec.approval) == ((10, 50), True)
    assert set(manifest["spec"]) <= set(spec.wire())


def failures(shop: Shop) -> float:
    """Return the requests that users sent in vain."""
    shop.users.settle(shop.world.clock())
    return sum(count for served, count in shop.users.counts.items() if served.code >= 500)
