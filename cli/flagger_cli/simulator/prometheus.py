"""A Prometheus server without the server: queries over egress, answered from what is exported.

It speaks `/api/v1/query` as Prometheus' HTTP API documents it, by GET and by POST, for instant
queries within the subset of PromQL that the metrics part evaluates itself. Scrapes are not
stored: those that a query looks at are taken when it is asked.
"""

import json
import math
import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flagger_metrics.promql import LOOKBACK_S, PromqlFault, Series, evaluate
from flagger_metrics.samples import NAME, Labels, Sample, Samples
from flagger_py.egress import Request, Response
from flagger_py.quantities import duration_s
from flagger_py.testing.exporters import Exported, Read
from flagger_py.testing.traffic import Users

BAD_REQUEST, NOT_FOUND = 400, 404
_RANGES = re.compile(r"\[([0-9a-z]+)\]")


@dataclass(slots=True)
class Prometheus:
    """An `Egress` that scrapes what *users* make the edge and the pods export, every *scrape_s*."""

    clock: Callable[[], datetime]
    users: Users
    scrape_s: float = 1.0

    async def __call__(self, request: Request) -> Response:
        url = urlsplit(request.url)
        if not url.path.endswith("/api/v1/query"):
            return Response(NOT_FOUND, b"404 page not found")
        asked = parse_qs(url.query) | parse_qs((request.body or b"").decode())
        at = _moment(asked["time"][0]) if "time" in asked else self.clock()
        query = asked.get("query", [""])[0]
        self.users.settle(self.clock())
        scrapes = Scrapes(source=self.users.exporters.named, times=self._times(query, at))
        try:
            found = evaluate(query, scrapes, at)
        except PromqlFault as error:
            said = {"status": "error", "errorType": "bad_data", "error": str(error)}
            return _answer(BAD_REQUEST, said)
        data = {"resultType": "vector", "result": [_element(series, at) for series in found]}
        return _answer(200, {"status": "success", "data": data})

    def _times(self, query: str, at: datetime) -> tuple[float, ...]:
        """Return when the scrapes were that *query* can look at, in seconds since the epoch."""
        ranges = [duration_s(text) for text in _RANGES.findall(query)]
        reach_s = max(ranges, default=min(LOOKBACK_S, 2 * self.scrape_s))
        last = math.floor(at.timestamp() / self.scrape_s)
        count = math.ceil(reach_s / self.scrape_s)
        return tuple((last - back) * self.scrape_s for back in range(count, -1, -1))


def _nothing(_name: str) -> Iterator[Exported]:
    return iter(())


@dataclass(slots=True)
class Scrapes(Samples):
    """Samples that are taken from *source* at *times* when an evaluation first looks at them."""

    source: Callable[[str], Iterator[Exported]] = _nothing
    times: tuple[float, ...] = ()

    def named(self, name: str | None) -> Iterator[tuple[Labels, deque[Sample]]]:
        for labels, read in self.source(name or ""):
            known = tuple(sorted({**labels, NAME: name or ""}.items()))
            yield known, _Taken(read, self.times)


class _Taken(deque[Sample]):
    """The scrapes of one series; nothing is read before somebody goes over them."""

    def __init__(self, read: Read, times: tuple[float, ...]) -> None:
        super().__init__()
        self._read, self._times = read, times

    def __iter__(self) -> Iterator[Sample]:
        return self._over(self._times)

    def __reversed__(self) -> Iterator[Sample]:
        return self._over(self._times[::-1])

    def _over(self, times: tuple[float, ...]) -> Iterator[Sample]:
        for at_s in times:
            value = self._read(at_s)
            if value is not None:
                yield Sample(at_s, value)


def _element(series: Series, at: datetime) -> dict[str, Any]:
    return {"metric": dict(series.labels), "value": [at.timestamp(), _text(series.value)]}


def _text(value: float) -> str:
    """Write a value as Prometheus does: shortest form, `NaN`, `+Inf`, `-Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return repr(value).removesuffix(".0")


def _moment(text: str) -> datetime:
    """Read a moment as the API takes it: seconds since the epoch, or RFC 3339."""
    try:
        return datetime.fromtimestamp(float(text), UTC)
    except ValueError:
        return datetime.fromisoformat(text)


def _answer(status: int, body: Mapping[str, Any]) -> Response:
    text = json.dumps(body, separators=(",", ":"))
    return Response(status, text.encode(), {"Content-Type": "application/json"})
