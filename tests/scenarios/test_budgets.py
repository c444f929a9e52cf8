"""What the canonical manifest may cost: requests a step, and none when nothing happens."""

from functools import partial

import pytest

from flagger_py.testing.workloads import Workloads
from tests.bench.counting import Counts, count

REQUESTS_PER_STEP_MAX = 8
"""With one Event among them; each further one may add one."""


@pytest.fixture(scope="module")
def counts() -> Counts:
    return count()


def test_an_advancing_step_takes_at_most_eight_requests(counts: Counts) -> None:
    assert list(counts.steps) == [10, 20, 30, 40]
    assert _over(counts) == {}


def test_the_first_step_takes_no_more_where_endpoints_are_late() -> None:
    """Kubernetes tells of them a second after the Deployment says that it is ready."""
    counts = count(partial(Workloads, slices_lag_s=1.5))

    assert list(counts.steps) == [10, 20, 30, 40]
    assert _over(counts) == {}


def test_nothing_is_asked_when_nothing_happens(counts: Counts) -> None:
    assert counts.idle == 0


def _over(counts: Counts) -> dict[int, int]:
    """Return the steps that asked for more than is granted, by the weight they began at."""
    return {
        weight: asked
        for weight, asked in counts.steps.items()
        if asked > REQUESTS_PER_STEP_MAX + max(0, counts.events[weight] - 1)
    }
