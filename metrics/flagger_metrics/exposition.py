"""What an exporter's page says: the samples of the Prometheus and OpenMetrics text formats.

Sources: Prometheus' documentation "Exposition formats" (version 0.0.4), and the OpenMetrics
specification 1.0.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as open_metrics
from prometheus_client.parser import text_string_to_metric_families as plain_text

from .samples import NAME, Labels, known

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"

Line = tuple[str, dict[str, str], float]
"""A sample: the metric's name, its labels without the name, its value."""


class PageFault(Exception):
    """The page is in neither format."""


@dataclass(frozen=True, slots=True)
class Row:
    """One sample of a page, its labels with the metric's name among them."""

    labels: Mapping[str, str]
    value: float


@dataclass(frozen=True, slots=True)
class Page:
    """What one exporter's page says: its samples by metric, then by series."""

    metrics: Mapping[str, Mapping[Labels, Row]]
    _groups: dict[tuple[str | None, str], Mapping[str, Sequence[Row]]] = field(
        default_factory=dict, repr=False, compare=False
    )

    def rows(self, name: str | None) -> Iterator[Row]:
        """Go over the samples of metric *name*, over all where it is None."""
        found = self.metrics.values() if name is None else (self.metrics.get(name, {}),)
        for series in found:
            yield from series.values()

    def by(self, name: str | None, label: str) -> Mapping[str, Sequence[Row]]:
        """Return the samples of metric *name* by what they have as *label*, empty where nothing.

        So a query about one of many services does not look at the series of each other one; the
        groups are made once for all who ask.
        """
        found = self._groups.get((name, label))
        if found is None:
            groups: dict[str, list[Row]] = {}
            for row in self.rows(name):
                groups.setdefault(row.labels.get(label, ""), []).append(row)
            found = self._groups[name, label] = groups
        return found

    def __contains__(self, labels: Labels) -> bool:
        return any(labels in self.metrics.get(v, ()) for k, v in labels if k == NAME)


def read(text: str, content_type: str) -> Page:
    """Return what a page says, of equal series the first. Raises `PageFault`."""
    metrics: dict[str, dict[Labels, Row]] = {}
    for name, labels, value in lines_of(text, content_type):
        labels[NAME] = name
        metrics.setdefault(name, {}).setdefault(known(labels), Row(labels, value))
    return Page(metrics)


def lines_of(text: str, content_type: str) -> Iterator[Line]:
    """Go over the samples of a page under the names that it gives them. Raises `PageFault`."""
    parse: Callable[[str], Iterable[Metric]] = open_metrics
    if "openmetrics" not in content_type:
        parse, text = plain_text, _without_types(text)
    try:
        for family in parse(text):
            for sample in family.samples:
                yield sample.name, dict(sample.labels), float(sample.value)
    except (ValueError, KeyError, IndexError, OverflowError) as error:
        raise PageFault(f"it is no page of metrics: {error}") from error


def _without_types(text: str) -> str:
    """Leave the comments of a plain page out, which mean nothing to a query.

    By its type the library would give a counter without `_total` that name.
    """
    return "\n".join(line for line in text.split("\n") if not line.lstrip().startswith("#"))
