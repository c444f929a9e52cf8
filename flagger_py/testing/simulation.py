"""Runs controllers on a World: the same passes as in a cluster, in virtual time, repeatably."""

from collections.abc import Callable, Iterable
from typing import Self

from flagger_py.egress import Egress
from flagger_py.refs import Key
from flagger_py.testing import defaults
from flagger_py.testing.actor import Actor
from flagger_py.testing.agenda import Agenda
from flagger_py.testing.collector import Collector
from flagger_py.testing.consistency import Inconsistent, findings_of, inconsistencies
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.loop import VirtualLoop
from flagger_py.testing.mail import Mail
from flagger_py.testing.process import AnyPart, Process, unreachable
from flagger_py.testing.queueing import Backoff
from flagger_py.testing.refusal import NotServed
from flagger_py.testing.served import EVENT, custom
from flagger_py.testing.store import Store
from flagger_py.testing.telemetry import Telemetry
from flagger_py.testing.troubles import Troubles
from flagger_py.testing.world import World

LATENCY_S = 0.01
"""How long after a write others hear of it."""

MOMENT_TURNS_MAX = 10_000
"""How often things may happen at one moment before that is taken for an endless loop."""


class NotReached(AssertionError):
    """What a test waited for did not come about in time."""


class Simulation:
    """Drives *parts*, each in a process of its own, and *actors* on *world*.

    Kinds of parts that the World does not serve yet are registered as custom resources with
    Flux's default status. *egress* answers the requests that leave the cluster. With *strict*
    every write is checked (`consistency`), and a finding is raised as `Inconsistent`. A background
    garbage collector is among the actors unless *collect* is false.

    Time passes only in the `run_…` methods and `settle`. `telemetry` has what came out.
    """

    def __init__(  # noqa: PLR0913 - each has a default; a test names the ones it needs
        self,
        world: World,
        parts: Iterable[AnyPart] = (),
        *,
        actors: Iterable[Actor] = (),
        egress: Egress = unreachable,
        strict: bool = True,
        collect: bool = True,
        backoff: Backoff | None = None,
    ) -> None:
        self.world = world
        self.telemetry = Telemetry()
        self._strict = strict
        self._agenda = Agenda()
        self._loop = VirtualLoop(world.clock)
        self._waiting = self._loop.create_future()
        self._faults: list[BaseException] = []
        self._written_s = world.clock.elapsed_s
        self._processes: dict[str, Process] = {}
        for part in parts:
            _serve(world.store, part)
            self._processes[part.name] = self._process(part, egress, backoff or Backoff())
        self._mail = Mail(world, self._agenda, LATENCY_S)
        self._troubles = Troubles(world.faults, self._agenda, world.clock)
        collectors = (Collector(world.store),) if collect else ()
        self._actors: tuple[Actor, ...] = (*actors, *collectors)
        self._acting = dict.fromkeys(range(len(self._actors)), world.clock.elapsed_s)
        self._ignore = world.store.listen(self._noticed)
        for process in self._processes.values():
            process.start()
            self._troubles.plan(process)

    def process(self, part: str) -> Process:
        """Return the process of a part, whose queue and cache a test may look at."""
        return self._processes[part]

    def crash(self, part: str) -> None:
        """End the process of *part* at once, and start it anew as after a fault."""
        self._troubles.restart(self._processes[part])

    def stop(self, part: str) -> None:
        """End the process of *part*; `start` brings it back."""
        self._processes[part].end()

    def start(self, part: str) -> None:
        self._processes[part].start()

    def wake(self, part: str, key: Key) -> None:
        """Let *part* look at *key* now, as an unrelated event would."""
        self._processes[part].wake(key)

    def after(self, seconds: float, act: Callable[[], object]) -> None:
        """Let *act* happen when *seconds* have passed."""
        self._agenda.add(self.world.clock.elapsed_s + seconds, act)

    def run_for(self, seconds: float) -> None:
        """Let *seconds* pass, and whatever happens in them."""
        self._run(lambda: False, self.world.clock.elapsed_s + seconds)

    def run_until(self, predicate: Callable[[], bool], timeout_s: float = 3600) -> float:
        """Let time pass until *predicate* holds; returns the seconds that took.

        Raises `NotReached` after *timeout_s*.
        """
        began_s = self.world.clock.elapsed_s
        if not self._run(predicate, began_s + timeout_s):
            raise NotReached(f"not within {timeout_s:g} s; {self._waits()}")
        return self.world.clock.elapsed_s - began_s

    def settle(self, timeout_s: float = 3600, quiet_s: float = 30) -> float:
        """Let time pass until nothing was written for *quiet_s*; returns the seconds that took.

        Controllers may still be polling then, and those that met a fault have met it again since.
        *quiet_s* must exceed the longest wait between two writes that belong together. Raises
        `NotReached` after *timeout_s*, and with `strict` `Inconsistent` where what came to rest
        breaks a law.
        """
        began_s = self.world.clock.elapsed_s
        self._run(lambda: False, began_s)
        while not self._quiet(quiet_s, began_s):
            if self.world.clock.elapsed_s - began_s >= timeout_s:
                raise NotReached(f"no rest within {timeout_s:g} s; {self._waits()}")
            until_s = max(self._written_s + quiet_s, self.world.clock.elapsed_s + 1)
            self._run(lambda: False, min(until_s, began_s + timeout_s))
        if self._strict:
            ours = [process.kind for process in self._processes.values()]
            if findings := inconsistencies(self.world.store, ours):
                raise Inconsistent("; ".join(findings))
        return self.world.clock.elapsed_s - began_s

    def close(self) -> None:
        """Let go of the World, which may be simulated further by another simulation."""
        if self._loop.is_closed():
            return
        self._ignore()
        for process in self._processes.values():
            process.end()
        self._loop.run_until_complete(self._loop.idle())
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self, done: Callable[[], bool], until_s: float) -> bool:
        return self._loop.run_until_complete(self._drive(done, until_s))

    async def _drive(self, done: Callable[[], bool], until_s: float) -> bool:
        """Make things happen in their order until *done* or *until_s*; returns whether done."""
        turns, moment_s = 0, self.world.clock.elapsed_s
        while True:
            self._turn()
            await self._loop.idle()
            if self._faults:
                raise self._faults.pop(0)
            if done():
                return True
            now_s, next_s = self.world.clock.elapsed_s, self._next_s()
            if next_s > now_s:
                if now_s >= until_s:
                    return False
                await self._sleep(min(next_s, until_s))
            turns = turns + 1 if self.world.clock.elapsed_s == moment_s else 0
            moment_s = self.world.clock.elapsed_s
            if turns > MOMENT_TURNS_MAX:
                raise NotReached(f"an endless loop at one moment; {self._waits()}")

    def _turn(self) -> None:
        """Do everything that is due at this moment, once."""
        now_s = self.world.clock.elapsed_s
        self._agenda.run_due(now_s)
        for number, actor in enumerate(self._actors):
            if self._acting[number] > now_s:
                continue
            self._acting[number] = float("inf")
            wait_s = actor.act(self.world.store, self.world.clock())
            if wait_s is not None:
                self._call_actor(number, max(wait_s, LATENCY_S / 10))
        for process in self._processes.values():
            process.begin_due(self._loop)

    def _next_s(self) -> float:
        queues = (process.queue.next_s() for process in self._processes.values())
        return min(self._agenda.next_s(), *self._acting.values(), *queues, float("inf"))

    async def _sleep(self, until_s: float) -> None:
        """Wait until *until_s*, or until a pass ends that took virtual time."""
        self._waiting = self._loop.create_future()
        timer = self._loop.call_at(until_s, self._woke)
        await self._waiting
        timer.cancel()

    def _woke(self) -> None:
        if not self._waiting.done():
            self._waiting.set_result(None)

    def _noticed(self, change: Change) -> None:
        """Tell of a write all whom it concerns, a little later."""
        self._written_s = self.world.clock.elapsed_s
        if change.kind == EVENT and change.type is Happened.ADDED:
            self.telemetry.events.append(change.object)
        for process in self._processes.values():
            self._mail.post(process, change)
        for number, actor in enumerate(self._actors):
            if not actor.kinds or change.kind in actor.kinds:
                self._call_actor(number, LATENCY_S)
        if self._strict:
            ours = [process.kind for process in self._processes.values()]
            if findings := findings_of(change, ours):
                self._faults.append(Inconsistent("; ".join(findings)))

    def _call_actor(self, number: int, wait_s: float) -> None:
        due_s = self.world.clock.elapsed_s + wait_s
        self._acting[number] = min(self._acting[number], due_s)

    def _process(self, part: AnyPart, egress: Egress, backoff: Backoff) -> Process:
        process = Process(self.world, part, self.telemetry, egress, backoff)
        process.crashed = lambda: self._troubles.restart(process)
        process.broken = self._faults.append
        process.woke = self._woke
        return process

    def _quiet(self, quiet_s: float, began_s: float) -> bool:
        since_s = max(self._written_s, began_s)
        resting = all(process.rests(since_s) for process in self._processes.values())
        written = self.world.clock.elapsed_s < self._written_s + quiet_s
        return resting and not written and not self._mail.under_way

    def _waits(self) -> str:
        told = [process.described() for process in self._processes.values()]
        return "; ".join((f"seed {self.world.seed!r}", *told))


def _serve(store: Store, part: AnyPart) -> None:
    try:
        store.served(part.kind)
    except NotServed:
        store.register(custom(part.kind, default=defaults.unobserved))
