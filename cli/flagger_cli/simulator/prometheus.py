"""A Prometheus server without the server: samples taken directly, queries answered over egress.

It speaks `/api/v1/query` as Prometheus' HTTP API documents it, by GET and by POST, for instant
queries within the subset of PromQL that the metrics part evaluates itself.
"""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flagger_metrics.promql import PromqlFault, Series, evaluate
from flagger_metrics.samples import NAME, Samples
from flagger_py.egress import Request, Response

BAD_REQUEST, NOT_FOUND = 400, 404


def everything(_name: str) -> bool:
    """Keep every metric."""
    return True


@dataclass(slots=True)
class Prometheus:
    """The samples of a simulation; an `Egress` for those who query, a `Sink` for what exports.

    *keep* narrows down which metrics are kept, by name, so that a large simulation stays small.
    """

    clock: Callable[[], datetime]
    samples: Samples = field(default_factory=Samples)
    keep: Callable[[str], bool] = everything

    def take(self, name: str, labels: Mapping[str, str], value: float, at: datetime) -> None:
        """Take one scraped sample."""
        if self.keep(name):
            self.samples.append({**labels, NAME: name}, value, at)

    async def __call__(self, request: Request) -> Response:
        url = urlsplit(request.url)
        if not url.path.endswith("/api/v1/query"):
            return Response(NOT_FOUND, b"404 page not found")
        asked = parse_qs(url.query) | parse_qs((request.body or b"").decode())
        at = _moment(asked["time"][0]) if "time" in asked else self.clock()
        try:
            found = evaluate(asked.get("query", [""])[0], self.samples, at)
        except PromqlFault as error:
            said = {"status": "error", "errorType": "bad_data", "error": str(error)}
            return _answer(BAD_REQUEST, said)
        data = {"resultType": "vector", "result": [_element(series, at) for series in found]}
        return _answer(200, {"status": "success", "data": data})


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
    return Response(
        status,
        json.dumps(body, separators=(",", ":")).encode(),
        {"Content-Type": "application/json"},
    )
