"""One controller process of a simulation: what it knows, what it is doing, how it ends."""

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from flagger_py.decision import Deliver
from flagger_py.egress import Egress, Request, Response, Unreachable
from flagger_py.errors import FlaggerError
from flagger_py.refs import Key
from flagger_py.runtime.part import Outcome, Part, Shell
from flagger_py.runtime.passes import reconcile
from flagger_py.runtime.queue import LULL_S
from flagger_py.testing.cluster import WorldCluster
from flagger_py.testing.faults import Crash
from flagger_py.testing.queueing import Backoff, WorkQueue
from flagger_py.testing.telemetry import Exchange, Telemetry
from flagger_py.testing.world import World

AnyPart = Part[Any, Any, Any]


class Process:
    """Runs the passes of one part. All it remembers is lost when it ends.

    *crashed* is called when a fault ended it, *broken* with an exception that is no fault of the
    World, *woke* whenever a pass has ended.
    """

    def __init__(
        self,
        world: World,
        part: AnyPart,
        telemetry: Telemetry,
        egress: Egress,
        backoff: Backoff,
    ) -> None:
        self.part = part
        self.kind = world.store.served(part.kind).kind
        self.up = False
        self.returning = False
        self.skew_s = 0.0
        self.crashed: Callable[[], None] = lambda: None
        self.broken: Callable[[BaseException], None] = lambda _: None
        self.woke: Callable[[], None] = lambda: None
        self.passes = 0
        self._world = world
        self._telemetry = telemetry
        self._egress = egress
        self._backoff = backoff
        self._reset()

    def _reset(self) -> None:
        self.queue = WorkQueue()
        self.cluster = WorldCluster(self._world, self.part.name)
        self.running: dict[Key, asyncio.Task[Outcome]] = {}
        self._sending: dict[Key, asyncio.Task[None]] = {}
        self._letters: dict[Key, deque[Deliver]] = {}
        self._memory: dict[Key, dict[str, Any]] = {}
        self._failures: dict[Key, int] = {}
        self._failed_s: dict[Key, float] = {}
        self._again: dict[Key, None] = {}

    def start(self) -> None:
        """Begin with empty memory: list what there is, and look at all of it."""
        self._reset()
        self.up, self.returning = True, False
        for key in self.cluster.open(self.kind).objects:
            self.wake(key)

    def end(self) -> None:
        """Stop at once, whatever is under way."""
        self.up, self.returning = False, False
        self.cluster.dead = True
        for task in (*self.running.values(), *self._sending.values()):
            task.cancel()
        self._reset()
        self.cluster.dead = True

    def wake(self, key: Key, after_s: float = 0.0) -> None:
        """Look at *key* again, after the pass that is under way if there is one."""
        if key in self.running:
            self._again[key] = None
        else:
            self.queue.add(key, self._now_s() + after_s)

    def begin_due(self, loop: asyncio.AbstractEventLoop) -> None:
        """Begin a pass for every key that is due."""
        while self.up and (key := self.queue.take(self._now_s())) is not None:
            cache = self.cluster.watched(self.kind)
            manifest = cache.objects.get(key) if cache else None
            if manifest is None:
                self._forget(key)
                continue
            self.passes += 1
            memory = self._memory.setdefault(key, {})
            task = loop.create_task(reconcile(self.part, manifest, self._shell(key), memory))
            self.running[key] = task
            task.add_done_callback(partial(self._finished, key))

    def now(self) -> datetime:
        """Return what this process takes the time to be."""
        skew_s = self.skew_s if self._world.faults.rates.jumps_per_hour else 0.0
        return self._world.clock() + timedelta(seconds=skew_s)

    def rests(self, since_s: float) -> bool:
        """Tell whether nothing is under way, and each key at fault was tried after *since_s*."""
        if self.running or self._sending or self.returning:
            return False
        return all(self._failed_s[key] > since_s for key in self._failures)

    def described(self) -> str:
        """Say for a person what the process waits for."""
        now_s = self._now_s()
        due = [f"{key} in {due_s - now_s:.3g} s" for key, due_s in self.queue.due().items()]
        waits = ", ".join((*due, *(f"{key} under way" for key in self.running))) or "nothing"
        return f"{self.part.name} ({'up' if self.up else 'down'}) waits for {waits}"

    def _forget(self, key: Key) -> None:
        self._memory.pop(key, None)
        self._failures.pop(key, None)
        self.cluster.interests.forget(key)

    def _shell(self, key: Key) -> Shell:
        return Shell(
            cluster=self.cluster,
            egress=partial(self._ask, key, ""),
            clock=self.now,
            tell=lambda item: self._telemetry.tell(item, key),
            deliver=self._deliver,
            instance=f"{self.part.manager}-0",
        )

    def _finished(self, key: Key, task: asyncio.Task[Outcome]) -> None:
        if self.running.get(key) is not task:
            _swallow(task)
            return
        del self.running[key]
        error = None if task.cancelled() else task.exception()
        match error:
            case None if task.cancelled():
                self.broken(RuntimeError(f"a pass of {self.part.name} over {key} cancelled itself"))
            case None:
                self._requeue(key, task.result())
            case Crash():
                self.crashed()
            case FlaggerError():
                retry_after_s = getattr(error, "retry_after_s", None)
                self._requeue(key, Outcome(retry_after_s, failed=True))
            case _:
                self.broken(error)
        self.woke()

    def _requeue(self, key: Key, outcome: Outcome) -> None:
        wait_s = outcome.requeue_after_s
        if outcome.failed:
            self._failures[key] = self._failures.get(key, 0) + 1
            self._failed_s[key] = self._now_s()
            wait_s = max(wait_s or 0.0, self._backoff.after(self._failures[key]))
            if outcome.at_latest_s is not None:
                wait_s = min(wait_s, outcome.at_latest_s)
        else:
            self._failures.pop(key, None)
        if key in self._again:
            del self._again[key]
            wait_s = LULL_S if wait_s is None else min(LULL_S, wait_s)
        if wait_s is not None:
            self.queue.add(key, self._now_s() + wait_s)

    def _deliver(self, key: Key, letter: Deliver) -> None:
        self._letters.setdefault(key, deque()).append(letter)
        if key not in self._sending:
            task = asyncio.get_running_loop().create_task(self._send(key, self._letters[key]))
            self._sending[key] = task
            task.add_done_callback(partial(self._sent, key))

    async def _send(self, key: Key, letters: deque[Deliver]) -> None:
        """Send what waits about *key*, one after the other; failures are only noted."""
        while letters:
            letter = letters.popleft()
            try:
                await self._ask(key, letter.about, letter.request)
            except FlaggerError:
                continue

    def _sent(self, key: Key, task: asyncio.Task[None]) -> None:
        if self._sending.get(key) is not task:
            _swallow(task)
            return
        del self._sending[key]
        error = task.exception()
        if isinstance(error, Crash):
            self.crashed()
        elif error is not None:
            self.broken(error)
        self.woke()

    async def _ask(self, key: Key, about: str, request: Request) -> Response:
        """Send *request* out of the cluster; *about* is empty where an observer asks."""
        world, name = self._world, self.part.name
        if not self.up:
            raise Crash(f"the process of {name} has ended")
        struck = world.faults.at(name, request.method, request.url)
        failure: Crash | Unreachable | None = None
        if struck is not None:
            ending = struck.exception()
            failure = ending if isinstance(ending, Crash) else Unreachable(str(ending))
            if not struck.fault.took_effect:
                raise failure
        log = self._telemetry.deliveries if about else self._telemetry.asked
        at_s = world.clock.elapsed_s
        try:
            answer = await self._egress(request)
        except FlaggerError as error:
            log.append(Exchange(name, key, at_s, request, error, about))
            raise
        log.append(Exchange(name, key, at_s, request, answer, about))
        if failure is not None:
            raise failure
        return answer

    def _now_s(self) -> float:
        return self._world.clock.elapsed_s


async def unreachable(request: Request) -> Response:
    """The egress of a simulation that was given none: nobody answers."""
    raise Unreachable(f"{request.method} {request.url}: this simulation has no egress")


def _swallow(task: asyncio.Task[Any]) -> None:
    """Take notice of how a task of an ended process ended, so that nobody complains."""
    if not task.cancelled():
        task.exception()
