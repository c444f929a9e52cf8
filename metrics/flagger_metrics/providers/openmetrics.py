"""How exporters are scraped without a Prometheus in between, and queries answered from that.

Every address is scraped once per scrape interval into the samples of the asking object; the query
is the same PromQL text, of the subset that `promql` evaluates.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from http import HTTPStatus

from flagger_py.egress import Request, Response, Unreachable, sendable
from flagger_py.errors import SpecError

from ..exposition import ACCEPT, Page, PageFault, read
from ..promql import PromqlFault, evaluate
from ..promql_queries import reach_s, selectors
from ..samples import Samples
from ..scraping import collect, lose
from ..window import SCRAPES_MIN
from .addresses import shown, told_apart
from .provider import Access, Answer, Exchange, Query

TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Scraped(Response):
    """A response whose body was read: the *page*, or why it is none."""

    page: Page | str = ""


class OpenMetrics:
    """The provider `openmetrics`; its address is one URL of an exporter, or several with commas."""

    sampled = True

    def admit(self, access: Access) -> None:
        for address in addresses(access) or ("",):
            if not sendable(address):
                raise SpecError(
                    f"{access.type} address {shown(address)!r} is not a valid URL; "
                    f"give the exporters' URLs, separated by commas"
                )

    def requests(self, access: Access, query: str) -> tuple[Request, ...]:  # noqa: ARG002 - a scrape
        headers = {**access.headers, "Accept": ACCEPT}
        if access.credentials and "token" in access.credentials:
            headers["Authorization"] = f"Bearer {access.credentials['token']}"
        return tuple(
            Request("GET", url, headers, timeout_s=TIMEOUT_S, verify_tls=access.verify_tls)
            for url in addresses(access)
        )

    def digest(self, response: Response) -> Response:
        """Read the page, and let go of its text."""
        return Scraped(response.status, b"", response.headers, response.attempts, _page(response))

    def answer(
        self, query: Query, access: Access, exchanges: Sequence[Exchange], samples: Samples
    ) -> Answer:
        """Add what was scraped and evaluate; exporters that fail are warnings unless all do."""
        try:
            wanted = selectors(query.text)
            samples.keep_s = max(samples.keep_s, reach_s(query.text))
        except PromqlFault as fault:
            return Answer(error=str(fault))
        samples.begin(query.at)
        urls = addresses(access)
        faults = []
        for url, source, exchange in zip(urls, told_apart(urls), exchanges, strict=True):
            page = _page(exchange)
            if isinstance(page, str):
                lose(source, samples, query.at)
                faults.append(f"scraping {shown(url)} failed: {page}")
            else:
                collect(page, source, samples, query.at, wanted)
        if len(faults) == len(exchanges):
            return Answer(error="; ".join(faults))
        if samples.refused:
            return Answer(error=f"more than {samples.series_max} series were scraped")
        try:
            values = tuple(series.value for series in evaluate(query.text, samples, query.at))
        except PromqlFault as fault:
            return Answer(error=str(fault), warnings=tuple(faults))
        early = samples.scrapes_after(query.since) < SCRAPES_MIN
        return Answer(values, warnings=tuple(faults), early=early)

    def probe(self, access: Access) -> tuple[Request, ...]:
        return self.requests(access, "")

    def offline(self, access: Access, exchanges: Sequence[Exchange]) -> str | None:
        pairs = zip(addresses(access), exchanges, strict=True)
        faults = [
            (url, fault) for url, exchange in pairs if (fault := _fault(exchange)) is not None
        ]
        if len(faults) < len(exchanges):
            return None
        return "; ".join(f"scraping {shown(url)} failed: {fault}" for url, fault in faults)


def addresses(access: Access) -> tuple[str, ...]:
    """Return the exporters' URLs, in the order in which they are scraped."""
    return tuple(part.strip() for part in access.address.split(",") if part.strip())


def _page(exchange: Exchange) -> Page | str:
    """Return the page that came, or why there is none."""
    fault = _fault(exchange)
    if fault is not None or isinstance(exchange, Unreachable):
        return fault or "no answer"
    if isinstance(exchange, Scraped):
        return exchange.page
    kind = next((v for k, v in exchange.headers.items() if k.lower() == "content-type"), "")
    try:
        return read(exchange.text, kind)
    except PageFault as error:
        return str(error)


def _fault(exchange: Exchange) -> str | None:
    if isinstance(exchange, Unreachable):
        return exchange.message
    if exchange.status >= HTTPStatus.BAD_REQUEST:
        return f"HTTP status {exchange.status}"
    return None
