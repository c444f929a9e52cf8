"""How a Prometheus server is asked and what its answers mean (HTTP API v1, instant queries)."""

import base64
import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flagger_py.egress import Request, Response, Unreachable, sendable
from flagger_py.errors import SpecError

from ..samples import Samples
from .addresses import extended, shown
from .provider import Access, Answer, Exchange, Query

TIMEOUT_S = 5.0
PROBE = "vector(1)"
QUERY_PATH = "/api/v1/query"
_ERROR_CHARS_MAX = 1024
_SPACES = re.compile(r"\s+")


class Prometheus:
    """The provider `prometheus`: any server with Prometheus' query API."""

    sampled = False

    def admit(self, access: Access) -> None:
        if not sendable(access.address):
            raise SpecError(f"{access.type} address {shown(access.address)} is not a valid URL")
        known = access.credentials
        if known is None or "token" in known:
            return
        for key in ("username", "password"):
            if key not in known:
                raise SpecError(f"{access.type} credentials does not contain a {key}")

    def requests(self, access: Access, query: str) -> tuple[Request, ...]:
        """Ask in the body of a POST, so that a long query fits; runs of space become one."""
        headers = {
            **access.headers,
            **_authorization(access.credentials),
            "Content-Type": "application/x-www-form-urlencoded",
        }
        return (
            Request(
                method="POST",
                url=extended(access.address, QUERY_PATH),
                headers=headers,
                body=urlencode({"query": collapsed(query)}).encode(),
                timeout_s=TIMEOUT_S,
                verify_tls=access.verify_tls,
            ),
        )

    def answer(
        self,
        query: Query,  # noqa: ARG002 - the server has evaluated it
        access: Access,
        exchanges: Sequence[Exchange],
        samples: Samples,  # noqa: ARG002 - nothing is scraped here
    ) -> Answer:
        return _read(exchanges[0], access.address)

    def probe(self, access: Access) -> tuple[Request, ...]:
        return self.requests(access, PROBE)

    def offline(self, access: Access, exchanges: Sequence[Exchange]) -> str | None:
        answer = _read(exchanges[0], access.address)
        if answer.error is not None:
            return f"running query failed: {answer.error}"
        if answer.values != (1.0,):
            return f"running query failed: {PROBE} gave {answer.values}, not 1"
        return None


def collapsed(query: str) -> str:
    """Make every run of white space one space, as Flagger sends its queries."""
    return _SPACES.sub(" ", query)


def _authorization(credentials: Mapping[str, str] | None) -> dict[str, str]:
    if credentials is None:
        return {}
    if "token" in credentials:
        return {"Authorization": f"Bearer {credentials['token']}"}
    pair = f"{credentials['username']}:{credentials['password']}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}


def _read(exchange: Exchange, address: str) -> Answer:
    if isinstance(exchange, Unreachable):
        url = shown(extended(address, QUERY_PATH))
        return Answer(error=f'request failed: Post "{url}": {exchange.message}')
    if exchange.status >= HTTPStatus.BAD_REQUEST:
        return Answer(error=f"error response: Status {_status_text(exchange)}: {_shown(exchange)}")
    try:
        return _values(json.loads(exchange.body))
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        return Answer(error=f"error unmarshaling result: {error!r}, {_shown(exchange)!r}")


def _values(page: Mapping[str, Any]) -> Answer:
    """Read the JSON of an instant query; NaN and infinite values are told as they are."""
    warnings = tuple(str(warning) for warning in page.get("warnings") or ())
    if page["status"] != "success":
        return Answer(error=f"{page.get('errorType')}: {page.get('error')}", warnings=warnings)
    data = page["data"]
    match data["resultType"]:
        case "vector":
            values = tuple(float(series["value"][1]) for series in data["result"])
        case "scalar":
            values = (float(data["result"][1]),)
        case "matrix":
            return Answer(error="query returned multiple values", warnings=warnings)
        case other:
            return Answer(error=f"query returned a {other}, not a vector", warnings=warnings)
    return Answer(values, warnings=warnings)


def _status_text(response: Response) -> str:
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def _shown(response: Response) -> str:
    return response.text.strip()[:_ERROR_CHARS_MAX]
