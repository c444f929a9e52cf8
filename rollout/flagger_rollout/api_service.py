"""How the target is reached: `spec.service` of a Canary, whence Services and routes are made."""

from typing import Literal

from pydantic import Field

from flagger_py.contracts.http import CorsPolicy
from flagger_py.contracts.service import ServiceOf

from .api_mesh import GatewayRef, Mirror, OriginMatch, RequestMatch
from .api_traffic_policy import TrafficPolicy


class ServiceSpec(
    ServiceOf[GatewayRef, RequestMatch, Mirror, CorsPolicy[OriginMatch], TrafficPolicy]
):
    """How the target is reached, under one name for users and one each for primary and canary."""

    name: str | None = Field(
        default=None,
        description=(
            "Name of the apex Service; the others add -primary and -canary. "
            "Without it the name of the target."
        ),
    )
    port_name: str = Field(default="http", description="Name of that port; http without it.")
    traffic_distribution: Literal["PreferClose", "PreferSameZone", "PreferSameNode"] | None = Field(
        default=None, description="Which endpoints of a Service are preferred."
    )
