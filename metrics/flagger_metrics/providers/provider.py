"""What a metric provider is: it builds requests and reads responses, and opens no connection."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Protocol, TypeGuard, runtime_checkable

from flagger_py.egress import Request, Response, Unreachable

from ..samples import Samples

Exchange = Response | Unreachable
"""What came of a request: an answer whatever its status, or why there was none."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where a provider is and how to get in; *credentials* is None where no Secret is named."""

    type: str
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    credentials: Mapping[str, str] | None = field(default=None, repr=False)
    region: str | None = None
    verify_tls: bool = True


@dataclass(frozen=True, slots=True)
class Query:
    """A rendered query, asked at the moment *at* about what happened *since*."""

    text: str
    at: datetime
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider said: one value per series in its order, or an *error* in its words.

    *early* says that more must be scraped before the values mean anything.
    """

    values: tuple[float, ...] = ()
    error: str | None = None
    warnings: tuple[str, ...] = ()
    early: bool = False


@runtime_checkable
class Digesting(Protocol):
    """A provider that has each response read once, for all objects that ask the same."""

    def digest(self, response: Response) -> Response:
        """Return what `answer` and `offline` are given in the place of *response*.

        Runs in a thread of its own where the body is large.
        """


class Provider(Protocol):
    """One type of metric provider; built in, or an entry point `flagger_py.metric_providers`."""

    @property
    def sampled(self) -> bool:
        """Whether we scrape for it ourselves, at every scrape interval, into the samples."""

    def admit(self, access: Access) -> None:
        """Raise `SpecError` where the address or the credentials cannot work."""

    def requests(self, access: Access, query: str) -> tuple[Request, ...]:
        """Return what to send for one reading of *query*."""

    def answer(
        self, query: Query, access: Access, exchanges: Sequence[Exchange], samples: Samples
    ) -> Answer:
        """Read what came back for `requests`; a sampled provider adds it to *samples* first."""

    def probe(self, access: Access) -> tuple[Request, ...]:
        """Return what to send to learn whether the provider answers at all."""

    def offline(self, access: Access, exchanges: Sequence[Exchange]) -> str | None:
        """Say why the provider does not answer, None when it does."""


def digests(provider: Provider) -> TypeGuard[Digesting]:
    """Tell whether *provider* has each response read once.

    Remembered by type: to hold an object against a protocol takes as long as to read an answer.
    """
    return _digesting(type(provider))


@cache
def _digesting(kind: type) -> bool:
    return issubclass(kind, Digesting)
