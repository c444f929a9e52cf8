"""One HTTP request to the API server: authenticated, bounded in time, repeated where that helps.

aiohttp and orjson, because a client written for comfort costs up to twenty-five times the CPU.
Requests are repeated where a connection broke, and after an answer that speaks of the moment: 429
or a fault of the server's own. Nearly every request of ours may be, since applying twice is
applying once, and Events carry names derived from what they say; a Lease is written once.
"""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp
import orjson
from yarl import URL

from flagger_py.errors import Unavailable
from flagger_py.runtime.credentials import Credentials
from flagger_py.runtime.refusals import Gone

REQUEST_TIMEOUT_S = 30.0
SILENCE_S_MAX = 130.0
"""A watch on which nothing came for so long, not even a bookmark, is taken for dead."""
_ATTEMPTS_MAX = 3
_RETRY_AFTER_S_MAX = 10.0
_UNAUTHORIZED = 401
_TRANSIENT = (429, 500, 502, 503, 504)
_CONNECTIONS_MAX = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One request; *account* is impersonated. *repeatable* requests survive a broken connection."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: object = None
    content_type: str = "application/json"
    account: str | None = None
    timeout_s: float = REQUEST_TIMEOUT_S
    repeatable: bool = True


@dataclass(frozen=True, slots=True)
class Reply:
    """Status code and body, as it came, and for how long the server asks to be left alone."""

    code: int
    raw: bytes = b""
    retry_after_s: float | None = None

    def json(self) -> dict[str, Any] | None:
        """Decode the body; an empty one is an empty object, what is no object is None."""
        try:
            body = orjson.loads(self.raw) if self.raw else {}
        except orjson.JSONDecodeError:
            return None
        return body if isinstance(body, dict) else None

    def said(self) -> Mapping[str, Any]:
        """Return the metav1.Status of a refusal, or its text as the message of one."""
        body = self.json()
        if body is None:
            return {"message": self.raw[:500].decode(errors="replace").strip()}
        return body


Told = Callable[[str, int, str], None]
"""Hears method, status code (0 where none came) and host of every request."""


class Transport:
    """Connections to one API server; *told* hears of every request, for the metrics."""

    def __init__(
        self,
        credentials: Credentials,
        told: Told | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._credentials = credentials
        self._told = told or (lambda _method, _code, _host: None)
        self._sleep = sleep
        self._sessions: dict[str, aiohttp.ClientSession] = {}

    async def send(self, call: Call) -> Reply:
        """Return the answer, whatever its status; raises `Unavailable` when none came."""
        renewed = False
        for attempt in range(1, _ATTEMPTS_MAX + 1):
            last = attempt == _ATTEMPTS_MAX or not call.repeatable
            try:
                reply = await self._once(call)
            except aiohttp.ClientConnectionError as error:
                if last:
                    raise self._unreachable(call, error) from error
                await self._sleep(0.1 * attempt)
                continue
            except (TimeoutError, aiohttp.ClientError, OSError) as error:
                raise self._unreachable(call, error) from error
            if reply.code == _UNAUTHORIZED and not renewed:
                renewed = True
                await self._credentials.renew()
                reply = await self._once_more(call)
            if reply.code not in _TRANSIENT or last:
                return reply
            pause_s = reply.retry_after_s if reply.retry_after_s is not None else 0.5 * attempt
            if pause_s > _RETRY_AFTER_S_MAX:
                return reply
            await self._sleep(pause_s)
        raise AssertionError("the last attempt returns or raises")

    @contextlib.asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[tuple[Reply, aiohttp.StreamReader]]:
        """Open an answer that has no end; the reply's body is only set where it is a refusal.

        Raises `Gone` when nothing comes for too long: the version it starts from may be of a
        history that the server has lost.
        """
        begun = False
        try:
            async with self._request(call, "watch") as response:
                begun = True
                self._heard(call, response.status)
                refused = response.status >= 400  # noqa: PLR2004 - HTTP
                reply = await _reply(response) if refused else Reply(response.status)
                if reply.code == _UNAUTHORIZED:
                    await self._credentials.renew()
                yield reply, response.content
        except TimeoutError as error:
            if begun:
                raise Gone(f"{call.path}: nothing came for {SILENCE_S_MAX:g}s") from error
            raise self._unreachable(call, error) from error
        except (aiohttp.ClientError, OSError) as error:
            raise self._unreachable(call, error) from error

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    async def _once(self, call: Call) -> Reply:
        try:
            async with self._request(call, "plain") as response:
                self._heard(call, response.status)
                return await _reply(response)
        except (TimeoutError, aiohttp.ClientError, OSError):
            self._heard(call, 0)
            raise

    async def _once_more(self, call: Call) -> Reply:
        try:
            return await self._once(call)
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise self._unreachable(call, error) from error

    @contextlib.asynccontextmanager
    async def _request(self, call: Call, purpose: str) -> AsyncIterator[aiohttp.ClientResponse]:
        credentials = self._credentials
        headers = {"Accept": "application/json"}
        if token := await credentials.authorization():
            headers["Authorization"] = token
        if call.account:
            headers["Impersonate-User"] = call.account
        data = None
        if call.body is not None:
            headers["Content-Type"] = call.content_type
            data = orjson.dumps(call.body)
        query = f"?{urlencode(call.params)}" if call.params else ""
        watching = purpose == "watch"
        timeout = aiohttp.ClientTimeout(
            total=None if watching else call.timeout_s,
            sock_connect=10.0,
            sock_read=SILENCE_S_MAX if watching else None,
        )
        async with self._session(purpose).request(
            call.method,
            URL(f"{credentials.host}{call.path}{query}", encoded=True),
            headers=headers,
            data=data,
            ssl=credentials.tls,
            server_hostname=credentials.server_name,
            proxy=credentials.proxy,
            timeout=timeout,
            allow_redirects=False,
        ) as response:
            yield response

    def _session(self, purpose: str) -> aiohttp.ClientSession:
        """Watches have connections of their own, lest they use up those of short requests."""
        found = self._sessions.get(purpose)
        if found is None:
            limit = 0 if purpose == "watch" else _CONNECTIONS_MAX
            connector = aiohttp.TCPConnector(limit=limit, socket_factory=_socket)
            found = aiohttp.ClientSession(
                connector=connector,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "flagger-py"},
            )
            self._sessions[purpose] = found
        return found

    def _unreachable(self, call: Call, error: BaseException) -> Unavailable:
        # aiohttp's own words contain addresses in memory; a status that quotes them never rests.
        cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
        return Unavailable(
            f"the API server at {self._server} does not answer {call.method} {call.path}: "
            f"{str(cause) or type(error).__name__}"
        )

    def _heard(self, call: Call, code: int) -> None:
        self._told(call.method, code, self._server)

    @property
    def _server(self) -> str:
        """Host and port, without a password that may stand before them."""
        return urlsplit(self._credentials.host).netloc.rpartition("@")[2]


def _socket(info: aiohttp.AddrInfoType) -> socket.socket:
    """Make a socket that notices within a minute that its peer has vanished."""
    family, kind, protocol, _, _ = info
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in (("TCP_KEEPIDLE", 20), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
        if hasattr(socket, option):
            made.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
    return made


async def _reply(response: aiohttp.ClientResponse) -> Reply:
    raw = await response.read()
    return Reply(response.status, raw, _seconds(response.headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    """Read a Retry-After, in seconds; None where it is a date or makes no sense."""
    try:
        found = float(text) if text else -1.0
    except ValueError:
        return None
    return found if isfinite(found) and found >= 0 else None
