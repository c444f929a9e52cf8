"""Requests to foreign servers: bounded in time and size, repeated as asked, guarded, no redirects.

httpx values over aiohttp connections. One pool of connections for each way of trusting servers
and proxy. Cookies, `.netrc` and redirects are left alone: what one tenant's server says must not
become part of another's request.
"""

import asyncio
import hashlib
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport

from flagger_py.egress import BODY_BYTES_MAX, Request, Response, Unreachable
from flagger_py.errors import SpecError
from flagger_py.runtime.guard import Guard, GuardedResolver
from flagger_py.runtime.proxies import from_environment, proxy_for
from flagger_py.runtime.resolver import OwnThreads
from flagger_py.runtime.urls import redacted

_PAUSE_S_MIN = 1.0
_PAUSE_S_MAX = 30.0
_TOO_MANY = 429
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501
CONNECTIONS_MAX = 256
"""Open to one host at once, so that one that hangs uses up those of its own callers alone."""
_POOLS_MAX = 256
_DEFAULT_HEADERS = {"user-agent": "flagger-py", "accept-encoding": "gzip, deflate"}

Sleep = Callable[[float], Awaitable[None]]
WorthRetrying = Callable[[int], bool]
"""Tells whether a status code makes another attempt worthwhile."""


@dataclass(slots=True)
class _Pool:
    transport: AiohttpTransport
    users: int = 0


class HttpEgress:
    """Implements `flagger_py.egress.Egress`; to be closed at the end."""

    def __init__(self, guard: Guard, sleep: Sleep = asyncio.sleep) -> None:
        self._guard = guard
        self._proxies = from_environment()
        self._sleep = sleep
        self._resolver = GuardedResolver(guard, OwnThreads())
        self._pools: dict[tuple[bool, str, str | None], _Pool] = {}

    async def __call__(self, request: Request) -> Response:
        return await self.send(request, worth_retrying)

    async def send(self, request: Request, worth: WorthRetrying) -> Response:
        """Send *request*, again where *worth* says so; raises `Unreachable` without an answer."""
        proxy = request.proxy or proxy_for(request.url, self._proxies)
        self._guard.check(request.url, proxy)
        pool = await self._pool(request, proxy)
        pool.users += 1
        try:
            return await self._repeat(pool.transport, request, worth)
        finally:
            pool.users -= 1

    async def close(self) -> None:
        for pool in self._pools.values():
            await pool.transport.aclose()
        self._pools.clear()
        await self._resolver.close()

    async def _repeat(
        self, transport: AiohttpTransport, request: Request, worth: WorthRetrying
    ) -> Response:
        pause_s = _PAUSE_S_MIN
        for attempt in range(1, request.retries + 2):
            last = attempt == request.retries + 1
            try:
                response = await _attempt(transport, request, attempt)
            except _Broken as broken:
                if last:
                    raise Unreachable(f"{redacted(request.url)}: {broken}") from broken
            else:
                if last or not worth(response.status):
                    return response
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, _PAUSE_S_MAX)
        raise AssertionError("the last attempt returns or raises")

    async def _pool(self, request: Request, proxy: str | None) -> _Pool:
        ca = hashlib.sha256(request.ca_pem).hexdigest() if request.ca_pem else ""
        trust = (request.verify_tls, ca, proxy)
        found = self._pools.get(trust)
        if found is None:
            tls = _tls(request)
            found = self._pools[trust] = _Pool(
                AiohttpTransport(
                    verify=tls,
                    client=lambda: self._session(tls),
                    proxy=_through(proxy) if proxy else None,
                )
            )
            found.users += 1
            await self._make_room()
            found.users -= 1
        return found

    async def _make_room(self) -> None:
        """Close the oldest pool that is idle, once there are too many."""
        if len(self._pools) <= _POOLS_MAX:
            return
        for trust, pool in self._pools.items():
            if not pool.users:
                del self._pools[trust]
                await pool.transport.aclose()
                return

    def _session(self, tls: ssl.SSLContext) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(
            ssl=tls,
            limit=0,
            limit_per_host=CONNECTIONS_MAX,
            resolver=self._resolver,
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())


class _Broken(Exception):
    """An attempt that brought no answer; says why without the URL's secrets."""


def worth_retrying(status: int) -> bool:
    """Too many requests, or the server's own fault, unless it says that it never can."""
    return status == _TOO_MANY or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED)


async def _attempt(pool: AiohttpTransport, request: Request, attempt: int) -> Response:
    try:
        async with asyncio.timeout(request.timeout_s):
            return await _exchange(pool, request, attempt)
    except TimeoutError as error:
        raise _Broken(f"no answer within {request.timeout_s:g}s") from error
    except (httpx.HTTPError, aiohttp.ClientError, OSError) as error:
        raise _Broken(_why(error)) from error
    except (ValueError, httpx.InvalidURL) as error:
        raise SpecError(f"{redacted(request.url)}: no valid request: {error}") from error


async def _exchange(pool: AiohttpTransport, request: Request, attempt: int) -> Response:
    headers = httpx.Headers({**_DEFAULT_HEADERS, **request.headers})
    timeout = httpx.Timeout(request.timeout_s).as_dict()
    sent = httpx.Request(
        request.method,
        request.url,
        headers=headers,
        content=request.body,
        extensions={"timeout": timeout},
    )
    answer = await pool.handle_async_request(sent)
    try:
        body = bytearray()
        async for chunk in answer.aiter_bytes():
            body += chunk
            if len(body) > BODY_BYTES_MAX:
                raise Unreachable(
                    f"{redacted(request.url)}: the answer is larger than {BODY_BYTES_MAX} bytes"
                )
    finally:
        await answer.aclose()
    return Response(answer.status_code, bytes(body), dict(answer.headers), attempt)


def _why(error: BaseException) -> str:
    """Say what is wrong; messages of the libraries repeat the host at most, and no secret."""
    text = str(error) or type(error).__name__
    return text[:300]


def _through(proxy: str) -> httpx.Proxy:
    try:
        return httpx.Proxy(proxy)
    except (ValueError, httpx.InvalidURL) as error:
        raise SpecError(f"{redacted(proxy)}: no address of a proxy: {error}") from error


def _tls(request: Request) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if request.ca_pem:
        try:
            context.load_verify_locations(cadata=request.ca_pem.decode())
        except (ssl.SSLError, ValueError) as error:
            raise SpecError(f"{redacted(request.url)}: the CA is no PEM: {error}") from error
    if not request.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
