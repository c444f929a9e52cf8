"""Which fields of a service speak of routing and not of the Services themselves."""

ROUTE_FIELDS = (
    "timeout",
    "backendTimeout",
    "gateways",
    "gatewayRefs",
    "hosts",
    "delegation",
    "match",
    "rewrite",
    "retries",
    "headers",
    "mirror",
    "corsPolicy",
    "trafficPolicy",
    "meshName",
    "backends",
)
"""As they are spelt in a manifest, in the order in which a status names them."""


def without(*used: str) -> tuple[str, ...]:
    """Return the routing fields but those that are *used*."""
    return tuple(name for name in ROUTE_FIELDS if name not in used)
