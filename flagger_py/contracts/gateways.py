"""What a service names of the Gateway API: Gateways to attach to, and receivers of copies."""

from pydantic import Field

from flagger_py.contracts.http import PortNumber
from flagger_py.wire import Wire


class MirrorBackend(Wire):
    """Who receives copies of requests; a Service needs a port."""

    group: str = Field(
        default="", description="API group of the receiver; empty for the core group."
    )
    kind: str = Field(default="Service", description="Kind of the receiver.")
    name: str = Field(min_length=1, max_length=253, description="Name of the receiver.")
    namespace: str | None = Field(
        default=None,
        max_length=63,
        description="Namespace of the receiver, where it is another one.",
    )
    port: PortNumber | None = Field(default=None, description="Port of the receiving Service.")


class GatewayRef(Wire):
    """A Gateway (or another parent) that a Gateway API route attaches to."""

    group: str = Field(default="gateway.networking.k8s.io", description="API group of the parent.")
    kind: str = Field(default="Gateway", description="Kind of the parent.")
    name: str = Field(min_length=1, max_length=253, description="Name of the parent.")
    namespace: str | None = Field(
        default=None, max_length=63, description="Namespace of the parent, where it is another one."
    )
    section_name: str | None = Field(
        default=None, description="Listener of the parent; without it all that fit."
    )
    port: PortNumber | None = Field(
        default=None, description="Port of the parent; without it all that fit."
    )
