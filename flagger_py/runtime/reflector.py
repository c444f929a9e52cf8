"""A watch cache kept true: list, watch, and list again wherever the watch may have missed a thing.

A new list is compared with what is known, so that objects deleted in a gap are noticed. Nothing
ends a reflector but its cancellation: whatever the API server does, it tries again, after five
seconds at most while nobody answers, thirty while the kind is not installed or refused.
"""

import asyncio
import contextlib
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Protocol, TypeVar

from flagger_py.errors import FlaggerError, Missing, SpecError, Unavailable
from flagger_py.runtime.client import Scope
from flagger_py.runtime.refusals import Gone
from flagger_py.runtime.sent import Event, Page, Sent, number
from flagger_py.runtime.store import Store

log = logging.getLogger(__name__)

_PAUSE_S_MIN = 0.5
_PAUSE_S_MAX = 30.0
_OUTAGE_PAUSE_S_MAX = 5.0
"""An API server that is down comes back soon; until then we see nothing."""
_WATCH_S_MIN = 240
_WATCH_S_SPREAD = 240
_TOO_OLD = 410
FIRST_LIST_S = 5.0
"""How long a reader waits for the first list while no page of it comes: he holds a place."""


T = TypeVar("T")


class Unforeseen(Unavailable):
    """What a list or watch brought could not be taken in; the cause is the fault itself."""


class Source(Protocol):
    """The two verbs a reflector needs of a client."""

    def pages(self, scope: Scope) -> AsyncGenerator[Page, None]: ...

    def watch(self, scope: Scope, version: str, timeout_s: int) -> AsyncGenerator[Event, None]: ...


