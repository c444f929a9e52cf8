"""Messages to the outside that nobody waits for: in order for each object, side by side for all.

A delivery that fails is a line in the log. It holds up the later ones of its object, for as long
as its request may be repeated, and those of its namespace where many hang; no other tenant's.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from weakref import WeakValueDictionary

from flagger_py.decision import Deliver
from flagger_py.egress import Egress, Response
from flagger_py.errors import FlaggerError
from flagger_py.refs import Key

log = logging.getLogger(__name__)

WAITING_MAX = 256
"""Deliveries of one object that may wait; more than that and the oldest is dropped."""
PLACES = 16
"""Deliveries under way at once from one namespace."""
_REFUSED = 300


@dataclass(frozen=True, slots=True)
class _Parcel:
    about: str
    send: Callable[[], Awaitable[Response]]


class Deliveries:
    """The deliveries under way and those that wait for them."""

    def __init__(self, egress: Egress) -> None:
        self._egress = egress
        # Of a namespace for as long as something of it waits or is under way.
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._waiting: dict[Key, deque[_Parcel]] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def deliver(self, key: Key, item: Deliver) -> None:
        """Send *item* once the earlier ones of *key* are through; returns at once."""
        self.hand_over(key, item.about, lambda: self._egress(item.request))

    def hand_over(self, key: Key, about: str, send: Callable[[], Awaitable[Response]]) -> None:
        """Deliver by calling *send*; *about* names the delivery in the log."""
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = deque()
            task = asyncio.create_task(self._empty(key, waiting), name=f"deliver {key}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        waiting.append(_Parcel(about, send))
        if len(waiting) > WAITING_MAX:
            lost = waiting.popleft()
            log.error("dropped %s: too many wait", lost.about, extra=_place(key))

    async def drain(self, grace_s: float) -> None:
        """Wait until everything is delivered, at most *grace_s*; what is left is dropped."""
        if not self._tasks:
            return
        _, pending = await asyncio.wait(tuple(self._tasks), timeout=grace_s)
        for task in pending:
            task.cancel()
        if pending:
            log.error("dropped the deliveries of %d objects at shutdown", len(pending))
            await asyncio.gather(*pending, return_exceptions=True)

    async def _empty(self, key: Key, waiting: deque[_Parcel]) -> None:
        places = self._places.setdefault(key.namespace, asyncio.Semaphore(PLACES))
        try:
            while waiting:
                parcel = waiting.popleft()
                async with places:
                    await _send(key, parcel)
        finally:
            del self._waiting[key]


async def _send(key: Key, parcel: _Parcel) -> None:
    try:
        response = await parcel.send()
    except FlaggerError as error:
        log.error("%s failed: %s", parcel.about, error, extra=_place(key))
        return
    except Exception as error:
        # One broken delivery must not take the later ones of its object with it.
        log.error("%s failed: %s", parcel.about, type(error).__name__, extra=_place(key))
        return
    if response.status >= _REFUSED:
        log.error("%s was answered %d", parcel.about, response.status, extra=_place(key))


def _place(key: Key) -> dict[str, str]:
    return {"object_namespace": key.namespace, "object_name": key.name}
