"""Lets actors act on a store while virtual time passes, as a Simulation does without parts."""

from collections.abc import Sequence
from datetime import timedelta

from flagger_py.testing.clock import START, VirtualClock
from flagger_py.testing.pods import Pods
from flagger_py.testing.store import Store


class Stage:
    """A store, a clock, pods, and actors that act until nothing changes at each moment."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.store = Store(self.clock)
        self.pods = Pods()
        self.actors: Sequence[object] = ()

    def run_for(self, seconds: float) -> None:
        end = START + timedelta(seconds=self.clock.elapsed_s + seconds)
        while True:
            wait = self._settle()
            left = (end - self.clock()).total_seconds()
            if wait is None or wait > left:
                self.clock.advance(max(left, 0.0))
                self._settle()
                return
            self.clock.advance(max(wait, 0.001))

    def _settle(self) -> float | None:
        while True:
            version = self.store.version
            now = self.clock()
            waits = [actor.act(self.store, now) for actor in self.actors]  # type: ignore[attr-defined]  # any actor
            if self.store.version == version:
                return min((wait for wait in waits if wait is not None), default=None)
