"""Nothing begins once a process has begun to end, and nothing outlives it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.queue import WorkQueue
from flagger_py.runtime.worker import Bench, Workers
from flagger_py.testing.served import LEASE
from tests.kernel.served import Scene, controllers, scene
from tests.kernel.toy import BELLS, BellSubject, Seen, a_bell, observe

LEASE_KEY = Key("test", "flagger-py-leader-election")
ELECTION = {
    "leader_election": True,
    "leader_election_namespace": "test",
    "identity": "pod-1",
    "retry_period_s": 0.05,
    "renew_deadline_s": 0.5,
    "lease_duration_s": 1.0,
}


def play(act: Callable[[Scene], Awaitable[None]], **options: Any) -> None:
    async def whole() -> None:
        async with scene(**options) as stage:
            await act(stage)

    asyncio.run(whole())


async def lose_the_lead(stage: Scene) -> None:
    lease = stage.store.get(LEASE, LEASE_KEY)
    assert lease is not None
    spec = {**lease["spec"], "holderIdentity": "thief"}
    meta = {k: v for k, v in lease["metadata"].items() if k != "resourceVersion"}
    stage.store.update({**lease, "metadata": meta, "spec": spec}, manager="thief")


async def stay(_stage: Scene) -> None:
    """Leave it to the signal."""


@pytest.mark.parametrize(
    ("ends", "options"),
    [
        pytest.param(stay, {}, id="signal"),
        pytest.param(stay, {"graceful_shutdown_timeout_s": 0.0}, id="without-grace"),
        pytest.param(stay, ELECTION, id="signal-while-leading"),
        pytest.param(lose_the_lead, ELECTION, id="lead-lost"),
    ],
)
def test_no_pass_begins_once_the_end_has_begun(
    ends: Callable[[Scene], Awaitable[None]], options: dict[str, Any]
) -> None:
    """The one that waited for a place is not taken up when the one before makes room."""
    begun: list[str] = []
    first, go_on = asyncio.Event(), asyncio.Event()

    async def slow(subject: BellSubject, site: Site) -> Seen:
        begun.append(subject.name)
        first.set()
        await go_on.wait()
        return await observe(subject, site)

    async def act(stage: Scene) -> None:
        stage.store.create(a_bell("one"))
        stage.store.create(a_bell("two"))
        async with controllers(stage, [replace(BELLS, observe=slow)]) as process:
            await first.wait()
            await ends(stage)
            if ends is not stay:
                await asyncio.wait_for(asyncio.shield(process), 5)
            asyncio.get_running_loop().call_later(0.05, go_on.set)
        for _ in range(20):
            await asyncio.sleep(0)
        left = [task for task in asyncio.all_tasks() if task.get_name().startswith("pass")]
        assert (len(begun), left) == (1, [])

    play(act, concurrent=1, **options)


class Working(Workers):
    """Workers whose passes only note how far they came."""

    def __init__(self, queue: WorkQueue[Reader]) -> None:
        super().__init__({}, cast(Bench, SimpleNamespace(queue=queue)), 1)
        self.begun: list[str] = []
        self.ended: list[str] = []

    async def _pass(self, reader: Reader, _place: object) -> None:
        self.begun.append(reader[1].name)
        try:
            await asyncio.sleep(0.01)
            await asyncio.Event().wait()
        finally:
            self.ended.append(reader[1].name)


async def working(*names: str) -> tuple[Working, asyncio.Task[None]]:
    queue: WorkQueue[Reader] = WorkQueue()
    for name in names:
        queue.add(("bells", Key("test", name)))
    workers = Working(queue)
    return workers, asyncio.create_task(workers.run())


def test_a_pass_that_was_not_begun_when_the_drain_began_never_does() -> None:
    async def act() -> list[str]:
        workers, run = await working("one")
        await asyncio.sleep(0)  # The task of the pass is made, and has not had its turn.
        run.cancel()
        await workers.drain(0.05)
        return workers.begun

    assert asyncio.run(act()) == []


def test_a_second_signal_during_the_drain_leaves_no_pass_behind() -> None:
    async def act() -> tuple[list[str], list[str]]:
        workers, run = await working("one")
        while not workers.begun:
            await asyncio.sleep(0)
        run.cancel()
        draining = asyncio.create_task(workers.drain(30))
        await asyncio.sleep(0)
        draining.cancel()
        await asyncio.gather(draining, return_exceptions=True)
        return list(workers.begun), list(workers.ended)

    assert asyncio.run(act()) == (["one"], ["one"])
