"""Who serves where in the lab: addresses of the control plane's subnet that no pod gets."""

from dataclasses import dataclass
from ipaddress import IPv4Network

WEB, ADMIN = 8000, 8080
"""The edge's entry point for users, and the one for its metrics."""

_EDGE, _PROMETHEUS, _SERVERS = 13, 14, 15


@dataclass(frozen=True, slots=True)
class Addresses:
    """The lab of the control plane on *subnet*."""

    subnet: IPv4Network

    @property
    def edge(self) -> str:
        return str(self.subnet[_EDGE])

    @property
    def prometheus(self) -> str:
        return f"{self.subnet[_PROMETHEUS]}:9090"

    @property
    def sink(self) -> str:
        """Where webhooks are asked."""
        return f"{self.subnet[_SERVERS]}:80"

    @property
    def tester(self) -> str:
        return f"{self.subnet[_SERVERS]}:8081"

    @property
    def targets(self) -> str:
        """Where Prometheus is told what to scrape."""
        return f"{self.subnet[_SERVERS]}:8082"

    def places(self, namespace: str) -> dict[str, str]:
        """Return what stands for the placeholders of a recording that is played in *namespace*."""
        return {
            "${NS}": namespace,
            "${SINK}": f"http://{self.sink}",
            "${PROM}": f"http://{self.prometheus}",
            "${TESTER}": f"http://{self.tester}",
        }
