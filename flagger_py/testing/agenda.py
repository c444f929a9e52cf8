"""What will happen in a World at which elapsed second."""

import heapq
from collections.abc import Callable


class Agenda:
    """Calls to be made, in the order of their moments and then of their entry."""

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], object]]] = []
        self._count = 0

    def add(self, due_s: float, call: Callable[[], object]) -> None:
        self._count += 1
        heapq.heappush(self._heap, (due_s, self._count, call))

    def next_s(self) -> float:
        """Return the moment of the next call, infinity when there is none."""
        return self._heap[0][0] if self._heap else float("inf")

    def run_due(self, now_s: float) -> None:
        while self._heap and self._heap[0][0] <= now_s:
            heapq.heappop(self._heap)[2]()
