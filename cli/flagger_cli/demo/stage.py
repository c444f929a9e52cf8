"""Everything that runs during the demo: started in order, and ended in the opposite one."""

import asyncio
import logging
from argparse import Namespace
from collections.abc import AsyncIterator, Awaitable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from flagger_py.clock import wall_clock
from flagger_py.errors import Unavailable
from flagger_py.runtime import process
from flagger_py.runtime.logs import JsonLines
from flagger_py.runtime.options import RuntimeOptions
from flagger_py.testing.collector import Collector
from flagger_py.testing.facade.driving import drive
from flagger_py.testing.facade.server import Facade, serve
from flagger_py.testing.facade.traefik import TRAEFIK_KINDS
from flagger_py.testing.served import BUILT_IN, served
from flagger_py.testing.store import Store

from ..composition import plan
from ..resources import RESOURCES
from .edge import Edge, start_edge
from .manifests import HOST, INTERVAL
from .node import Node
from .pods import ProcessPods
from .users import Users

Result = TypeVar("Result")
FLAGS = (
    "--mesh-provider=traefik",
    f"--min-interval={INTERVAL}",
    "--edge-lag=500ms",  # The demo's Traefik gathers changes for less than that.
    "--metrics-source=openmetrics",
    "--scrape-interval=500ms",
)
"""How the controllers are set up, as on their command line."""


@dataclass(frozen=True, slots=True)
class Stage:
    """What is running."""

    store: Store
    facade: Facade
    edge: Edge
    users: Users
    background: tuple[asyncio.Task[Any], ...]

    async def accompany(self, act: Awaitable[Result], *beside: asyncio.Task[Any]) -> Result:
        """Await *act* as long as all else runs; raises what ended of the rest instead."""
        main = asyncio.ensure_future(act)
        others = (*self.background, *beside)
        try:
            await asyncio.wait((main, *others), return_when=asyncio.FIRST_COMPLETED)
            for task in others:
                if task.done():
                    task.result()
                    raise Unavailable(f"{task.get_name()} ended before the story did")
            return await main
        finally:
            main.cancel()
            await asyncio.gather(main, return_exceptions=True)


def new_store() -> Store:
    """Return an empty cluster that serves our kinds and those that Traefik watches."""
    return Store(wall_clock, (*BUILT_IN, *TRAEFIK_KINDS, *map(served, RESOURCES)))


@asynccontextmanager
async def set_up(store: Store, directory: Path) -> AsyncIterator[Stage]:
    """Start it all, *store* served to everybody over HTTP; logs go to *directory*."""
    async with AsyncExitStack() as stack:
        stack.enter_context(logs_to(directory / "controllers.log"))
        facade = await serve(store)
        stack.push_async_callback(facade.close)
        pods = ProcessPods(store, wall_clock, directory)
        stack.push_async_callback(pods.close)
        node = _background(stack, "the node", drive(store, _actors(store, pods), wall_clock))
        edge = await start_edge(facade.url, directory)
        stack.push_async_callback(edge.process.end)
        controllers = await _controllers(stack, facade, edge)
        watching = _background(stack, "Traefik", _ended(edge))
        yield Stage(store, facade, edge, Users(edge.url, HOST), (node, controllers, watching))


async def _controllers(stack: AsyncExitStack, facade: Facade, edge: Edge) -> asyncio.Task[int]:
    """Start the four controllers as they are; return once they have listed their kinds."""
    chosen = plan((*FLAGS, f"--openmetrics-address={edge.exporter}"))
    options = RuntimeOptions(master=facade.url, identity="demo", graceful_shutdown_timeout_s=5.0)
    stop, ready = asyncio.Event(), asyncio.Event()
    parts = chosen.parts(options, Namespace())
    running = process.run(parts, options, stop=stop, ready=ready)
    task = asyncio.create_task(running, name="the controllers")
    stack.push_async_callback(_stopped, task, stop)
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task


async def _stopped(task: asyncio.Task[int], stop: asyncio.Event) -> None:
    stop.set()
    await asyncio.gather(task, return_exceptions=True)


def _actors(store: Store, pods: ProcessPods) -> Sequence[Node | Collector]:
    return (Node(pods), Collector(store))


async def _ended(edge: Edge) -> None:
    await edge.process.wait()


def _background(
    stack: AsyncExitStack, name: str, work: Coroutine[Any, Any, None]
) -> asyncio.Task[None]:
    task = asyncio.create_task(work, name=name)

    async def cancelled() -> None:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    stack.push_async_callback(cancelled)
    return task


@contextmanager
def logs_to(path: Path) -> Iterator[None]:
    """Write what the controllers log to *path*, and nothing of it to the terminal."""
    root = logging.getLogger()
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(JsonLines())
    before, level = root.handlers, root.level
    root.handlers, root.level = [handler], logging.INFO
    try:
        yield
    finally:
        root.handlers, root.level = before, level
        handler.close()
