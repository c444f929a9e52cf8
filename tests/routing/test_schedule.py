"""Splits by time, for a route that no rollout writes."""

from tests.routing.bench import Bench, a_spec, weights

SCHEDULE = [
    {"after": "1m", "split": weights(20)},
    {"after": "10m", "split": weights(100)},
]


def test_a_schedule_moves_the_split_as_time_goes_by() -> None:
    bench = Bench(a_spec(schedule=SCHEDULE))

    waits = []
    canaries = []
    for seconds in (0, 60, 300, 240):
        bench.world.clock.advance(seconds)
        waits.append(bench.settle().requeue_after_s)
        canaries.append(bench.shares().get("app-canary", 0))

    assert canaries == [0, 20, 20, 100]
    assert waits == [60, 540, 240, None]


def test_another_schedule_begins_when_it_is_first_seen() -> None:
    bench = Bench()
    bench.settle()
    bench.world.clock.advance(86_400)

    bench.edit(schedule=SCHEDULE)
    bench.settle()

    assert bench.shares() == {"app-primary": 100}


def test_a_restart_does_not_start_a_schedule_over() -> None:
    bench = Bench(a_spec(schedule=SCHEDULE))
    bench.settle()
    bench.world.clock.advance(90)

    bench.restart()
    bench.settle()

    assert bench.shares()["app-canary"] == 20
