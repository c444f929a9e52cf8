"""What an operator chooses for this part."""

from dataclasses import dataclass
from enum import StrEnum

METRICS_SERVER = "http://prometheus:9090"

PROMETHEUS_SCRAPE_S = 15.0
"""How often a Prometheus is taken to scrape where nobody says: its usual configuration."""

OWN_SCRAPE_S = 1.0
"""How often we scrape exporters ourselves where nobody says."""


class SourceType(StrEnum):
    """Who answers built-in and inline queries."""

    PROMETHEUS = "prometheus"
    OPENMETRICS = "openmetrics"


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Choices that hold for every MetricAnalysis of this controller."""

    metrics_server: str = METRICS_SERVER
    source: SourceType = SourceType.PROMETHEUS
    openmetrics_addresses: tuple[str, ...] = ()
    scrape_s: float | None = None
    """How often metrics are scraped; None is the usual pace of each source."""
    requeue_dependency_s: float = 30.0
    """How soon a reference that led nowhere is tried again."""
    interval_jitter_percent: int = 0
    """How far `spec.interval` is stretched or shortened, so that not all judge at once."""
    no_cross_namespace_refs: bool = False
    default_account: str | None = None
    """Impersonated where an object names no ServiceAccount."""

    def scrape_interval_s(self, *, sampled: bool) -> float:
        """Return the seconds between two scrapes, by us (*sampled*) or by the server."""
        return self.scrape_s or (OWN_SCRAPE_S if sampled else PROMETHEUS_SCRAPE_S)


DEFAULTS = MetricsSettings()
