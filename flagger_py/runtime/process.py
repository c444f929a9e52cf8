"""A controller process from its first flag to its exit code.

`main` is what a command line calls; `run` is the same work inside a loop that is already there,
several times over if need be.
"""

import argparse
import asyncio
import gc
import logging
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from flagger_py.errors import FlaggerError
from flagger_py.runtime import logs
from flagger_py.runtime.flags import MISUSED, FlagParser
from flagger_py.runtime.house import House, build
from flagger_py.runtime.options import RuntimeOptions, add_runtime_flags, read_options
from flagger_py.runtime.part import Part

log = logging.getLogger(__name__)

MakeParts = Callable[[RuntimeOptions, argparse.Namespace], Sequence[Part[Any, Any, Any]]]
HOUSEKEEPING_S = 15.0


def main(
    program: str,
    make_parts: MakeParts,
    argv: Sequence[str] | None,
    add_flags: Callable[[argparse.ArgumentParser], None],
) -> int:
    """Parse *argv*, run the parts until a signal comes; return the exit code.

    0 after a signal, 1 after a fault or when the lead was lost, 2 for flags that make no sense,
    and by `SystemExit` for those that cannot be read. What is wrong is one sentence on stderr; a
    warning of a part and a fault of the running process are lines of its log, unless a person is
    reading.
    """
    parser = FlagParser(program)
    add_runtime_flags(parser)
    add_flags(parser)
    args = parser.read(argv)
    try:
        provider = getattr(args, "mesh_provider", "") or ""
        options = replace(read_options(args, os.environ), program=program, mesh_provider=provider)
        parts = make_parts(options, args)
    except FlaggerError as error:
        sys.stderr.write(f"error: {error}\n")
        return MISUSED
    logs.set_up(options.log_level, options.log_encoding, _loggers(parts))
    for warning in (warning for part in parts for warning in part.warnings):
        _tell(logging.WARNING, warning)
    try:
        return _run_loop(parts, options)
    except FlaggerError as error:
        _tell(logging.ERROR, str(error))
        return 1


async def run(
    parts: Sequence[Part[Any, Any, Any]],
    options: RuntimeOptions,
    *,
    stop: asyncio.Event,
    ready: asyncio.Event,
) -> int:
    """Run *parts* until *stop* is set; *ready* is set once every kind of theirs was listed.

    Raises `Unavailable` when there are no credentials or an address is taken. Returns 1 when
    the lead was lost, else 0.
    """
    return await _serve(await build(parts, options), stop, ready)


def _run_loop(parts: Sequence[Part[Any, Any, Any]], options: RuntimeOptions) -> int:
    # Here, because these two take a second to import, and embedding needs neither.
    from flagger_py.runtime.operator import under_kopf

    async def live() -> int:
        house = await build(parts, options)

        async def serve(stop: asyncio.Event, ready: asyncio.Event) -> int:
            settled = asyncio.create_task(_settle_memory(ready))
            try:
                return await _serve(house, stop, ready)
            finally:
                settled.cancel()

        grace_s = options.graceful_shutdown_timeout_s
        return await under_kopf(serve, house.credentials, grace_s)

    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        return runner.run(live())


async def _serve(house: House, stop: asyncio.Event, ready: asyncio.Event) -> int:
    background = []
    try:
        await house.open()
        background = [
            asyncio.create_task(_tell_ready(house, ready), name="readiness"),
            asyncio.create_task(_keep_house(house), name="housekeeping"),
        ]
        return await _lead(house, stop)
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await house.close()


async def _lead(house: House, stop: asyncio.Event) -> int:
    """Wait for the lead, work while we have it, and give it back."""
    stopped = asyncio.create_task(stop.wait(), name="stop")
    try:
        if house.elector is None:
            return await _work(house, stopped, None)
        acquired = asyncio.create_task(house.elector.acquire(), name="election")
        if not await _first(acquired, stopped):
            return 0
        async with house.elector.released():
            held = asyncio.create_task(house.elector.hold(), name="lease")
            try:
                refreshed = asyncio.create_task(house.cluster.refresh(), name="refresh")
                await _first(refreshed, stopped, held)
                return await _work(house, stopped, held)
            finally:
                # Before the release: a renewal on its way would take the Lease back.
                held.cancel()
                await asyncio.gather(held, return_exceptions=True)
    finally:
        stopped.cancel()


async def _first(task: asyncio.Task[None], *others: asyncio.Task[Any]) -> bool:
    """Tell whether *task* ended before any of the *others*, else cancel it; raises its error."""
    await asyncio.wait((task, *others), return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        task.result()
        return True
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return False


async def _work(house: House, stopped: asyncio.Task[Any], held: asyncio.Task[None] | None) -> int:
    """Work until told to stop or the lead is lost; drain what is under way in the first case."""
    working = asyncio.create_task(house.workers.run(), name="workers")
    ends = {stopped, working} | ({held} if held else set())
    try:
        await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    finally:
        house.queue.close()
        # Before the drain: it may hold a key that waits for the place of a pass under way.
        working.cancel()
        asked = stopped.done() and not (held and held.done())
        grace_s = house.options.graceful_shutdown_timeout_s if asked else 0.0
        await house.workers.drain(grace_s)
        await house.deliveries.drain(max(1.0, grace_s / 2))
        found = await asyncio.gather(working, return_exceptions=True)
    if isinstance(found[0], Exception):
        log.error("the workers ended", exc_info=found[0])
        return 1
    return 0 if asked else 1


async def _tell_ready(house: House, ready: asyncio.Event) -> None:
    await house.cluster.until_synced()
    ready.set()
    log.info("ready: %s", ", ".join(sorted(str(part.kind) for part in house.parts)))


async def _keep_house(house: House) -> None:
    while True:
        await asyncio.sleep(HOUSEKEEPING_S)
        house.tidy()


async def _settle_memory(ready: asyncio.Event) -> None:
    """Spare the collector what was made at the start: a full collection would stop the loop.

    Lists come in as large trees that die at once; the default thresholds would walk the caches
    again and again while they fill.
    """
    gc.set_threshold(50_000, 20, 50)
    await ready.wait()
    gc.collect()
    gc.freeze()


def _tell(level: int, sentence: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"{logging.getLevelName(level).lower()}: {sentence}\n")
    else:
        log.log(level, "%s", sentence)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


def _loggers(parts: Sequence[Part[Any, Any, Any]]) -> tuple[str, ...]:
    """Name the packages whose logs are ours: the kernel and those the parts come from."""
    return ("flagger_py", *{part.decide.__module__.partition(".")[0] for part in parts})
