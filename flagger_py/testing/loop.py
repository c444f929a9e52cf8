"""An event loop in virtual time: where everybody waits, the clock jumps to the next timer."""

import asyncio
import selectors
from collections.abc import Mapping
from typing import Any

from flagger_py.testing.clock import VirtualClock


class _Jump(selectors.SelectSelector):
    """A selector that never waits for real: it lets virtual time pass instead."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self.idle: asyncio.Future[None] | None = None

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is not None and timeout <= 0:
            return []
        if self.idle is not None:
            waiter, self.idle = self.idle, None
            if not waiter.done():
                waiter.set_result(None)
        elif timeout is None:
            raise RuntimeError("a pass waits for something that virtual time does not bring")
        else:
            self._clock.advance(timeout)
        return []

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return super().get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs coroutines whose timers follow *clock*; nothing in it may wait for the real world."""

    def __init__(self, clock: VirtualClock) -> None:
        self._jump = _Jump(clock)
        self._virtual = clock
        super().__init__(self._jump)
        self._clock_resolution = 1e-6

    def time(self) -> float:
        return self._virtual.elapsed_s

    async def idle(self) -> None:
        """Wait, while no time passes, until nothing else can run at this moment."""
        self._jump.idle = self.create_future()
        await self._jump.idle

    def __del__(self) -> None:
        if not self.is_closed():
            self.close()
