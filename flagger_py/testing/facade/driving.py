"""How imitated controllers act on a served store in real time: after a change, and when due."""

import asyncio
from collections.abc import Sequence

from flagger_py.clock import Clock
from flagger_py.testing.actor import Actor
from flagger_py.testing.history import Change
from flagger_py.testing.store import Store

GATHER_S = 0.05
"""Changes are gathered for so long, since an actor looks at all its objects each time."""


async def drive(store: Store, actors: Sequence[Actor], clock: Clock) -> None:
    """Let *actors* act until cancelled."""
    async with asyncio.TaskGroup() as group:
        for actor in actors:
            group.create_task(_drive(store, actor, clock))


async def _drive(store: Store, actor: Actor, clock: Clock) -> None:
    changed = asyncio.Event()

    def heard(change: Change) -> None:
        if not actor.kinds or change.kind in actor.kinds:
            changed.set()

    stop = store.listen(heard)
    try:
        while True:
            changed.clear()
            wait_s = actor.act(store, clock())
            try:
                async with asyncio.timeout(wait_s):
                    await changed.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(GATHER_S)
    finally:
        stop()
