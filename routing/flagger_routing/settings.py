"""What an operator chooses for this part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """Choices that hold for every TrafficRoute of this controller."""

    mesh_provider: str = ""
    """The provider of objects that name none."""
    settle_s: float = 5.0
    """How long a route that nobody judges waits until it counts as in force."""
    edge_lag_s: float = 2.0
    """How long an edge that reports nothing takes to follow what was stored."""
    tell_idle_s: float = 5.0
    """How long endpoints may be late on a new split before that is told: they follow their pods."""
    let_go_s: float = 600.0
    """How long a deleted TrafficRoute is held while things cannot be handed back."""
    default_account: str | None = None
    """Impersonated where an object names no ServiceAccount."""
