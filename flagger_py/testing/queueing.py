"""When each object is looked at next: one due moment per key, and longer waits after faults."""

import heapq
from dataclasses import dataclass

from flagger_py.refs import Key


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after the nth fault in a row: *first_s*, doubling up to *longest_s*."""

    first_s: float = 0.75
    longest_s: float = 900.0

    def after(self, failures: int) -> float:
        return float(min(self.first_s * 2 ** min(failures - 1, 30), self.longest_s))


class WorkQueue:
    """Keys with the moment, in elapsed seconds, at which each is due; the earlier one counts."""

    def __init__(self) -> None:
        self._due: dict[Key, float] = {}
        self._heap: list[tuple[float, int, Key]] = []
        self._count = 0

    def add(self, key: Key, due_s: float) -> None:
        if due_s < self._due.get(key, float("inf")):
            self._due[key] = due_s
            self._count += 1
            heapq.heappush(self._heap, (due_s, self._count, key))

    def discard(self, key: Key) -> None:
        self._due.pop(key, None)

    def next_s(self) -> float:
        """Return when the next key is due, infinity when none is."""
        while self._heap and self._due.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else float("inf")

    def take(self, now_s: float) -> Key | None:
        """Remove and return the key that has been due longest, None when none is due."""
        if self.next_s() > now_s:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._due[key]
        return key

    def due(self) -> dict[Key, float]:
        return dict(self._due)
