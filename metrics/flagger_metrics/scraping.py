"""What a scrape of an exporter adds to the samples, and which series it ends."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from .exposition import Page, Row
from .promql_queries import Selector
from .samples import Labels, Samples

INSTANCE = "instance"


def collect(
    page: Page, source: str, samples: Samples, at: datetime, wanted: Sequence[Selector]
) -> None:
    """Add the samples of the *page* of *source* that any of the selectors *wanted* matches.

    Timestamps on the page are ignored: a window counts from when we saw a value. Each series
    gets a label `instance`, the source, unless it has one. Series of this source that are no
    longer on its page end, whoever wanted them.
    """
    place = {INSTANCE: source}
    for selector in wanted:
        for row in _candidates(page, selector, place):
            if selector.matches(row.labels, place):
                samples.append({**place, **row.labels}, row.value, at, source)
    samples.missing(source, at, lambda labels: _told(labels, page, source))
    samples.scraped(at)


def lose(source: str, samples: Samples, at: datetime) -> None:
    """End every series of *source*, which did not answer at the moment *at*."""
    samples.missing(source, at, lambda _: False)


def _candidates(page: Page, selector: Selector, otherwise: Mapping[str, str]) -> Iterator[Row]:
    """Go over the samples that may match: those that do by the label that tells most apart."""
    if not selector.matchers:
        yield from page.rows(selector.name)
        return
    name = selector.name
    label, accepts = max(selector.matchers, key=lambda matcher: len(page.by(name, matcher[0])))
    for value, rows in page.by(name, label).items():
        if accepts(value or otherwise.get(label, "")):
            yield from rows


def _told(labels: Labels, page: Page, source: str) -> bool:
    """Tell whether the page has a series that is kept under *labels*."""
    return labels in page or tuple(kv for kv in labels if kv != (INSTANCE, source)) in page
