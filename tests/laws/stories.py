"""What happens in one seeded release: drawn from the seed, so that it happens again."""

from dataclasses import dataclass
from typing import Any

from flagger_py.clock import seeded
from flagger_py.testing.faults import Rates

GOOD, BAD = 0.0, 1.0


@dataclass(frozen=True, slots=True)
class Push:
    """A version that is pushed *after_s* seconds, with the share of requests it fails."""

    after_s: float
    version: str
    error_rate: float


@dataclass(frozen=True, slots=True)
class Story:
    """One Canary, the pushes to its target and what goes wrong meanwhile."""

    seed: int
    canary: dict[str, Any]
    pushes: tuple[Push, ...]
    rates: Rates

    @property
    def last(self) -> Push:
        return self.pushes[-1]


def story(seed: int) -> Story:
    """Draw the story of *seed*."""
    dice = seeded(f"story {seed}")
    provider = dice.choice(("traefik", "gatewayapi:v1"))
    analysis: dict[str, Any] = {
        "interval": "10s",
        "threshold": dice.choice((1, 2, 3)),
        "metrics": [
            {
                "name": "request-success-rate",
                "thresholdRange": {"min": 99},
                "interval": dice.choice(("10s", "1m")),
            }
        ],
        "webhooks": _webhooks(dice),
        **dice.choice(
            ({"stepWeight": 30, "maxWeight": 60}, {"stepWeights": [10, 50]}, {"stepWeight": 100})
        ),
    }
    if dice.random() < 0.3:
        analysis["stepWeightPromotion"] = 50
    service: dict[str, Any] = {"port": 80, "targetPort": 8080}
    if provider.startswith("gatewayapi"):
        service["hosts"] = ["app.test"]
        service["gatewayRefs"] = [{"name": "lab", "namespace": "default"}]
    spec = {
        "provider": provider,
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
        "progressDeadlineSeconds": 120,
        "service": service,
        "analysis": analysis,
    }
    pushes = tuple(
        Push(
            after_s=round(dice.uniform(1, 60), 1),
            version=f"{number}",
            error_rate=dice.choice((GOOD, GOOD, BAD)),
        )
        for number in range(2, dice.choice((3, 3, 4, 5)))
    )
    return Story(seed, spec, pushes, _rates(dice))


def _webhooks(dice: Any) -> list[dict[str, Any]]:
    kinds = (
        "confirm-rollout",
        "pre-rollout",
        "rollout",
        "confirm-traffic-increase",
        "confirm-promotion",
        "post-rollout",
    )
    return [
        {"name": kind, "type": kind, "url": f"http://sink.test/hooks/{kind}", "timeout": "5s"}
        for kind in kinds
        if dice.random() < 0.25
    ]


def _rates(dice: Any) -> Rates:
    """Draw a mix of troubles; every kind is in about half of the stories."""

    def sometimes(rate: float) -> float:
        return rate if dice.random() < 0.5 else 0.0

    return Rates(
        crash=sometimes(0.01),
        conflict=sometimes(0.03),
        throttled=sometimes(0.02),
        down=sometimes(0.03),
        timed_out=sometimes(0.02),
        lost=sometimes(0.02),
        repeated=sometimes(0.05),
        lag_s_max=sometimes(1.0),
        outages_per_hour=sometimes(20.0),
        jumps_per_hour=sometimes(6.0),
        jump_s_max=2.0,
    )
