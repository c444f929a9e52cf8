"""What was already asked this second: an equal request of one tick is sent once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flagger_py.egress import Egress, Request, Response, Unreachable

from .providers import Exchange

KEPT_MAX = 2_000

LARGE_BYTES = 128 * 1024
"""Reading more than this beside the event loop; it takes some ten milliseconds."""

Digest = Callable[[Response], Response]
"""Reads a response into something smaller, or quicker to look at, that takes its place."""

_Key = tuple[object, ...]


@dataclass(slots=True)
class Asked:
    """The exchanges of the last second, by everything that makes two requests equal.

    Credentials are part of it: nobody gets an answer to a question asked with another's token.
    """

    _kept: OrderedDict[_Key, "asyncio.Future[Exchange]"] = field(default_factory=OrderedDict)

    async def send(
        self, egress: Egress, request: Request, now: datetime, digest: Digest | None = None
    ) -> Exchange:
        """Return what came of *request*, sent now or moments ago; that nobody answers is a value.

        Where *digest* is given its result is returned, and kept, instead of the response. Where
        the one who sends the request gives up, one of those who wait sends it again.
        """
        key = (*_key(request, now), digest)
        while (waiting := self._kept.get(key)) is not None:
            try:
                return await asyncio.shield(waiting)
            except asyncio.CancelledError:
                if not waiting.cancelled():
                    raise
        answer: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()
        self._remember(key, answer)
        try:
            exchange = await _digested(await _exchange(egress, request), digest)
        except BaseException:
            self._kept.pop(key, None)
            answer.cancel()
            raise
        answer.set_result(exchange)
        return exchange

    def _remember(self, key: _Key, answer: "asyncio.Future[Exchange]") -> None:
        self._kept[key] = answer
        while len(self._kept) > KEPT_MAX:
            self._kept.popitem(last=False)


async def _exchange(egress: Egress, request: Request) -> Response | Unreachable:
    try:
        return await egress(request)
    except Unreachable as unreachable:
        return unreachable


async def _digested(exchange: Exchange, digest: Digest | None) -> Exchange:
    if digest is None or isinstance(exchange, Unreachable):
        return exchange
    if len(exchange.body) > LARGE_BYTES:
        return await asyncio.to_thread(digest, exchange)
    return digest(exchange)


def _key(request: Request, now: datetime) -> _Key:
    headers = tuple(sorted(request.headers.items()))
    second = int(now.timestamp())
    return (request.method, request.url, headers, request.body, request.verify_tls, second)
