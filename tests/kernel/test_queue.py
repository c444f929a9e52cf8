"""The work queue: once in it, one at a time, later when asked, slower after failures."""

import asyncio
from collections.abc import Callable

from flagger_py.runtime.queue import LULL_S, WorkQueue


class Bell:
    """A timer rung by hand: time is a number, and `advance` moves it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self._planned: list[tuple[float, Callable[[], None]]] = []

    def clock_s(self) -> float:
        return self.now_s

    def call_later(self, delay_s: float, call: Callable[[], None]) -> "Bell.Planned":
        entry = (self.now_s + delay_s, call)
        self._planned.append(entry)
        return Bell.Planned(lambda: self._planned.remove(entry) if entry in self._planned else None)

    def advance(self, seconds: float) -> None:
        self.now_s += seconds
        for entry in [entry for entry in self._planned if entry[0] <= self.now_s]:
            self._planned.remove(entry)
            entry[1]()

    class Planned:
        def __init__(self, cancel: Callable[[], object]) -> None:
            self.cancel = cancel


def a_queue() -> tuple[WorkQueue[str], Bell]:
    bell = Bell()
    return WorkQueue(clock_s=bell.clock_s, call_later=bell.call_later), bell


def at_work() -> tuple[WorkQueue[str], Bell]:
    """Return a queue whose key `a` is being worked on."""
    queue, bell = a_queue()
    queue.add("a")
    asyncio.run(queue.get())
    return queue, bell


def test_a_key_added_twice_is_handed_out_once() -> None:
    queue, _ = a_queue()

    queue.add("a")
    queue.add("a")
    queue.add("b")

    assert [asyncio.run(queue.get()), asyncio.run(queue.get())] == ["a", "b"]
    assert queue.depth == 0


def test_a_key_worked_on_comes_back_after_a_lull_once_it_is_done() -> None:
    """What is heard during a pass is mostly what the pass did: the rest of it is on its way."""
    queue, bell = at_work()

    queue.add("a")
    depth_meanwhile = queue.depth
    queue.done("a")
    depth_at_once = queue.depth
    bell.advance(LULL_S)

    assert (depth_meanwhile, depth_at_once, queue.depth) == (0, 0, 1)


def test_whatever_is_heard_after_a_pass_ends_the_lull() -> None:
    queue, bell = at_work()
    queue.add("a")
    queue.done("a")

    queue.add("a")
    at_once = queue.depth
    asyncio.run(queue.get())
    queue.done("a")
    bell.advance(LULL_S)

    assert (at_once, queue.depth) == (1, 0)


def test_a_pass_that_asks_for_another_at_once_gets_it() -> None:
    queue, _ = at_work()

    queue.add("a")
    queue.add_after("a", 0.0)
    queue.done("a")

    assert queue.depth == 1


def test_a_key_done_without_a_change_does_not_come_back() -> None:
    queue, _ = at_work()

    queue.done("a")

    assert queue.depth == 0


def test_a_planned_key_waits_for_its_time() -> None:
    queue, bell = a_queue()
    queue.add_after("a", 10)

    bell.advance(9.9)
    before = queue.depth
    bell.advance(0.2)

    assert (before, queue.depth) == (0, 1)


def test_the_earlier_of_two_plans_counts_and_the_later_one_is_dropped() -> None:
    queue, bell = a_queue()
    queue.add_after("a", 10)
    queue.add_after("a", 5)
    queue.add_after("a", 20)

    bell.advance(5)
    asyncio.run(queue.get())
    queue.done("a")
    bell.advance(60)

    assert queue.depth == 0


def test_an_event_takes_the_place_of_a_plan() -> None:
    queue, bell = a_queue()
    queue.add_after("a", 10)

    queue.add("a")
    asyncio.run(queue.get())
    queue.done("a")
    bell.advance(60)

    assert queue.depth == 0


def test_failures_double_the_pause_up_to_its_limit_and_success_ends_that() -> None:
    queue, _ = a_queue()

    pauses = [queue.retry("a") for _ in range(13)]
    queue.succeeded("a")

    assert pauses[:4] == [0.75, 1.5, 3.0, 6.0]
    assert pauses[-1] == 900.0
    assert queue.retry("a") == 0.75


def failing(queue: WorkQueue[str], key: str = "a") -> float:
    """Take *key* from the queue, and let its pass fail."""
    assert queue.depth
    assert asyncio.run(queue.get()) == key
    pause_s = queue.retry(key)
    queue.done(key)
    return pause_s


def test_a_failure_after_an_event_leaves_the_pause_as_long_as_it_was() -> None:
    """What is new is no further try of the same: only retries by themselves are ever rarer."""
    queue, bell = a_queue()
    queue.add("a")
    pauses = [failing(queue)]
    for _ in range(10):
        bell.advance(0.5)
        queue.add("a")
        pauses.append(failing(queue))
    bell.advance(0.75)
    pauses.append(failing(queue))

    assert pauses == [0.75] * 11 + [1.5]


def test_an_event_ends_the_pause_after_a_failure() -> None:
    queue, bell = a_queue()
    for _ in range(8):
        queue.retry("a")
    bell.advance(1)

    queue.add("a")

    assert queue.depth == 1


def test_a_stream_of_events_does_not_make_a_failing_key_hammer() -> None:
    queue, bell = a_queue()
    queue.add("a")
    passes = 0
    for _ in range(1000):
        if queue.depth:
            failing(queue)
            passes += 1
        queue.add("a")
        bell.advance(0.01)

    assert 40 <= passes <= 51


def test_an_event_during_a_pass_that_fails_is_not_lost() -> None:
    queue, bell = at_work()
    queue.add("a")
    queue.retry("a")
    queue.done("a")
    at_once = queue.depth

    bell.advance(0.21)

    assert (at_once, queue.depth) == (0, 1)
    assert failing(queue) == 0.75


def test_a_key_that_succeeded_waits_for_nothing() -> None:
    queue, _ = a_queue()
    queue.retry("a")
    queue.succeeded("a")

    queue.add("a")

    assert queue.depth == 1


def test_a_pause_that_the_other_side_asked_for_is_kept() -> None:
    queue, _ = a_queue()

    assert queue.retry("a", at_least_s=42) == 42


def test_a_pause_that_the_other_side_asked_for_is_no_longer_than_the_longest() -> None:
    queue, bell = a_queue()

    pause_s = queue.retry("a", at_least_s=86_400)
    bell.advance(900)

    assert (pause_s, queue.depth) == (900, 1)


def test_one_key_failing_does_not_slow_another() -> None:
    queue, _ = a_queue()
    for _ in range(10):
        queue.retry("a")

    assert queue.retry("b") == 0.75


def test_a_taker_that_waits_is_woken_by_an_addition() -> None:
    async def scene() -> str | None:
        queue, _ = a_queue()
        taker = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add("a")
        return await taker

    assert asyncio.run(scene()) == "a"


def test_a_closed_queue_hands_out_nothing_and_takes_nothing() -> None:
    async def scene() -> tuple[str | None, int]:
        queue, bell = a_queue()
        queue.add("a")
        queue.add_after("b", 1)
        queue.close()
        queue.add("c")
        bell.advance(5)
        return await queue.get(), queue.depth

    assert asyncio.run(scene()) == (None, 0)


def test_plans_overtaken_again_and_again_do_not_pile_up() -> None:
    async def scene() -> int:
        queue, bell = a_queue()
        for _ in range(3_000):
            queue.add_after("a", 900)
            bell.advance(0.01)
            queue.add("a")
            await queue.get()
            queue.done("a")
        return queue.entries

    assert asyncio.run(scene()) < 1_100
