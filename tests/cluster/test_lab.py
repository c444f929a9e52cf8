"""Two releases at once in the lab, one good and one bad, and users who notice neither."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from tests.cluster import release, workloads
from tests.cluster.api import Manifest
from tests.cluster.lab.addresses import WEB
from tests.cluster.lab.running import Lab
from tests.cluster.lab.users import Group
from tests.cluster.release import Release
from tests.cluster.waiting import eventually, let_pass

RPS = 25.0
AFTER_S = 10.0
"""How long users stay when the release is over: pods go then."""


@dataclass(frozen=True, slots=True)
class App:
    """An application in a namespace of its own behind the lab's edge, with a Canary."""

    lab: Lab
    namespace: str

    @property
    def release(self) -> Release:
        return Release(self.lab.plane, self.namespace)

    def begin(self) -> None:
        """Apply everything at version 1."""
        self.lab.plane.create_namespace(self.namespace)
        self.lab.plane.api.apply(_ingress_route(self.namespace))
        self.push("1")
        server = f"http://{self.lab.addresses.prometheus}"
        self.release.ask(release.spec(server, interval="10s"))

    def push(self, version: str, **env: str) -> None:
        target = workloads.deployment(release.NAME, self.namespace, 1, VERSION=version, **env)
        del target["spec"]["replicas"]
        self.lab.plane.api.apply(target)

    @property
    def host(self) -> str:
        return f"{self.namespace}.lab"

    def routed(self) -> bool:
        """Tell whether the edge has heard of the application by now."""
        url = f"http://{self.lab.addresses.edge}:{WEB}/"
        return "X-Version" in httpx.get(url, headers={"Host": self.host}, trust_env=False).headers

    def let_users_come(self) -> None:
        group = Group(self.namespace, RPS, self.host)
        self.lab.background.run(self.lab.users.come(group))

    def let_users_go(self) -> None:
        self.lab.background.run(self.lab.users.go(self.namespace))

    def answers(self) -> Counter[tuple[str, str, int]]:
        """Return how many answers there were by version, side and status."""
        found: Counter[tuple[str, str, int]] = Counter()
        for served, count in self.lab.users.counts[self.namespace].items():
            found[served.version, served.side, served.code] += count
        return found


@pytest.fixture
def apps(lab: Lab) -> Iterator[tuple[App, App]]:
    good, bad = App(lab, "lab-good"), App(lab, "lab-bad")
    yield good, bad
    for app in (good, bad):
        app.let_users_go()
        lab.plane.api.delete("v1", "Namespace", app.namespace)


def test_users_of_two_releases_lose_no_request(lab: Lab, apps: tuple[App, App]) -> None:
    """A good one is promoted, a bad one rolled back; whatever fails is the bad version's doing."""
    good, bad = apps
    for app in apps:
        app.begin()
    for app in apps:
        app.release.until("Initialized", 90.0)
        eventually(app.routed, f"the edge routes {app.host}")
        app.let_users_come()
    eventually(lambda: all(("1", "primary", 200) in app.answers() for app in apps), "users arrive")

    good.push("2")
    bad.push("3", ERROR_RATE="0.3")
    good.release.until("Succeeded", 180.0)
    bad.release.until("Failed", 180.0)
    let_pass(AFTER_S)

    for app in apps:
        app.let_users_go()
        print(app.namespace, sorted(app.answers().items()))
    assert lab.users.lost[good.namespace] == []
    assert lab.users.lost[bad.namespace] == []
    assert good.answers().keys() == {
        ("1", "primary", 200),
        ("2", "canary", 200),
        ("2", "primary", 200),
    }
    assert bad.answers().keys() == {
        ("1", "primary", 200),
        ("3", "canary", 200),
        ("3", "canary", 500),
    }
    assert (good.release.version(), bad.release.version()) == ("2", "1")
    assert (good.release.weights(), bad.release.weights()) == ({"app-primary": 100},) * 2


def _ingress_route(namespace: str) -> Manifest:
    service = {"name": release.NAME, "kind": "TraefikService", "port": 80}
    rule = {"match": f"Host(`{namespace}.lab`)", "kind": "Rule", "services": [service]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": release.NAME, "namespace": namespace},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }
