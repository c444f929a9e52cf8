"""How many requests the four controllers send to the API server, counted in a World."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from flagger_cli.simulator.four import Four
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing.actor import Actor
from flagger_py.testing.pods import Pods
from flagger_py.testing.served import EVENT
from flagger_py.testing.workloads import Workloads
from flagger_rollout.api import KIND

from . import canonical

SERVER = "prometheus.test"
IDLE_S = 600.0
KEY = Key(canonical.NAMESPACE, canonical.NAME)


@dataclass(frozen=True, slots=True)
class Counts:
    """Requests of each advancing step by the weight it began at, and when idle.

    *idle* is for `IDLE_S` seconds after the initialisation, and after the release as many again.
    *events* of each step are among its requests.
    """

    steps: dict[int, int]
    events: dict[int, int]
    idle: int


def count(workloads: Callable[[Pods], Actor] = Workloads) -> Counts:
    """Play a release of the canonical manifest to its end, on pods that *workloads* runs."""
    with Four(servers={SERVER: canonical.prometheus}, workloads=workloads) as four:
        store, run = four.world.store, four.simulation
        store.create(canonical.target())
        run.run_for(5)
        store.create(canonical.canary(metrics_server=f"http://{SERVER}"))
        run.run_until(lambda: phase(four) == "Initialized")
        run.settle()
        idle = _asked_in(four, IDLE_S)
        store.patch(DEPLOYMENT, KEY, canonical.version(2), "kubectl")
        steps, events = _steps(four)
        run.run_until(lambda: phase(four) == "Succeeded")
        run.settle()
        return Counts(steps, events, idle + _asked_in(four, IDLE_S))


def phase(four: Four) -> str:
    return str(_status(four).get("phase", ""))


def _moved(four: Four, before: int) -> bool:
    return _weight(four) != before or phase(four) != "Progressing"


def _steps(four: Four) -> tuple[dict[int, int], dict[int, int]]:
    """Follow a release from its first weight on."""
    steps, events = {}, {}
    four.simulation.run_until(lambda: _weight(four) > 0)
    while phase(four) == "Progressing":
        weight, tally = _weight(four), four.world.tally()
        four.simulation.run_until(partial(_moved, four, weight))
        if phase(four) == "Progressing":
            steps[weight] = tally.total()
            events[weight] = tally.by_request().get(("rollout", "create", str(EVENT)), 0)
    return steps, events


def _asked_in(four: Four, seconds: float) -> int:
    tally = four.world.tally()
    four.simulation.run_for(seconds)
    return tally.total()


def _status(four: Four) -> canonical.Json:
    found = four.world.store.get(KIND, KEY)
    return dict((found or {}).get("status") or {})


def _weight(four: Four) -> int:
    return int(_status(four).get("canaryWeight", 0))
