"""Passes over objects, many side by side, never two over the same one.

A pass that waits for a foreign server does not count among those side by side, so that slow
webhooks and metric servers delay nobody but their own objects. An error that nobody foresaw is
the trouble of one object: it is logged whole and the object is tried again later.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

from flagger_py.clock import monotonic_s
from flagger_py.contracts import condition_of, status_of
from flagger_py.egress import Egress, Request, Response
from flagger_py.errors import FlaggerError, Unavailable
from flagger_py.refs import Key
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.meters import QueueMeter
from flagger_py.runtime.part import Outcome, Part, Shell
from flagger_py.runtime.passes import reconcile
from flagger_py.runtime.queue import WorkQueue
from flagger_py.runtime.telemetry import Telemetry
from flagger_py.wire import Manifest

Found = TypeVar("Found")

log = logging.getLogger(__name__)

DENIED_S = 60.0
"""When to look again after an access was denied: no watch tells that it has been granted."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the workers work with; *find* returns an object as cached, *forget* drops its reads."""

    shell: Shell
    queue: WorkQueue[Reader]
    telemetry: Telemetry
    meter: QueueMeter
    find: Callable[[Part[Any, Any, Any], Key], Manifest | None]
    forget: Callable[[Reader], None]


@dataclass(slots=True)
class _Memory:
    """What a process remembers of one object while it is the same one."""

    uid: str
    readings: dict[str, Any] = field(default_factory=dict)


class Workers:
    """Takes keys from the queue and passes over their objects, *places* at once."""

    def __init__(
        self, parts: Mapping[str, Part[Any, Any, Any]], bench: Bench, places: int = 16
    ) -> None:
        self._parts = parts
        self._bench = bench
        self._places = asyncio.Semaphore(places)
        self._memories: dict[Reader, _Memory] = {}
        self._running: dict[asyncio.Task[None], float] = {}
        self._draining = False

    async def run(self) -> None:
        """Work until the queue is closed; to be cancelled before `drain`."""
        queue = self._bench.queue
        while (reader := await queue.get()) is not None:
            place = Place(self._places)
            try:
                await place.take()
            except BaseException:
                queue.done(reader)
                raise
            task = asyncio.create_task(self._work(reader, place), name=f"pass {reader[1]}")
            self._running[task] = monotonic_s()
            task.add_done_callback(lambda done: self._running.pop(done, None))

    async def drain(self, grace_s: float) -> None:
        """Let the passes under way finish, at most *grace_s*, then abandon them.

        None begins from now on, and none is left at the end, also where the drain is cancelled:
        what would still write then would do so beside the next holder of the Lease.
        """
        self._draining = True
        try:
            if self._running and grace_s > 0:
                await asyncio.wait(tuple(self._running), timeout=grace_s)
        finally:
            pending = [task for task in self._running if not task.done()]
            for task in pending:
                task.cancel()
            if pending:
                log.warning("abandoned %d passes at shutdown", len(pending))
                await asyncio.gather(*pending, return_exceptions=True)

    def oldest_s(self) -> float:
        """Return how long the oldest pass under way has been running."""
        return monotonic_s() - min(self._running.values(), default=monotonic_s())

    async def _work(self, reader: Reader, place: "Place") -> None:
        try:
            if not self._draining:
                await self._pass(reader, place)
        finally:
            place.give_back()
            self._bench.queue.done(reader)

    async def _pass(self, reader: Reader, place: "Place") -> None:
        part = self._parts[reader[0]]
        manifest = self._bench.find(part, reader[1])
        if manifest is None:
            self._gone(part, reader)
            return
        telemetry = self._bench.telemetry
        telemetry.begun(part.kind)
        begun_s, result = monotonic_s(), "error"
        shell = replace(
            self._bench.shell,
            egress=place.outside(self._bench.shell.egress),
            tell=lambda item: telemetry.tell(reader, item),
        )
        try:
            outcome = await reconcile(part, manifest, shell, self._memory(reader, manifest))
            result = self._plan(part, reader, outcome)
        except FlaggerError as error:
            # The status itself could not be written: it changed meanwhile, or nobody answers.
            retry_after_s = error.retry_after_s if isinstance(error, Unavailable) else None
            result = self._plan(part, reader, Outcome(retry_after_s, True, sentence=error.message))
        except Exception:
            # Whatever one object does to us must not reach another one.
            log.exception("the pass failed unexpectedly", extra=about(part, reader))
            self._bench.queue.retry(reader)
        finally:
            took_s = monotonic_s() - begun_s
            telemetry.ended(part.kind, reader, result, took_s)
            self._bench.meter.worked(took_s)

    def _plan(self, part: Part[Any, Any, Any], reader: Reader, outcome: Outcome) -> str:
        """Say when to look again; return the result by controller-runtime's names."""
        queue = self._bench.queue
        if outcome.failed:
            delay_s = queue.retry(reader, outcome.requeue_after_s or 0.0)
            if outcome.at_latest_s is not None:
                queue.add_after(reader, outcome.at_latest_s)
                delay_s = min(delay_s, outcome.at_latest_s)
            log.info("%s; again in %.3gs", outcome.sentence, delay_s, extra=about(part, reader))
            return "error"
        queue.succeeded(reader)
        if outcome.wrote_status:
            log.info("%s", outcome.sentence, extra=about(part, reader))
        if outcome.requeue_after_s is not None:
            queue.add_after(reader, outcome.requeue_after_s)
            return "requeue_after"
        if self._denied(part, reader[1]):
            queue.add_after(reader, DENIED_S)
            return "requeue_after"
        return "success"

    def _denied(self, part: Part[Any, Any, Any], key: Key) -> bool:
        manifest = self._bench.find(part, key)
        if manifest is None:
            return False
        stalled = condition_of(status_of(manifest), "Stalled")
        return stalled.get("reason") in ("AccessDenied", "AdmissionDenied")

    def _memory(self, reader: Reader, manifest: Manifest) -> dict[str, Any]:
        uid = str(manifest["metadata"].get("uid", ""))
        memory = self._memories.get(reader)
        if memory is None or memory.uid != uid:
            memory = self._memories[reader] = _Memory(uid)
        return memory.readings

    def _gone(self, part: Part[Any, Any, Any], reader: Reader) -> None:
        self._memories.pop(reader, None)
        self._bench.queue.forget(reader)
        self._bench.forget(reader)
        self._bench.telemetry.gone(part.kind, reader)


