"""Where figures in real time are taken: a served store, a metrics server, the controllers' process.

The store and the metrics server are in this process, all four controllers in another, started as
their users start them. They talk over HTTP on loopback.
"""

import asyncio
import gc
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from aiohttp import ClientSession, web

from flagger_cli.demo.edge import free_ports
from flagger_py.clock import monotonic_s
from flagger_py.testing.facade.server import Facade, serve

from . import canonical, machine
from .herd import Stocked

LOOPBACK = "127.0.0.1"
BUSY_SHARE = 0.1
"""Controllers that take less of a core than this have come to rest."""
LOOK_S = 0.25
REST_LOOKS = 8
R = TypeVar("R")


@dataclass(slots=True)
class Ground:
    """A running ground; *pid* is the controllers'."""

    store: Stocked
    facade: Facade
    pid: int
    began_s: float
    prometheus_url: str
    metrics_url: str
    folder: Path
    own_core: bool

    def requests(self) -> int:
        """Return how many requests were answered so far, watches and Leases left out."""
        return sum(
            count
            for (_, verb, resource), count in self.facade.requests.items()
            if verb != "watch" and not resource.startswith("leases")
        )

    async def at_rest(self, limit_s: float) -> float:
        """Wait until the controllers do nothing; return when they ceased, after their start."""
        quiet, before = 0, machine.usage(self.pid)
        while quiet < REST_LOOKS:
            await asyncio.sleep(LOOK_S)
            now = machine.usage(self.pid)
            busy = before.cpu_per_minute(now) / 60 > BUSY_SHARE
            # The interpreter is busy from its first moment on, so that rest is never its start.
            quiet, before = 0 if busy else quiet + 1, now
            if now.at_s - self.began_s > limit_s:
                raise TimeoutError(f"the controllers do not come to rest within {limit_s:g} s")
        return before.at_s - REST_LOOKS * LOOK_S - self.began_s

    async def scrape(self) -> tuple[float, str]:
        """Ask the controllers for their metrics; return the seconds that took, and the text."""
        began_s = monotonic_s()
        async with ClientSession() as session, session.get(self.metrics_url) as response:
            text = await response.text()
        return monotonic_s() - began_s, text


@asynccontextmanager
async def ground(
    stock: Callable[[Stocked, str], None], clock: Callable[[], Any], *flags: str
) -> AsyncIterator[Ground]:
    """Run the controllers on what *stock* puts into the store, given the metrics server's URL."""
    with TemporaryDirectory() as name:
        folder, store = Path(name), Stocked(clock)
        runner, url = await _metrics_server()
        stock(store, url)
        gc.collect()
        gc.freeze()  # As in the façade's own process.
        gc.set_threshold(50_000, 20, 50)
        facade = await serve(store, LOOPBACK)
        process, port = _start(facade, folder, flags)
        try:
            own_core = machine.apart(process.pid)
            metrics_url = f"http://{LOOPBACK}:{port}/metrics"
            began_s = monotonic_s()
            yield Ground(store, facade, process.pid, began_s, url, metrics_url, folder, own_core)
        finally:
            process.terminate()
            await asyncio.to_thread(process.wait, 60)
            await facade.close()
            await runner.cleanup()


def run(main: Coroutine[Any, Any, R]) -> R:
    """Run *main* on the loop that the façade's own process has."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(main)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


async def _metrics_server() -> tuple[web.ServerRunner, str]:
    async def respond(request: web.BaseRequest) -> web.StreamResponse:
        query = canonical.asked(request.path_qs, await request.read())
        return web.Response(body=canonical.answer(query), content_type="application/json")

    runner = web.ServerRunner(web.Server(respond, access_log=None), shutdown_timeout=1.0)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, 0).start()
    return runner, f"http://{LOOPBACK}:{runner.addresses[0][1]}"


def _start(
    facade: Facade, folder: Path, flags: tuple[str, ...]
) -> tuple[subprocess.Popen[bytes], int]:
    """Start the controllers; return their process and the port of their metrics."""
    metrics, health = free_ports(2)
    command = (
        str(Path(sys.executable).with_name("flagger-py")),
        "run",
        f"--kubeconfig={facade.kubeconfig(folder / 'kubeconfig')}",
        f"--metrics-addr={LOOPBACK}:{metrics}",
        f"--health-addr={LOOPBACK}:{health}",
        *flags,
    )
    with (folder / "controllers.log").open("wb") as log:
        return subprocess.Popen(command, stdout=log, stderr=log), metrics
