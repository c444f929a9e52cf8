"""What was already asked this second: an equal request of one tick is sent once."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from flagger_py.egress import Egress, Request, Response, Unreachable
from flagger_py.runtime.cluster import wait_outside

from .providers import Exchange

KEPT_MAX = 2_000
LATE_S = 10
"""How many seconds ago a pass may have begun that still asks."""

LARGE_BYTES = 128 * 1024
"""Reading more than this beside the event loop; it takes some ten milliseconds."""

Digest = Callable[[Response], Response]
"""Reads a response into something smaller, or quicker to look at, that takes its place."""

_Key = tuple[object, ...]


@dataclass(slots=True)
class Asked:
    """The exchanges of the present second, by everything that makes two requests equal.

    Credentials are part of it: nobody gets an answer to a question asked with another's token.
    """

    _kept: OrderedDict[_Key, "asyncio.Future[Exchange]"] = field(default_factory=OrderedDict)
    _second: int = 0

    async def send(
        self, egress: Egress, request: Request, now: datetime, digest: Digest | None = None
    ) -> Exchange:
        """Return what came of *request*, sent now or moments ago; that nobody answers is a value.

        Where *digest* is given its result is returned, and kept, instead of the response. Where
        the one who sends the request gives up, one of those who wait sends it again.
        """
        second = int(now.timestamp())
        key = (*_key(request), digest, second)
        while (waiting := self._kept.get(key)) is not None:
            if waiting.done() and not waiting.cancelled():
                return waiting.result()
            try:
                return await wait_outside(egress, asyncio.shield(waiting))
            except asyncio.CancelledError:
                if not waiting.cancelled():
                    raise
        answer: asyncio.Future[Exchange] = asyncio.get_running_loop().create_future()
        self._remember(key, answer, second)
        try:
            exchange = await _digested(await _exchange(egress, request), digest)
        except BaseException:
            if self._kept.get(key) is answer:
                del self._kept[key]
            answer.cancel()
            raise
        answer.set_result(exchange)
        return exchange

    def __len__(self) -> int:
        return len(self._kept)

    def _remember(self, key: _Key, answer: "asyncio.Future[Exchange]", second: int) -> None:
        """Keep an exchange of the present second, and none of another.

        A pass that began in the second before adds to those of the present one; where the clock
        was set back, that second is the present one.
        """
        if not self._second - LATE_S <= second <= self._second:
            self._kept.clear()
            self._second = second
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


def _key(request: Request) -> _Key:
    headers = tuple(sorted(request.headers.items()))
    return (request.method, request.url, headers, request.body, request.verify_tls)