class Place:
    """One of the places side by side; left while its pass waits for someone outside."""

    def __init__(self, places: asyncio.Semaphore) -> None:
        self._places = places
        self._lock = asyncio.Lock()
        self._held = False
        self._outside = 0

    async def take(self) -> None:
        async with self._lock:
            if not self._held:
                await self._places.acquire()
                self._held = True

    def give_back(self) -> None:
        if self._held:
            self._held = False
            self._places.release()

    def outside(self, egress: Egress) -> "Way":
        """Return *egress* such that the place is free for others while it is under way."""
        return Way(self, egress)

    async def left(self, answer: Awaitable[Found]) -> Found:
        """Return *answer*; the place is free for others until it is there."""
        self._outside += 1
        self.give_back()
        try:
            return await answer
        finally:
            self._outside -= 1
            if not self._outside:
                await self._come_back()

    async def _come_back(self) -> None:
        """Take a place where one is free, and go on without where none is.

        To wait here could be for ever: those who hold the places may be waiting for the very
        answer that this pass brings back, where equal queries are asked once.
        """
        if not self._places.locked():
            await self.take()


@dataclass(frozen=True, slots=True)
class Way:
    """The way out of a pass, for requests of its own and for answers to those of others."""

    place: Place
    egress: Egress

    async def __call__(self, request: Request) -> Response:
        return await self.place.left(self.egress(request))

    async def wait(self, answer: Awaitable[Found]) -> Found:
        return await self.place.left(answer)


def about(part: Part[Any, Any, Any], reader: Reader) -> dict[str, str]:
    """Return the log fields that say which object a line is about."""
    return {
        "controller": part.name,
        "controllerGroup": part.kind.group,
        "controllerKind": part.kind.kind,
        "object_namespace": reader[1].namespace,
        "object_name": reader[1].name,
        "reconcileID": str(uuid4()),
    }
