"""A Gate in a cluster where calls fail, events come late and the process dies."""

from typing import Any

import pytest

from flagger_gating.api import GATE
from flagger_gating.controller import part
from flagger_gating.resources import RESOURCES
from flagger_gating.settings import GatingSettings
from flagger_py.contracts import read_gated
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.refs import Key
from flagger_py.testing import Health, Rates, Simulation, World, kstatus, served, violations
from flagger_py.wire import Manifest

from .bench import Bench, Endpoint, gate, says, webhook

KEY = Key("shop", "may-start")
FAULTS = Rates(crash=0.02, conflict=0.1, lost=0.05, repeated=0.1, lag_s_max=2)


def created(**spec: Any) -> dict[str, Any]:
    manifest = gate(**spec)
    manifest["metadata"] = {"name": KEY.name, "namespace": KEY.namespace}
    del manifest["status"]
    return manifest


@pytest.mark.parametrize("seed", range(20))
def test_whatever_fails_the_gate_opens_and_is_left_alone_then(seed: int) -> None:
    world = World(seed, rates=FAULTS, kinds=[served(RESOURCES[0])])
    told: dict[str, int] = {}

    async def endpoint(request: Request) -> Response:
        key = request.headers["Idempotency-Key"]
        known = told.setdefault(key, len(told))
        if known == 1:
            raise Unreachable("connection refused")
        return Response(200 if known >= 2 else 403)

    def live() -> Manifest:
        found = world.store.get(GATE, KEY)
        assert found is not None
        return found

    world.store.create(created(run={"token": "t1"}))
    with Simulation(world, parts=[part(GatingSettings())], egress=endpoint) as simulation:
        simulation.run_until(lambda: read_gated(live()).open, timeout_s=3600)
        asked = len(told)
        simulation.run_for(600)

    gated = read_gated(live())
    assert (gated.open, gated.token) == (True, "t1")
    assert 3 <= asked == len(told) <= gated.polls


def refuse(request: Request) -> Response:
    raise Unreachable("connection refused")


@pytest.mark.parametrize(
    ("question", "endpoint", "health"),
    [
        (webhook(), says(200), Health.CURRENT),
        (webhook(), says(403), Health.CURRENT),
        (webhook(), refuse, Health.IN_PROGRESS),
        (webhook(secretRef={"name": "absent"}), says(200), Health.IN_PROGRESS),
        ({"manual": {}}, says(200), Health.CURRENT),
        ({"window": {"schedule": "0 13 * * *", "duration": "1h"}}, says(200), Health.CURRENT),
        ({"window": {"schedule": "often", "duration": "1h"}}, says(200), Health.FAILED),
    ],
    ids=["open", "denied", "unreachable", "no Secret", "manual", "window", "broken"],
)
def test_flux_sees_health_in_the_evaluation_and_not_in_the_answer(
    question: dict[str, Any], endpoint: Endpoint, health: Health
) -> None:
    bench = Bench(gate(question, run={"token": "t1"}), endpoint)

    bench.go()
    assert violations(bench.manifest, at_rest=False) == ()
    bench.settle()

    assert kstatus(bench.manifest)[0] is health
    assert violations(bench.manifest, at_rest=health is not Health.IN_PROGRESS) == ()
