"""What an exporter's page says: the samples of the Prometheus and OpenMetrics text formats."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from .samples import NAME, Samples

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"


class PageFault(Exception):
    """The page is in neither format."""


@dataclass(frozen=True, slots=True)
class Page:
    """What one exporter answered: its text, its content type, and the host it came from."""

    text: str
    content_type: str
    source: str


def collect(
    page: Page, samples: Samples, at: datetime, wanted: frozenset[str] | None = None
) -> None:
    """Add the samples of *page* to *samples*, only those of the metrics *wanted* where given.

    Timestamps on the page are ignored: a window counts from when we saw a value. Each series
    gets a label `instance`, the source, unless it has one. Raises `PageFault`.
    """
    for name, labels, value in _parsed(page.text, page.content_type):
        if wanted is None or name in wanted:
            samples.append({"instance": page.source, **labels, NAME: name}, value, at)
    samples.scraped(at)


def _parsed(page: str, content_type: str) -> Iterator[tuple[str, dict[str, str], float]]:
    parse = open_metrics if "openmetrics" in content_type else plain_text
    try:
        for family in parse(page):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value
    except (ValueError, KeyError, IndexError) as error:
        raise PageFault(str(error)) from error
