"""What the canonical manifest may cost: requests a step, and none when nothing happens."""

import pytest

from tests.bench.counting import Counts, count

REQUESTS_PER_STEP_MAX = 8
"""With one Event among them; each further one may add one."""


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count()


def test_an_advancing_step_takes_at_most_eight_requests(counts: Counts) -> None:
    over = {
        weight: asked
        for weight, asked in counts.steps.items()
        if asked > REQUESTS_PER_STEP_MAX + max(0, counts.events[weight] - 1)
    }

    assert list(counts.steps) == [20, 30, 40]
    assert over == {}


def test_nothing_is_asked_when_nothing_happens(counts: Counts) -> None:
    assert counts.idle == 0
