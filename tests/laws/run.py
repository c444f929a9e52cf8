"""Lives through one story to its end, and holds it to the laws."""

from collections.abc import Iterable
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_py.refs import DEPLOYMENT, Key, Kind
from flagger_py.testing import build
from flagger_py.testing.edges import Visit
from flagger_py.testing.traffic import Load
from flagger_py.wire import Manifest
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.fingerprints import revision_of
from tests.laws.stories import BAD, Push, Story
from tests.laws.witness import Witness

KEY = Key("test", "app")
REST = ("Initialized", "Succeeded", "Failed")


class Lived:
    """A story in its World; `broken` lists the laws it broke."""

    def __init__(self, story: Story) -> None:
        self.story = story
        self.four = Four(seed=story.seed, rates=story.rates)
        self.store = self.four.world.store
        bad = frozenset(push.version for push in story.pushes if push.error_rate == BAD)
        rates = story.rates
        skew_s = 2 * rates.jump_s_max if rates.jumps_per_hour else 0.0
        self.witness = Witness(self.four.world.clock, bad, skew_s)
        self.witness.watch(self.store)

    def live(self) -> None:
        """Initialise, push what the story pushes, end the troubles, and come to rest."""
        self.store.create(build.a_deployment())
        for manifest in edge(self.story.canary["provider"]):
            self.store.create(manifest)
        self.store.create({**build.a_canary(), "spec": self.story.canary})
        self.four.users.send(Load(40, Visit("app.test")), self.four.world.clock())
        self.until_rest(900)
        for push in self.story.pushes:
            self.push(push)
            self.four.simulation.run_for(push.after_s)
        self.four.world.faults.stop()
        self.until_rest(3600)

    def push(self, push: Push) -> None:
        deployment = build.a_deployment(version=push.version)
        (container,) = deployment["spec"]["template"]["spec"]["containers"]
        container["env"].append({"name": "ERROR_RATE", "value": str(push.error_rate)})
        live = self.stored(DEPLOYMENT)
        self.store.update(
            {**live, "spec": {**live["spec"], "template": deployment["spec"]["template"]}}
        )

    def stored(self, kind: Kind, key: Key = KEY) -> Manifest:
        found = self.store.get(kind, key)
        assert found is not None, f"{kind} {key} is gone"
        return found

    def until_rest(self, timeout_s: float) -> None:
        self.four.simulation.run_until(self.rests, timeout_s)

    def rests(self) -> bool:
        """Tell whether the Canary is at rest with the revision that the target has now."""
        status = self.stored(CANARY).get("status") or {}
        progress = status.get("progress") or {}
        seen = status.get("lastAppliedSpec")
        wanted = revision_of(self.stored(DEPLOYMENT)["spec"]["template"])
        return status.get("phase") in REST and not progress.get("closing") and seen == wanted

    @property
    def broken(self) -> list[str]:
        return self.witness.broken


def version_of(deployment: Any) -> str:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return next(str(e["value"]) for e in container["env"] if e["name"] == "VERSION")


def edge(provider: str) -> Iterable[dict[str, Any]]:
    """Return what lets users in where the router does not make it itself."""
    if provider != "traefik":
        return ()
    route = {
        "match": "Host(`app.test`)",
        "kind": "Rule",
        "services": [{"name": "app", "kind": "TraefikService", "port": 80}],
    }
    return (
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": {"name": "app", "namespace": "test"},
            "spec": {"entryPoints": ["web"], "routes": [route]},
        },
    )
