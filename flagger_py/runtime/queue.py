"""Which objects wait for a pass, and since or until when.

A key is in the queue once however often it is added; while it is worked on it is not handed out
again, but comes back soon after if it was added meanwhile. The order is first come, first served.
"""

import asyncio
import heapq
from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from flagger_py.clock import monotonic_s

SPACING_S = 0.2
"""Shortest time from a failure to the next pass of its key."""
LULL_S = 0.1
"""How long after its pass a key comes back that was asked for meanwhile, mostly by the pass."""

K = TypeVar("K", bound=Hashable)


class Timer(Protocol):
    def cancel(self) -> object: ...


CallLater = Callable[[float, Callable[[], None]], Timer]
"""Calls back after so many seconds; an event loop's `call_later`."""


class Meter(Protocol):
    """Hears what a queue does, in controller-runtime's terms."""

    def added(self, depth: int) -> None: ...

    def taken(self, waited_s: float, depth: int) -> None: ...

    def retried(self) -> None: ...


class WorkQueue(Generic[K]):
    """Keys that wait for a pass, handed to one taker.

    The pause after a failure is *retry_min_s* and doubles with each retry that fails, up to
    *retry_max_s*. What is asked for meanwhile is new information: it ends the pause, and a failure
    after it leaves the pause as long as it was. Between two passes of a key that fails are at
    least `SPACING_S`, however much is asked for.
    """

    def __init__(
        self,
        retry_min_s: float = 0.75,
        retry_max_s: float = 900.0,
        *,
        clock_s: Callable[[], float] = monotonic_s,
        call_later: CallLater | None = None,
        meter: Meter | None = None,
    ) -> None:
        self._retry_min_s = retry_min_s
        self._retry_max_s = retry_max_s
        self._clock_s = clock_s
        self._call_later = call_later
        self._meter = meter
        self._ready: deque[K] = deque()
        self._since_s: dict[K, float] = {}
        self._active: set[K] = set()
        self._again: dict[K, float] = {}
        """In how many seconds after its pass a key comes back."""
        self._planned: dict[K, tuple[float, int, K]] = {}
        self._heap: list[tuple[float, int, K]] = []
        self._count = 0
        self._failures: dict[K, int] = {}
        self._failed_s: dict[K, float] = {}
        self._asked: set[K] = set()
        """Failing keys that somebody asked for since they failed."""
        self._timer: Timer | None = None
        self._timer_due_s = float("inf")
        self._waiter: asyncio.Future[None] | None = None
        self._closed = False

    @property
    def depth(self) -> int:
        """How many keys are ready for a pass now."""
        return len(self._ready)

    @property
    def active(self) -> int:
        """How many keys are being worked on."""
        return len(self._active)

    @property
    def entries(self) -> int:
        """How many entries the timetable has, overtaken ones included."""
        return len(self._heap)

    def add(self, key: K) -> None:
        """Ask for a pass now; whatever was planned for later is included."""
        if self._closed:
            return
        if key in self._active:
            self._planned.pop(key, None)
            self._again.setdefault(key, LULL_S)
            return
        failed_s = self._failed_s.get(key)
        if failed_s is not None and key not in self._since_s:
            self._asked.add(key)
            too_soon_s = failed_s + SPACING_S - self._clock_s()
            if too_soon_s > 0:
                self.add_after(key, too_soon_s)
                return
        self._make_ready(key)

    def add_after(self, key: K, delay_s: float) -> None:
        """Ask for a pass in *delay_s* seconds, unless one is planned earlier."""
        if delay_s <= 0:
            self.add(key)
            if key in self._again:
                self._again[key] = 0.0
            return
        due_s = self._clock_s() + delay_s
        planned = self._planned.get(key)
        if self._closed or key in self._since_s or (planned and planned[0] <= due_s):
            return
        self._count += 1
        entry = self._planned[key] = (due_s, self._count, key)
        if len(self._heap) > 4 * len(self._planned) + 1000:
            self._heap = list(self._planned.values())
            heapq.heapify(self._heap)
        else:
            heapq.heappush(self._heap, entry)
        self._arm()

    def retry(self, key: K, at_least_s: float = 0.0) -> float:
        """Ask for a pass after one failed; returns the seconds until then.

        *at_least_s* is what another side asks for, and no more than the longest pause is granted.
        """
        failures = self._failures.get(key, 0)
        if not failures or key not in self._asked:
            failures += 1
        self._failures[key] = failures
        self._failed_s[key] = self._clock_s()
        self._asked.discard(key)
        delay_s = min(self._retry_min_s * 2.0 ** min(failures - 1, 30), self._retry_max_s)
        delay_s = max(delay_s, min(at_least_s, self._retry_max_s))
        if self._meter is not None:
            self._meter.retried()
        self.add_after(key, delay_s)
        return delay_s

    def succeeded(self, key: K) -> None:
        """Begin the backoff anew at the next failure."""
        self._failures.pop(key, None)
        self._failed_s.pop(key, None)
        self._asked.discard(key)

    def forget(self, key: K) -> None:
        """Drop everything known of a key that is gone."""
        self.succeeded(key)
        self._planned.pop(key, None)

    async def get(self) -> K | None:
        """Return the next key, to be given back by `done`; None once the queue is closed."""
        while not self._ready:
            if self._closed:
                return None
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        key = self._ready.popleft()
        waited_s = self._clock_s() - self._since_s.pop(key)
        self._active.add(key)
        if self._meter is not None:
            self._meter.taken(waited_s, len(self._ready))
        return key

    def done(self, key: K) -> None:
        """Give *key* back: from now on it may be handed out again."""
        self._active.discard(key)
        delay_s = self._again.pop(key, None)
        if delay_s is None:
            return
        if delay_s > 0 and key not in self._failed_s:
            self.add_after(key, delay_s)
        else:
            self.add(key)  # Which spaces the passes of a key that fails.

    def close(self) -> None:
        """Hand out nothing more; keys that are worked on may still be given back."""
        self._closed = True
        self._ready.clear()
        self._since_s.clear()
        self._again.clear()
        self._planned.clear()
        self._heap.clear()
        if self._timer is not None:
            self._timer.cancel()
        self._notify()

    def _arm(self) -> None:
        """Have the timer go off at the earliest due time."""
        if not self._heap or self._heap[0][0] >= self._timer_due_s:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due_s = self._heap[0][0]
        later = self._call_later or asyncio.get_running_loop().call_later
        self._timer = later(max(0.0, self._timer_due_s - self._clock_s()), self._ring)

    def _ring(self) -> None:
        self._timer, self._timer_due_s = None, float("inf")
        now_s = self._clock_s()
        while self._heap and self._heap[0][0] <= now_s:
            entry = heapq.heappop(self._heap)
            # Entries that were overtaken by `add` or by an earlier time stay until here.
            if self._planned.get(entry[2]) is entry:
                self._make_ready(entry[2])
        self._arm()

    def _make_ready(self, key: K) -> None:
        self._planned.pop(key, None)
        if key in self._active:
            self._again[key] = 0.0
        elif key not in self._since_s:
            self._since_s[key] = self._clock_s()
            self._ready.append(key)
            if self._meter is not None:
                self._meter.added(len(self._ready))
            self._notify()

    def _notify(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
