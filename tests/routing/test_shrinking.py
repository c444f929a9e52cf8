"""A side that has stopped serving may lose its share and never win any."""

import pytest

from tests.routing.bench import Bench, a_spec


@pytest.mark.parametrize(
    ("idle", "canary", "shares"),
    [
        ("app-canary", 20, {"app-primary": 80, "app-canary": 20}),
        ("app-primary", 80, {"app-primary": 20, "app-canary": 80}),
        ("app-canary", 60, {"app-primary": 50, "app-canary": 50}),
        ("app-primary", 40, {"app-primary": 50, "app-canary": 50}),
    ],
    ids=["canary loses", "primary loses", "canary would win", "primary would win"],
)
def test_an_idle_side_may_lose_and_never_win(
    idle: str, canary: int, shares: dict[str, int]
) -> None:
    bench = Bench()
    bench.ask(50)
    bench.settle()
    bench.endpoints(idle, ready=False)

    bench.ask(canary)
    bench.settle()

    assert bench.shares() == shares
    assert bench.split is not None
    assert bench.split.canary == shares["app-canary"]
    assert bench.condition() == ("False", "BackendNotReady")


def test_a_share_that_was_not_accepted_yet_does_not_win_back() -> None:
    """The Gateways may follow the smaller share at any moment."""
    bench = Bench(a_spec("gatewayapi:v1"))
    bench.ask(50)
    bench.settle()
    bench.judge()
    bench.settle()
    bench.endpoints("app-canary", ready=False)
    bench.ask(20)
    bench.settle()

    bench.ask(40)
    bench.settle()

    assert bench.condition() == ("False", "BackendNotReady")
    assert bench.shares() == {"app-primary": 80, "app-canary": 20}
