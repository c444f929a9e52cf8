"""What a process tells whoever asks over HTTP: its metrics, and whether it lives and is ready.

It lives while its event loop turns. It is ready once every kind it owns has been listed; a
replica that waits for the lead is ready too, as Flux's are.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from aiohttp import web

from flagger_py.errors import Unavailable

_METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_UNAVAILABLE = 503


@dataclass(frozen=True, slots=True)
class Surface:
    """What is told: the metrics, and why the process is not ready, empty when it is."""

    metrics: Callable[[], bytes]
    not_ready: Callable[[], str]


class Servers:
    """The listening sockets; *addresses* are those really bound, in the order asked for."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface
        self._runners: list[web.AppRunner] = []
        self.addresses: list[tuple[str, int]] = []

    async def open(self, *addresses: str) -> None:
        """Listen on each of *addresses* (`:8080`, `127.0.0.1:0`); empty ones and `0` are off."""
        for address in dict.fromkeys(addresses):
            if address in ("", "0"):
                continue
            host, port = host_and_port(address)
            runner = web.AppRunner(self._application(), access_log=None, handle_signals=False)
            await runner.setup()
            self._runners.append(runner)
            try:
                await web.TCPSite(runner, host, port).start()
            except OSError as error:
                raise Unavailable(f"cannot listen on {address}: {error}") from error
            bound = runner.addresses[0]
            self.addresses.append((str(bound[0]), int(bound[1])))

    async def close(self) -> None:
        for runner in self._runners:
            await runner.cleanup()
        self._runners.clear()

    def _application(self) -> web.Application:
        application = web.Application()
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz", _alive)
        application.router.add_get("/readyz", self._ready)
        return application

    async def _metrics(self, _request: web.Request) -> web.Response:
        # Tens of thousands of series take seconds to write; the loop must not stand still.
        body = await asyncio.to_thread(self._surface.metrics)
        return web.Response(body=body, headers={"Content-Type": _METRICS_TYPE})

    async def _ready(self, _request: web.Request) -> web.Response:
        why_not = self._surface.not_ready()
        if why_not:
            return web.Response(status=_UNAVAILABLE, text=why_not + "\n")
        return web.Response(text="ok\n")


async def _alive(_request: web.Request) -> web.Response:
    return web.Response(text="OK\n")


def host_and_port(address: str) -> tuple[str | None, int]:
    """Split a Go listen address; an empty host means all interfaces."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():
        raise Unavailable(f"{address!r} is no address to listen on; write for example :8080")
    return host.strip("[]") or None, int(port)
