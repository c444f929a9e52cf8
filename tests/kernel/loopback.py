"""A small server of our own on loopback: what is sent is seen, what is answered is scripted."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from flagger_py.runtime.client import Client
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.transport import Transport

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(slots=True)
class Seen:
    """One request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


@dataclass(slots=True)
class Loopback:
    """Answers each request with the next of *replies*, the last one for ever."""

    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    replies: list[Handler] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        self.seen.append(
            Seen(
                request.method,
                request.path,
                dict(request.query),
                request.headers,
                json.loads(raw) if raw else None,
            )
        )
        handler = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
        return await handler(request)


@asynccontextmanager
async def loopback(*replies: Handler) -> AsyncIterator[Loopback]:
    """Serve *replies* on an address of its own."""
    server = Loopback(replies=list(replies))
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", server.handle)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client_of(url: str) -> AsyncIterator[Client]:
    """Open a client of the API server at *url* that never really waits."""
    credentials = Credentials(Source(master=url))
    await credentials.load()
    transport = Transport(credentials, sleep=no_wait)
    try:
        yield Client(transport)
    finally:
        await transport.close()


async def no_wait(_seconds: float) -> None:
    await asyncio.sleep(0)


def answer(body: object, status: int = 200, **headers: str) -> Handler:
    """Answer with *body* as JSON."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response(body, status=status, headers=named)

    return handler


def text(body: str, status: int = 200) -> Handler:
    """Answer with *body* as plain text."""

    async def handler(_request: web.Request) -> web.StreamResponse:
        return web.Response(text=body, status=status)

    return handler


def hang_up() -> Handler:
    """Close the connection instead of answering."""

    async def handler(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return handler


def refusal(code: int, reason: str, message: str = "", **details: object) -> Handler:
    """Answer with a metav1.Status as an API server does."""
    body = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "code": code,
        "reason": reason,
        "message": message,
        "details": details,
    }
    return answer(body, code)
