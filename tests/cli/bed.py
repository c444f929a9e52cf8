"""A release in a World, served to the command line over HTTP as a cluster would be."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from click.testing import Result

from flagger_cli.simulator.four import Four
from flagger_cli.stage import Stage, edge_route, released
from flagger_py.refs import DEPLOYMENT, Key, Kind
from flagger_py.testing.build import a_canary, a_deployment, a_namespace
from flagger_py.testing.edges import Visit
from flagger_py.testing.served import EVENT
from flagger_py.testing.traffic import Load
from flagger_rollout.api import KIND as CANARY
from tests.beds.served import served

from .calling import call

NAMESPACE = "test"
APP = Key(NAMESPACE, "app")
USER = "kubectl"


class Bed:
    """One Canary `test/app` in a simulated cluster; time passes only when a test says so."""

    def __init__(self, four: Four, folder: Path) -> None:
        self.four = four
        self.store = four.world.store
        self.kubeconfig = folder / "kubeconfig"

    def call(self, *args: str) -> Result:
        """Run the command line on this cluster."""
        with self.served():
            return call(*args, "--kubeconfig", str(self.kubeconfig))

    @contextmanager
    def served(self) -> Iterator[asyncio.AbstractEventLoop]:
        """Serve this cluster; the store is written in the loop's thread alone meanwhile."""
        with served(self.store, self.kubeconfig) as loop:
            yield loop

    def until(self, predicate: Callable[[dict[str, Any]], bool], timeout_s: float = 300) -> None:
        """Let time pass until the Canary's status satisfies *predicate*."""
        self.four.simulation.run_until(lambda: predicate(self.status), timeout_s)

    def release(self, revision: int, error_rate: float = 0.0) -> None:
        """Push a revision, and let time pass until it has a share of the requests."""
        live = self.get(DEPLOYMENT, APP)
        template = released(live, revision, error_rate)
        self.store.patch(DEPLOYMENT, APP, {"spec": {"template": template}}, USER)
        self.until(lambda status: status.get("canaryWeight", 0) > 0)

    def get(self, kind: Kind, key: Key) -> dict[str, Any]:
        found = self.store.get(kind, key)
        assert found is not None, f"{kind.kind} {key} is missing"
        return dict(found)

    @property
    def canary(self) -> dict[str, Any]:
        return self.get(CANARY, APP)

    @property
    def status(self) -> dict[str, Any]:
        return dict(self.canary.get("status") or {})

    def events(self, reason: str) -> list[dict[str, Any]]:
        """Return the events of one reason, whoever recorded them."""
        return [dict(item) for item in self.store.list(EVENT) if item.get("reason") == reason]


@contextmanager
def initialised(folder: Path, **overrides: Any) -> Iterator[Bed]:
    """Yield a bed whose Canary has its primary, with users sending requests."""
    canary = a_canary(**overrides)
    stage = Stage(canary=canary, target=a_deployment())
    with Four() as four:
        bed = Bed(four, folder)
        bed.store.create(a_namespace(NAMESPACE), USER)
        bed.store.create(stage.target, USER)
        bed.store.create(edge_route(stage), USER)
        four.users.send(Load(50.0, Visit(stage.host)), four.world.clock())
        bed.store.create(canary, USER)
        bed.until(lambda status: status.get("phase") == "Initialized")
        yield bed
