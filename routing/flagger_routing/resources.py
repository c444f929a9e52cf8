"""The CustomResourceDefinitions of this part."""

from flagger_py.crd import STANDING, Column, CustomResource

from .api import TRAFFIC_ROUTE, TrafficRouteSpec, TrafficRouteStatus

RESOURCES = (
    CustomResource(
        kind=TRAFFIC_ROUTE,
        about="TrafficRoute splits the requests of a service and says which split is in force.",
        spec=TrafficRouteSpec,
        status=TrafficRouteStatus,
        short_names=("tr",),
        printer_columns=(
            Column("Provider", ".status.router"),
            Column("Primary", ".status.inForce.split.primary", "integer"),
            Column("Canary", ".status.inForce.split.canary", "integer"),
            *STANDING,
        ),
    ),
)