class Reflector:
    """Keeps *store* equal to the objects of *scope*.

    *jitter* returns a number from 0 up to 1; it spreads the ends of watches and the pauses.
    *turned* is called when what could not be read can be, and when what could be cannot any more.
    """

    def __init__(
        self,
        source: Source,
        scope: Scope,
        store: Store,
        *,
        jitter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.scope = scope
        self.store = store
        self.fault: FlaggerError | None = None
        self.turned: Callable[[], None] = lambda: None
        self._source = source
        self._jitter = jitter
        self._sleep = sleep
        self._settled = asyncio.Event()
        self._synced = asyncio.Event()
        self._version = ""
        self._heard = False
        self._pages = 0
        self._newest = 0
        """The latest version that a list or a watch showed."""

    @property
    def synced(self) -> bool:
        return self._synced.is_set()

    async def wait(self) -> None:
        """Wait for the first list; raises what is in its way as soon as that is known."""
        while not self._settled.is_set():
            pages = self._pages
            try:
                async with asyncio.timeout(FIRST_LIST_S):
                    await self._settled.wait()
            except TimeoutError:
                if pages == self._pages:
                    self._failed(Unavailable(_silent(self.scope)))
        if not self.synced and self.fault is not None:
            raise self.fault

    async def until_synced(self) -> None:
        """Wait for the first list that succeeds, however long it takes."""
        await self._synced.wait()

    def ended(self) -> None:
        """Tell whoever still waits that nothing will come."""
        if not self._settled.is_set():
            what = f"the watch of {self.scope.kind} was closed before its first list"
            self.fault = Unavailable(f"{what}; the next look opens it anew")
            self._settled.set()

    async def run(self) -> None:
        """Keep the store true until cancelled."""
        pause_s, gone = _PAUSE_S_MIN, False
        while True:
            self._heard = False
            longest_s = _OUTAGE_PAUSE_S_MAX
            try:
                if not self.synced or not self._version:
                    self._version = await self._list()
                    self._fine()
                await self._follow()
            except Gone:
                # One list helps, nearly always; if not, the server is in trouble.
                longest_s = _OUTAGE_PAUSE_S_MAX if gone else _PAUSE_S_MIN
                self._version, gone = "", True
            except FlaggerError as error:
                self._failed(error)
                if isinstance(error, Missing | SpecError):
                    longest_s = _PAUSE_S_MAX
            else:
                if self._heard:
                    pause_s, gone = _PAUSE_S_MIN, False
                    continue
            # A watch that told us anything was a good one, however it ended.
            if self._heard:
                pause_s, gone = _PAUSE_S_MIN, False
            pause_s = min(pause_s, longest_s)
            await self._sleep(pause_s * (1 + self._jitter() / 2))
            pause_s *= 2

    async def refresh(self) -> None:
        """List afresh, beside the watch; returns when that succeeded or cannot."""
        pause_s = _PAUSE_S_MIN
        while True:
            try:
                await self._list()
                return
            except (Missing, SpecError):
                return  # The loop will list it when it can; there is nothing stale to correct.
            except FlaggerError as error:
                cause = error if isinstance(error, Unforeseen) else None
                log.warning("cannot list %s: %s", self.scope.kind, error, exc_info=cause)
            await self._sleep(pause_s)
            pause_s = min(pause_s * 2, _PAUSE_S_MAX)

    async def _list(self) -> str:
        """List as of now; raises `Gone` where that is another history than the one known."""
        seen, version, known = set(), "", self._newest
        async with self._played(self._source.pages(self.scope)) as pages:
            async for page in pages:
                for item in page.items:
                    seen.add(item.key)
                    self.store.take(item)
                self._pages += 1
                version = page.version
        newest = number(version)
        if 0 < newest < known:
            # Lists ask for the most recent state, which no replica may answer with an older one:
            # the server's own storage went back, from a backup. Now everything counts anew.
            self._newest = 0
            self.store.distrust()
            log.warning("%s went back from version %d to %d", self.scope.kind, known, newest)
            raise Gone(f"list {self.scope.kind}: version {newest} is older than {known}")
        self._newest = max(self._newest, newest)
        self.store.keep_only(seen, newest)
        return version

    async def _follow(self) -> None:
        """Watch once, until the server ends it."""
        timeout_s = _WATCH_S_MIN + int(self._jitter() * _WATCH_S_SPREAD)
        events = self._source.watch(self.scope, self._version, timeout_s)
        async with self._played(events) as stream:
            async for event in stream:
                self._take(event)
                self._heard = True
                self.fault = None

    def _take(self, event: Event) -> None:
        match event.type, event.item:
            case "ADDED" | "MODIFIED", Sent() as item:
                self.store.take(item)
            case "DELETED", Sent() as item:
                self.store.drop(item.key, item.version)
            case "BOOKMARK", _:
                pass
            case "ERROR", _:
                message = f"watch {self.scope.kind}: {event.status.get('message', 'failed')}"
                if event.status.get("code") == _TOO_OLD:
                    raise Gone(message)
                self._version = ""
                raise Unavailable(message)
            case unknown, _:
                raise Unavailable(f"watch {self.scope.kind}: unknown event {unknown!r}")
        self._version = event.version
        self._newest = max(self._newest, number(event.version))

    @contextlib.asynccontextmanager
    async def _played(self, source: AsyncGenerator[T, None]) -> AsyncIterator[AsyncIterator[T]]:
        """Play *source* to its end; what nobody foresaw is raised as `Unforeseen`."""
        try:
            async with contextlib.aclosing(source):
                yield source
        except FlaggerError:
            raise
        except Exception as error:
            # Without this cache nobody would notice anything any more, nor that it is so.
            self._version = ""
            what = f"{self.scope.kind} cannot be watched: {type(error).__name__}"
            raise Unforeseen(f"{what}, a fault of the controller; see its log") from error

    def _fine(self) -> None:
        was, self.fault = self.fault, None
        fresh = not self.synced
        self._synced.set()
        self._settled.set()
        if fresh and was is not None:
            log.info("%s can be read now", self.scope.kind)
            self.turned()

    def _failed(self, error: FlaggerError) -> None:
        """Remember *error*; say it once, not at every attempt."""
        if self.fault is None or type(self.fault) is not type(error):
            log.warning("cannot watch %s, trying on: %s", self.scope.kind, error)
        if isinstance(error, Unforeseen):
            log.error("watching %s failed", self.scope.kind, exc_info=error)
        self.fault = error
        self._settled.set()
        # A right that an account has lost; what we may not see ourselves stays as it was last.
        revoked = isinstance(error, SpecError) and self.scope.account is not None
        if self.synced and (isinstance(error, Missing) or revoked):
            self._synced.clear()
            self._version = ""
            self.store.empty()
            self.turned()


def _silent(scope: Scope) -> str:
    return (
        f"{scope.kind} are not listed yet: nothing came for {FIRST_LIST_S:g}s; either the API "
        f"server is slow, or the one that serves this kind behind it does not answer"
    )
