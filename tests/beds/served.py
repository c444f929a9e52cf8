"""A World's store behind HTTP, from a thread of its own, while somebody's process runs."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from flagger_py.testing.facade.server import serve
from flagger_py.testing.store import Store


@contextmanager
def served(store: Store, kubeconfig: Path) -> Iterator[asyncio.AbstractEventLoop]:
    """Serve *store*, and write the *kubeconfig* that leads to it; yields the thread's loop.

    Meanwhile the store is written in that loop alone.
    """
    ready, loops = threading.Event(), list[tuple[asyncio.AbstractEventLoop, asyncio.Event]]()

    async def live() -> None:
        facade = await serve(store)
        facade.kubeconfig(kubeconfig)
        done = asyncio.Event()
        loops.append((asyncio.get_running_loop(), done))
        ready.set()
        await done.wait()
        await facade.close()

    thread = threading.Thread(target=asyncio.run, args=(live(),))
    thread.start()
    assert ready.wait(10), "the façade did not start"
    loop, done = loops[0]
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
