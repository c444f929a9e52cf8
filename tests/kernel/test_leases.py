"""Leader election: one holder, measured by the candidate's own clock."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from flagger_py.errors import Conflict, Unavailable
from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import LEASE
from flagger_py.runtime.leases import Elector, Terms, Time, lease_name
from flagger_py.wire import Manifest

LEASE_KEY = Key("flux-system", "rollout-leader-election")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Leases:
    """One lease with optimistic locking, and a switch to be unreachable."""

    def __init__(self) -> None:
        self.lease: dict[str, Any] | None = None
        self.down = False
        self.writes = 0

    async def get(self, kind: Kind, key: Key, *, account: str | None = None) -> Manifest | None:
        if self.down:
            raise Unavailable("down")
        return self.lease

    async def create(self, kind: Kind, manifest: Manifest, *, repeatable: bool = True) -> Manifest:
        if self.lease is not None:
            raise Conflict("exists")
        return self._store(manifest)

    async def replace(self, kind: Kind, manifest: Manifest, *, timeout_s: float) -> Manifest:
        if self.down:
            raise Unavailable("down")
        assert self.lease is not None
        known = self.lease["metadata"]["resourceVersion"]
        if manifest["metadata"]["resourceVersion"] != known:
            raise Conflict("old")
        return self._store(manifest)

    def _store(self, manifest: Manifest) -> Manifest:
        self.writes += 1
        meta = {**manifest["metadata"], "resourceVersion": str(self.writes)}
        self.lease = {**manifest, "metadata": meta}
        return self.lease


class World:
    def __init__(self) -> None:
        self.now_s = 0.0
        self.leases = Leases()

    async def sleep(self, seconds: float) -> None:
        self.now_s += seconds
        await asyncio.sleep(0)

    def elector(self, identity: str, **terms: Any) -> Elector:
        time = Time(lambda: self.now_s, lambda: NOW, self.sleep)
        return Elector(self.leases, LEASE_KEY, identity, Terms(**terms), time)


def test_the_first_candidate_leads_and_the_second_waits() -> None:
    world = World()
    a, b = world.elector("a"), world.elector("b")

    results = [asyncio.run(a.try_once()), asyncio.run(b.try_once()), asyncio.run(a.try_once())]

    assert results == [True, False, True]
    assert world.leases.lease is not None
    assert world.leases.lease["spec"]["holderIdentity"] == "a"
    assert world.leases.lease["spec"]["leaseDurationSeconds"] == 35


def test_a_lease_is_taken_once_it_has_not_changed_for_its_duration() -> None:
    world = World()
    a, b = world.elector("a"), world.elector("b")
    asyncio.run(a.try_once())
    asyncio.run(b.try_once())

    world.now_s = 34.9
    too_early = asyncio.run(b.try_once())
    world.now_s = 35.0
    in_time = asyncio.run(b.try_once())

    assert (too_early, in_time) == (False, True)
    assert world.leases.lease is not None
    assert world.leases.lease["spec"]["leaseTransitions"] == 1


def test_a_holder_whose_clock_is_wrong_is_not_robbed() -> None:
    """renewTime is no measure: it is the holder's clock, which may be years behind."""
    world = World()
    a, b = world.elector("a"), world.elector("b")
    asyncio.run(a.try_once())
    asyncio.run(b.try_once())

    world.now_s = 30
    asyncio.run(a.try_once())
    assert world.leases.lease is not None
    spec = {**world.leases.lease["spec"], "renewTime": "1999-01-01T00:00:00.000000Z"}
    asyncio.run(world.leases.replace(LEASE, {**world.leases.lease, "spec": spec}, timeout_s=1))
    asyncio.run(b.try_once())
    world.now_s = 40

    assert not asyncio.run(b.try_once())


def test_of_two_candidates_that_see_the_same_lease_one_wins() -> None:
    world = World()
    a, b = world.elector("a"), world.elector("b")
    asyncio.run(a.try_once())
    asyncio.run(a.release())
    seen = world.leases.lease
    assert seen is not None

    assert asyncio.run(b.try_once())
    with pytest.raises(Conflict):
        asyncio.run(world.leases.replace(LEASE, seen, timeout_s=1))


def test_a_released_lease_is_taken_at_once() -> None:
    world = World()
    a, b = world.elector("a"), world.elector("b")
    asyncio.run(a.try_once())
    asyncio.run(b.try_once())

    asyncio.run(a.release())

    assert asyncio.run(b.try_once())


def test_nothing_is_released_when_that_is_not_wanted() -> None:
    world = World()
    a = world.elector("a", release=False)
    asyncio.run(a.try_once())
    writes = world.leases.writes

    asyncio.run(a.release())

    assert world.leases.writes == writes


def test_a_holder_that_cannot_renew_gives_up_before_the_lease_may_be_taken() -> None:
    world = World()
    a = world.elector("a")
    asyncio.run(a.try_once())
    world.leases.down = True

    asyncio.run(a.hold())

    assert 30 <= world.now_s < 35


def test_a_holder_that_is_robbed_gives_up_at_once() -> None:
    world = World()
    a = world.elector("a")
    asyncio.run(a.try_once())
    assert world.leases.lease is not None
    spec = {**world.leases.lease["spec"], "holderIdentity": "thief"}
    thief = {**world.leases.lease, "spec": spec}
    asyncio.run(world.leases.replace(LEASE, thief, timeout_s=1))

    asyncio.run(a.hold())

    assert world.now_s == 5
    assert a.holder == "thief"


def test_a_short_outage_does_not_cost_the_lead() -> None:
    async def scene() -> bool:
        world = World()
        a = world.elector("a")
        await a.try_once()
        held = asyncio.create_task(a.hold())
        world.leases.down = True
        while world.now_s < 20:
            await asyncio.sleep(0)
        world.leases.down = False
        while world.now_s < 100:
            await asyncio.sleep(0)
        kept = not held.done()
        held.cancel()
        return kept

    assert asyncio.run(scene())


def test_each_shard_has_a_lease_of_its_own() -> None:
    assert lease_name("rollout", "") == "rollout-leader-election"
    names = {lease_name("rollout", f"sharding.fluxcd.io/key=shard{n}") for n in range(3)}
    assert len(names) == 3
    assert all(len(name) == len("rollout-leader-election-") + 8 for name in names)
