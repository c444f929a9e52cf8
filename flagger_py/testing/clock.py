"""Virtual time: it moves only when told to."""

from datetime import UTC, datetime, timedelta

START = datetime(2026, 1, 1, tzinfo=UTC)


class VirtualClock:
    """A `flagger_py.clock.Clock` under the test's control.

    *elapsed_s* is monotonic and what timers follow; the reading of the wall clock is the start
    plus *elapsed_s* plus the sum of all jumps.
    """

    def __init__(self, start: datetime = START) -> None:
        self._start = start
        self.elapsed_s = 0.0

    def __call__(self) -> datetime:
        return self._start + timedelta(seconds=self.elapsed_s)

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass; raises ValueError for a negative number."""
        if seconds < 0:
            raise ValueError(f"time does not run backwards: {seconds} s; use jump for the reading")
        self.elapsed_s += seconds

    def jump(self, seconds: float) -> None:
        """Set the reading forward, or back for a negative number, while no time passes."""
        self._start += timedelta(seconds=seconds)
