"""A World to test controllers in: an in-memory cluster, virtual time, seeded faults.

    world = World(seed=7, rates=Rates(crash=0.01, lag_s_max=2))
    world.store.create(a_deployment("app", version="1"))
    with Simulation(world, parts=[my_part]) as simulation:
        simulation.run_until(lambda: ready(world), timeout_s=60)

`World` holds the cluster (`Store`), the time (`VirtualClock`) and what goes wrong (`Faults`).
`Simulation` runs `Part`s on it, beside `Actor`s that play everybody else.
"""

from flagger_py.testing.actor import Actor
from flagger_py.testing.build import (
    a_canary,
    a_deployment,
    a_namespace,
    a_service,
    an_http_route,
)
from flagger_py.testing.clock import VirtualClock
from flagger_py.testing.conformance import Health, kstatus, violations
from flagger_py.testing.consistency import Inconsistent, inconsistencies
from flagger_py.testing.faults import Crash, Fault, Faults, Rates
from flagger_py.testing.refusal import Refusal
from flagger_py.testing.served import Served, custom, from_crd, served
from flagger_py.testing.simulation import NotReached, Simulation
from flagger_py.testing.store import Store
from flagger_py.testing.telemetry import Exchange, Telemetry, series
from flagger_py.testing.world import Tally, World

__all__ = [
    "Actor",
    "Crash",
    "Exchange",
    "Fault",
    "Faults",
    "Health",
    "Inconsistent",
    "NotReached",
    "Rates",
    "Refusal",
    "Served",
    "Simulation",
    "Store",
    "Tally",
    "Telemetry",
    "VirtualClock",
    "World",
    "a_canary",
    "a_deployment",
    "a_namespace",
    "a_service",
    "an_http_route",
    "custom",
    "from_crd",
    "inconsistencies",
    "kstatus",
    "series",
    "served",
    "violations",
]
