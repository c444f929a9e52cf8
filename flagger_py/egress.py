"""Requests that leave the cluster's API: built and read as values, sent by the runtime.

Parts build a `Request` and interpret a `Response`; nobody but `flagger_py.runtime` opens a
connection. A test's double is a function.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flagger_py.errors import Unavailable

BODY_BYTES_MAX = 4 * 1024 * 1024


class Unreachable(Unavailable):
    """No answer came: refused, timed out, no such host, a broken TLS handshake, or forbidden."""

    reason = "Unreachable"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. *timeout_s* bounds each attempt; *retries* counts further attempts.

    A retry follows a connection error, 429 or 5xx, after 1 s, doubling up to 30 s.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Left out of the repr: credentials are among them."""
    body: bytes | None = None
    timeout_s: float = 10.0
    retries: int = 0
    verify_tls: bool = True
    ca_pem: bytes | None = None
    proxy: str | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """What came back, whatever its status; *attempts* counts the requests that were sent."""

    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    attempts: int = 1

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")


Egress = Callable[[Request], Awaitable[Response]]
"""Sends a request; raises `Unreachable` when no response came."""


def sendable(url: str) -> bool:
    """Tell whether *url* is an http or https URL that a request can be sent to."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # Raised for a port that is no number, and for half a bracket.
        return False
