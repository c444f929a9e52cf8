"""How a routing controller is set up."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RoutingSettings:
    """Choices that hold for every TrafficRoute of this controller.

    *edge_lag_s* is how long an edge that reports nothing takes to follow what was stored,
    *settle_s* is how long a route that nobody judges waits until it counts as in force,
    *let_go_s* how long a deleted TrafficRoute is held while things cannot be handed back.
    """

    mesh_provider: str = ""
    """The provider of objects that name none."""
    ingress_class: str = ""
    """Accepted for Flagger's sake; no router of this version needs it."""
    settle_s: float = 5.0
    edge_lag_s: float = 2.0
    let_go_s: float = 600.0
