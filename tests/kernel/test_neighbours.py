"""What one tenant's servers do to us is not felt by another tenant, nor by the API client."""

import asyncio
import contextlib
import itertools
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import pytest
from aiohttp import web

from flagger_py.egress import Request, Response
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.runtime import egress as egress_module
from flagger_py.runtime.client import Client
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.egress import HttpEgress
from flagger_py.runtime.guard import Guard
from flagger_py.runtime.resolver import THREADS_MAX
from flagger_py.runtime.transport import Transport
from tests.kernel.loopback import Handler, Loopback, answer, loopback, no_wait, text

T = TypeVar("T")
SOON_S = 5.0
FEW = 8


def hang(arrived: asyncio.Queue[str]) -> Handler:
    """Never answer; say of each request that it *arrived*, by its path."""

    async def handler(request: web.Request) -> web.StreamResponse:
        arrived.put_nowait(request.path)
        await asyncio.Event().wait()
        return web.Response()

    return handler


async def crowd(egress: HttpEgress, *urls: str) -> list[asyncio.Task[Response]]:
    return [asyncio.create_task(egress(Request("POST", url, timeout_s=60))) for url in urls]


async def disperse(tasks: list[asyncio.Task[Response]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
def few_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(egress_module, "CONNECTIONS_MAX", FEW)


@pytest.mark.usefixtures("few_connections")
def test_a_server_that_hangs_uses_up_no_connections_of_another() -> None:
    async def scene() -> int:
        arrived: asyncio.Queue[str] = asyncio.Queue()
        async with loopback(hang(arrived)) as slow, loopback(text("ok")) as fast:
            egress = HttpEgress(Guard())
            tasks = await crowd(egress, *(slow.url for _ in range(FEW + 1)))
            try:
                for _ in range(FEW):
                    await arrived.get()
                async with asyncio.timeout(SOON_S):
                    return (await egress(Request("GET", fast.url, timeout_s=60))).status
            finally:
                await disperse(tasks)
                await egress.close()

    assert asyncio.run(asyncio.wait_for(scene(), 60)) == 200


@pytest.mark.usefixtures("few_connections")
def test_a_server_gets_no_more_connections_than_its_share() -> None:
    """A stranger who comes last is there before those who are over the share."""

    async def scene() -> list[str]:
        arrived: asyncio.Queue[str] = asyncio.Queue()
        async with loopback(hang(arrived)) as slow:
            egress, stranger = HttpEgress(Guard()), HttpEgress(Guard())
            tasks = await crowd(egress, *(f"{slow.url}/ours" for _ in range(FEW + 5)))
            paths = [await arrived.get() for _ in range(FEW)]
            tasks += await crowd(stranger, f"{slow.url}/last")
            while "/last" not in paths:
                paths.append(await arrived.get())
            await disperse(tasks)
            await egress.close()
            await stranger.close()
            return paths

    assert asyncio.run(asyncio.wait_for(scene(), 60)) == ["/ours"] * FEW + ["/last"]


@contextlib.contextmanager
def black_hole(monkeypatch: pytest.MonkeyPatch) -> Iterator[asyncio.Event]:
    """Let names under `blackhole.example` hang in the resolver until the end of the block.

    The event is set once one hangs in every thread that there is for them.
    """
    real, free = socket.getaddrinfo, threading.Event()
    loop, full, number = asyncio.get_running_loop(), asyncio.Event(), itertools.count(1)

    def resolve(host: Any, *args: Any, **kwargs: Any) -> Any:
        if str(host).endswith("blackhole.example"):
            if next(number) == THREADS_MAX:
                loop.call_soon_threadsafe(full.set)
            free.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return real(host, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", resolve)
        try:
            yield full
        finally:
            free.set()


async def while_names_hang(
    act: Callable[[Loopback], Awaitable[T]], monkeypatch: pytest.MonkeyPatch
) -> T:
    """Do *act* on a server while a tenant's names hang in every thread that resolves them."""
    async with loopback(answer({"metadata": {}})) as server:
        egress = HttpEgress(Guard())
        with black_hole(monkeypatch) as full:
            names = (f"http://m{n}.blackhole.example/" for n in range(THREADS_MAX + 8))
            tasks = await crowd(egress, *names)
            try:
                async with asyncio.timeout(SOON_S):
                    await full.wait()
                    return await act(server)
            finally:
                await disperse(tasks)
                await egress.close()


@pytest.mark.parametrize("address", ["127.0.0.1", "localhost"], ids=["number", "name"])
def test_names_that_hang_do_not_stop_the_api_client(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def act(server: Loopback) -> int:
        ticks = itertools.count(step=60)
        master = server.url.replace("127.0.0.1", address)
        credentials = Credentials(Source(master=master), lambda: float(next(ticks)))
        await credentials.load()
        transport = Transport(credentials, sleep=no_wait)
        try:
            await Client(transport).get(DEPLOYMENT, Key("apps", "web"))
        finally:
            await transport.close()
        return len(server.seen)

    assert asyncio.run(while_names_hang(act, monkeypatch)) == 1


def test_the_credentials_are_read_while_every_other_thread_is_busy() -> None:
    """Without them no request to the API server leaves, nor the renewal of the Lease."""
    free = threading.Event()

    async def scene() -> str | None:
        ticks = itertools.count(step=60)
        loop = asyncio.get_running_loop()
        busy = [loop.run_in_executor(None, free.wait, 60) for _ in range(64)]
        credentials = Credentials(Source(master="http://127.0.0.1:1"), lambda: float(next(ticks)))
        try:
            async with asyncio.timeout(SOON_S):
                await credentials.load()
                return await credentials.authorization()
        finally:
            free.set()
            await asyncio.gather(*busy)

    assert asyncio.run(scene()) is None


def test_a_name_is_resolved_to_all_its_addresses() -> None:
    async def scene() -> int:
        async with loopback(text("ok")) as server:
            egress = HttpEgress(Guard())
            try:
                url = server.url.replace("127.0.0.1", "localhost")
                return (await egress(Request("GET", url))).status
            finally:
                await egress.close()

    assert asyncio.run(scene()) == 200
