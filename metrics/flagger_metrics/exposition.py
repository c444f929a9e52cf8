"""What an exporter's page says: the samples of the Prometheus and OpenMetrics text formats."""

from collections.abc import Iterator
from datetime import datetime

from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from .samples import NAME, Samples

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"


class PageFault(Exception):
    """The page is in neither format."""


def collect(page: str, content_type: str, source: str, samples: Samples, at: datetime) -> None:
    """Add every sample of *page* to *samples*, as scraped from *source* at *at*.

    Timestamps on the page are ignored: a window counts from when we saw a value. Each series
    gets a label `instance`, *source*, unless it has one.
    """
    for name, labels, value in _parsed(page, content_type):
        samples.append({"instance": source, **labels, NAME: name}, value, at)
    samples.scraped(at)


def _parsed(page: str, content_type: str) -> Iterator[tuple[str, dict[str, str], float]]:
    parse = open_metrics if "openmetrics" in content_type else plain_text
    try:
        for family in parse(page):
            for sample in family.samples:
                yield sample.name, sample.labels, sample.value
    except (ValueError, KeyError, IndexError) as error:
        raise PageFault(str(error)) from error
