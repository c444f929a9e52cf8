"""What becomes of a Canary beyond its releases: deleted, suspended, taken over, repaired."""

import copy
from typing import Any

from flagger_cli.simulator.four import Four
from flagger_py.egress import Request, Response
from flagger_py.refs import DEPLOYMENT, SERVICE, Key, Kind
from flagger_py.testing import build
from flagger_py.testing.served import TRAEFIK_SERVICE
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import TRAFFIC_ROUTE

KEY = Key("test", "app")
PRIMARY = Key("test", "app-primary")


def a_canary(**spec: Any) -> dict[str, Any]:
    canary = build.a_canary()
    canary["spec"] |= spec
    canary["spec"]["analysis"]["metrics"] = []
    canary["spec"]["progressDeadlineSeconds"] = 60
    return canary


def stored(four: Four, kind: Kind, key: Key = KEY) -> dict[str, Any]:
    found = four.world.store.get(kind, key)
    assert found is not None, f"{kind} {key} is gone"
    return copy.deepcopy(dict(found))


def phase(four: Four) -> str:
    return str((stored(four, CANARY).get("status") or {}).get("phase"))


def until(four: Four, wanted: str) -> None:
    four.simulation.run_until(lambda: phase(four) == wanted, 600)


def push(four: Four, version: str, **env: str) -> None:
    target = stored(four, DEPLOYMENT)
    (container,) = target["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "VERSION", "value": version}]
    container["env"] += [{"name": name, "value": value} for name, value in env.items()]
    four.world.store.update(target)


def begun(four: Four, **spec: Any) -> None:
    four.world.store.create(build.a_deployment())
    four.world.store.create(a_canary(**spec))
    until(four, "Initialized")


def version(deployment: dict[str, Any]) -> str:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return str(container["env"][0]["value"])


def test_a_canary_that_reverts_hands_its_target_back() -> None:
    """The target serves before the route goes; nothing of ours is left but the user's own."""
    with Four() as four:
        four.world.store.create(build.a_deployment())
        four.world.store.create(build.a_service())
        four.world.store.create(a_canary(revertOnDeletion=True))
        until(four, "Initialized")
        assert stored(four, SERVICE)["spec"]["selector"] == {"app": "app-primary"}

        four.world.store.delete(CANARY, KEY)
        four.simulation.settle()

        store = four.world.store
        assert store.get(CANARY, KEY) is None
        assert stored(four, DEPLOYMENT)["spec"]["replicas"] == 2
        assert stored(four, SERVICE)["spec"]["selector"] == {"app": "app"}
        for kind, key in ((DEPLOYMENT, PRIMARY), (TRAFFIC_ROUTE, KEY), (TRAEFIK_SERVICE, KEY)):
            assert store.get(kind, key) is None, f"{kind} {key} is left behind"


def test_a_canary_that_does_not_revert_says_so_beforehand() -> None:
    with Four() as four:
        begun(four)

        conditions = stored(four, CANARY)["status"]["conditions"]

        ready = next(c for c in conditions if c["type"] == "Ready")
        assert "leaves app at 0 replicas" in ready["message"]


def test_a_deleted_canary_makes_nothing() -> None:
    with Four() as four:
        begun(four)
        push(four, "2")
        until(four, "Progressing")

        four.world.store.delete(CANARY, KEY)
        four.simulation.settle()

        assert four.world.store.get(DEPLOYMENT, PRIMARY) is None
        assert four.world.store.get(TRAFFIC_ROUTE, KEY) is None


def test_a_suspended_canary_leaves_everything_where_it_is() -> None:
    """Its children are suspended with it, so that nobody repairs anything either."""
    with Four() as four:
        begun(four)
        push(four, "2")
        four.simulation.run_until(
            lambda: stored(four, CANARY)["status"].get("canaryWeight") == 20, 600
        )

        suspended = stored(four, CANARY)
        suspended["spec"]["suspend"] = True
        four.world.store.update(suspended)
        four.simulation.settle()
        tally = four.world.tally()
        four.simulation.run_for(600)

        assert stored(four, TRAFFIC_ROUTE)["spec"]["suspend"] is True
        assert stored(four, CANARY)["status"]["canaryWeight"] == 20
        assert tally.writes() == 0


def test_a_resumed_canary_goes_on_where_it_was() -> None:
    with Four() as four:
        begun(four)
        push(four, "2")
        four.simulation.run_until(
            lambda: stored(four, CANARY)["status"].get("canaryWeight") == 40, 600
        )
        for suspend in (True, False):
            edited = stored(four, CANARY)
            edited["spec"]["suspend"] = suspend
            four.world.store.update(edited)
            four.simulation.run_for(7200) if suspend else until(four, "Succeeded")

        assert version(stored(four, DEPLOYMENT, PRIMARY)) == "2"


async def closed(_request: Request) -> Response:
    return Response(403)


def test_a_service_edited_after_a_long_wait_ends_no_release() -> None:
    """The route has to be written anew then, and is not in force for a moment."""
    gate = {"name": "ask", "type": "confirm-promotion", "url": "http://gate.test/"}
    analysis = {**a_canary()["spec"]["analysis"], "webhooks": [gate]}
    with Four(servers={"gate.test": closed}) as four:
        begun(four, analysis=analysis)
        push(four, "2")
        until(four, "WaitingPromotion")
        four.simulation.run_for(7200)
        edited = stored(four, CANARY)
        edited["spec"]["service"]["timeout"] = "7s"
        four.world.store.update(edited)
        four.simulation.run_for(60)

        assert phase(four) == "WaitingPromotion"


FLAGGER_STATUS = {
    "phase": "Succeeded",
    "canaryWeight": 0,
    "failedChecks": 0,
    "iterations": 0,
    "lastAppliedSpec": "5f8fd5d546",
    "lastPromotedSpec": "5f8fd5d546",
}


def taken_over(four: Four, target_version: str, **status: Any) -> None:
    """Put a Canary in place as Flagger left it, with a primary of version 1."""
    store = four.world.store
    begun(four)
    push(four, target_version)
    for part in ("rollout", "routing", "metrics", "gating"):
        four.simulation.stop(part)
    canary = stored(four, CANARY)
    canary["status"] = {**FLAGGER_STATUS, **status}
    store.set_status(CANARY, KEY, canary["status"])
    for part in ("rollout", "routing", "metrics", "gating"):
        four.simulation.start(part)


def test_a_canary_of_flaggers_with_equal_templates_is_left_at_rest() -> None:
    """Flagger's hashes are not ours; what runs decides."""
    with Four() as four:
        taken_over(four, "1")

        four.simulation.settle()

        status = stored(four, CANARY)["status"]
        assert status["phase"] == "Succeeded"
        assert status["progress"]["run"] == 0


def test_a_revision_that_flagger_rolled_back_stays_rolled_back() -> None:
    with Four() as four:
        taken_over(four, "2", phase="Failed")

        four.simulation.settle()

        assert phase(four) == "Failed"
        assert version(stored(four, DEPLOYMENT, PRIMARY)) == "1"


def test_a_revision_that_flagger_had_not_promoted_is_analysed_from_the_first_step() -> None:
    with Four() as four:
        taken_over(four, "2", phase="Progressing", canaryWeight=40)

        until(four, "Progressing")
        until(four, "Succeeded")

        assert version(stored(four, DEPLOYMENT, PRIMARY)) == "2"


def test_a_named_revision_is_not_ready_before_its_target_came() -> None:
    """The Canary and its target change in one apply, and the Canary may come first."""
    with Four() as four:
        begun(four, revision="v1")
        named = stored(four, CANARY)
        named["spec"]["revision"] = "v2"
        four.world.store.update(named)
        four.simulation.run_for(1)
        early = ready_of(four)
        push(four, "2")
        until(four, "Succeeded")
        four.simulation.settle()

        assert early == "Unknown"
        assert ready_of(four) == "True"


def test_a_named_revision_without_a_change_is_ready_after_a_little() -> None:
    with Four() as four:
        begun(four, revision="v1")
        named = stored(four, CANARY)
        named["spec"]["revision"] = "v2"
        four.world.store.update(named)

        four.simulation.settle()

        assert ready_of(four) == "True"


def ready_of(four: Four) -> str:
    conditions = stored(four, CANARY)["status"]["conditions"]
    return str(next(c for c in conditions if c["type"] == "Ready")["status"])
