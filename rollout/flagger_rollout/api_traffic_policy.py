"""How Istio's proxies treat the primary and the canary: the traffic policy of a DestinationRule."""

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from flagger_py.crd_marks import Rule, refusal, validated
from flagger_py.wire import Wire

ONE_BALANCER = (
    "set either simple, or consistentHash with exactly one of httpHeaderName, httpCookie, "
    "useSourceIp and httpQueryParameterName"
)


class HttpPool(Wire):
    """Limits of HTTP connections to one workload."""

    h2_upgrade_policy: Literal["DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"] | None = Field(
        default=None, description="Whether HTTP/1.1 connections are upgraded to HTTP/2."
    )
    http1_max_pending_requests: int | None = Field(
        default=None, description="Requests that may wait for a connection."
    )
    http2_max_requests: int | None = Field(
        default=None, description="Requests that may be under way at once."
    )
    idle_timeout: str | None = Field(
        default=None, description="How long an unused connection stays open."
    )
    max_requests_per_connection: int | None = Field(
        default=None, description="Requests after which a connection is closed."
    )
    max_retries: int | None = Field(
        default=None, description="Retries that may be under way at once."
    )


class ConnectionPool(Wire):
    """Limits of connections to one workload."""

    http: HttpPool | None = Field(default=None, description="Limits of HTTP connections.")


class HashCookie(Wire):
    """Cookie whose value picks the pod."""

    name: str | None = Field(default=None, description="Name of the cookie.")
    path: str | None = Field(default=None, description="Path that the cookie is set for.")
    ttl: str | None = Field(default=None, description="How long the cookie lives, as a duration.")


class ConsistentHash(Wire):
    """What of a request picks the pod, so that equal requests meet the same one."""

    http_header_name: str | None = Field(default=None, description="Pick by this header.")
    http_cookie: HashCookie | None = Field(default=None, description="Pick by this cookie.")
    use_source_ip: bool | None = Field(default=None, description="Pick by the client's address.")
    http_query_parameter_name: str | None = Field(
        default=None, description="Pick by this query parameter."
    )
    minimum_ring_size: int | None = Field(
        default=None, description="Least number of points on the hash ring."
    )

    @property
    def has_one_key(self) -> bool:
        keys = (
            self.http_header_name,
            self.http_cookie,
            self.use_source_ip,
            self.http_query_parameter_name,
        )
        return sum(key is not None for key in keys) == 1


class LocalityShare(Wire):
    """Where requests of one locality go."""

    from_: str | None = Field(
        default=None,
        alias="from",  # A keyword of Python.
        description="Locality of the client: region/zone/subzone.",
    )
    to: Mapping[str, int] = Field(
        default_factory=dict, description="Percent of its requests by locality of the pod."
    )


class LocalityFailover(Wire):
    """Which region helps out another one."""

    from_: str | None = Field(
        default=None,
        alias="from",  # A keyword of Python.
        description="Region that fails.",
    )
    to: str | None = Field(default=None, description="Region that takes its requests.")


class LocalityBalancing(Wire):
    """Whether and how requests stay near their client."""

    enabled: bool | None = Field(default=None, description="Whether requests stay near.")
    distribute: tuple[LocalityShare, ...] = Field(
        default=(), description="Shares by locality; not together with failover."
    )
    failover: tuple[LocalityFailover, ...] = Field(
        default=(), description="Who helps out whom; not together with distribute."
    )


class LoadBalancer(Wire):
    """How a pod is picked for a request."""

    model_config = validated(
        Rule(
            "has(self.simple) != (has(self.consistentHash) && ["
            "has(self.consistentHash.httpHeaderName), has(self.consistentHash.httpCookie), "
            "has(self.consistentHash.useSourceIp), "
            "has(self.consistentHash.httpQueryParameterName)].exists_one(key, key))",
            ONE_BALANCER,
        )
    )

    simple: (
        Literal["ROUND_ROBIN", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "LEAST_REQUEST"] | None
    ) = Field(default=None, description="A method that needs nothing of the request.")
    consistent_hash: ConsistentHash | None = Field(
        default=None, description="Equal requests meet the same pod."
    )
    locality_lb_setting: LocalityBalancing | None = Field(
        default=None, description="Whether and how requests stay near their client."
    )
    warmup_duration_secs: str | None = Field(
        default=None, description="How long a new pod's share grows, as a duration."
    )

    @model_validator(mode="after")
    def _one_balancer(self) -> Self:
        hashed = self.consistent_hash is not None and self.consistent_hash.has_one_key
        if (self.simple is not None) is hashed:
            raise refusal(ONE_BALANCER)
        return self


class OutlierDetection(Wire):
    """When a pod that misbehaves gets no requests for a while."""

    consecutive_errors: int | None = Field(
        default=None, description="Failures in a row, in Istio's older spelling."
    )
    consecutive_5xx_errors: int | None = Field(
        default=None,
        alias="consecutive5xxErrors",  # The generator would write 5Xx.
        description="Answers of status 5xx in a row.",
    )
    consecutive_gateway_errors: int | None = Field(
        default=None, description="Answers of status 502, 503 or 504 in a row."
    )
    consecutive_local_origin_failures: int | None = Field(
        default=None, description="Failures of the proxy's own in a row."
    )
    split_external_local_origin_errors: bool | None = Field(
        default=None, description="Count the proxy's own failures apart."
    )
    interval: str | None = Field(default=None, description="How often pods are looked at.")
    base_ejection_time: str | None = Field(
        default=None, description="Shortest time without requests."
    )
    max_ejection_percent: int | None = Field(
        default=None, description="Percent of the pods that may be left out at once."
    )
    min_health_percent: int | None = Field(
        default=None, description="Percent of healthy pods below which nobody is left out."
    )


class ClientTls(Wire):
    """How the proxy encrypts what it sends to the workload."""

    mode: Literal["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] | None = Field(
        default=None, description="Whether to encrypt and who shows a certificate."
    )
    client_certificate: str | None = Field(
        default=None, description="File with the certificate to show."
    )
    private_key: str | None = Field(default=None, description="File with its private key.")
    ca_certificates: str | None = Field(
        default=None, description="File with the authorities to trust."
    )
    subject_alt_names: tuple[str, ...] = Field(
        default=(), description="Names of which the server's certificate has one."
    )
    sni: str | None = Field(default=None, description="Server name to ask for.")


class TrafficPolicy(Wire):
    """What Istio's DestinationRules say about the primary and the canary."""

    connection_pool: ConnectionPool | None = Field(
        default=None, description="Limits of connections."
    )
    load_balancer: LoadBalancer | None = Field(
        default=None, description="How a pod is picked for a request."
    )
    outlier_detection: OutlierDetection | None = Field(
        default=None, description="When a pod gets no requests for a while."
    )
    tls: ClientTls | None = Field(default=None, description="How connections are encrypted.")
