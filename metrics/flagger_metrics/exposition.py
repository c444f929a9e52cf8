"""What an exporter's page says: the samples of the Prometheus and OpenMetrics text formats.

Source: Prometheus' documentation "Exposition formats" (version 0.0.4), with names in quotes as
in 1.0.0, and the OpenMetrics specification 1.0. Types and help texts mean nothing to a query.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from .samples import NAME, Labels, known

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.9,text/plain;version=0.0.4;q=0.5"
END = "# EOF"

_SHOWN_CHARS_MAX = 80
_STRING = r'"(?:[^"\\]|\\.)*+"'
_SAMPLE = re.compile(
    rf"""[ \t]*+ (?P<name>[a-zA-Z_:][a-zA-Z0-9_:]*+)? [ \t]*+
    (?: \{{ (?P<labels> [^"{{}}]*+ (?: {_STRING} [^"{{}}]*+ )*+ ) \}} [ \t]*+ | (?<=[ \t]) )
    (?P<value>[-+.0-9a-zA-Z]++) (?: [ \t]++ [-+.0-9eE]++ )?+ [ \t\r]*+ (?: \#[ ]\{{ .* )?+ $""",
    re.VERBOSE,
)
_LABEL = re.compile(
    rf"""[ \t]*+ (?: (?P<word>[a-zA-Z_][a-zA-Z0-9_]*+) | (?P<quoted>{_STRING}) )
    [ \t]*+ (?: = [ \t]*+ (?P<value>{_STRING}) [ \t]*+ )?+ (?: , [ \t]*+ | $ )""",
    re.VERBOSE,
)
_PLAIN = re.compile(r'(?:[a-zA-Z_][a-zA-Z0-9_]*+="[^"\\]*+"(?:,|$))*+')
_PAIR = re.compile(r'([a-zA-Z_][a-zA-Z0-9_]*+)="([^"\\]*+)"')
"""Labels as nearly everybody writes them, which are read twice as fast."""
_ESCAPE = re.compile(r'\\([\\"n])')

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
    """Go over the samples of a page under the names that it gives them.

    Raises `PageFault` at the first line that is neither a sample nor a comment, and for an
    OpenMetrics page that does not end as one.
    """
    lines = text.split("\n")
    if "openmetrics" in content_type:
        _check_end(lines)
    for number, line in enumerate(lines, 1):
        bare = line.strip(" \t\r")
        if not bare or bare[0] == "#":
            continue
        found = _SAMPLE.match(line)
        if found is None:
            raise _fault(number, line)
        try:
            name, labels = _named(found["name"], found["labels"])
            value = float(found["value"])
        except ValueError as error:
            raise _fault(number, line) from error
        yield name, labels, value


def _named(name: str | None, text: str | None) -> tuple[str, dict[str, str]]:
    """Return the name, which may stand in quotes among the labels, and the labels."""
    if name and (not text or _PLAIN.fullmatch(text)):
        pairs = _PAIR.findall(text or "")
        labels = dict(pairs)
        if len(labels) < len(pairs) or NAME in labels:
            raise ValueError(text)
        return name, labels
    return _spelled_out(name, text or "")


def _spelled_out(name: str | None, text: str) -> tuple[str, dict[str, str]]:
    """Read labels one by one, with spaces, escapes and quoted names."""
    labels: dict[str, str] = {}
    position = 0
    while position < len(text):
        found = _LABEL.match(text, position)
        if found is None:
            raise ValueError(text)
        position = found.end()
        word, quoted, value = found.groups()
        if value is None:
            if name is not None or quoted is None:
                raise ValueError(text)
            name = _unquoted(quoted)
            continue
        label = word if quoted is None else _unquoted(quoted)
        if label in labels:
            raise ValueError(text)
        labels[label] = _unquoted(value)
    if not name or NAME in labels:
        raise ValueError(text)
    return name, labels


def _unquoted(text: str) -> str:
    inside = text[1:-1]
    if "\\" not in inside:
        return inside
    return _ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], inside)


def _check_end(lines: list[str]) -> None:
    """Raise `PageFault` where the page was cut off, or goes on after its end."""
    said = [line for line in lines if line.strip(" \t\r")]
    if not said or said[-1].rstrip(" \t\r") != END or END in said[:-1]:
        raise PageFault(f"the page does not end with {END!r}: it was cut off, or it is none")


def _fault(number: int, line: str) -> PageFault:
    return PageFault(f"line {number} is no sample: {line[:_SHOWN_CHARS_MAX]!r}")
