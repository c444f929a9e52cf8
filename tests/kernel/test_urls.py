"""A URL that a tenant wrote is a fault of the spec where it is none, whatever is wrong with it."""

import asyncio

import pytest

from flagger_py.egress import Request
from flagger_py.errors import FlaggerError, SpecError, Unavailable
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.egress import HttpEgress
from flagger_py.runtime.guard import Guard
from flagger_py.runtime.proxies import from_environment, proxy_for
from flagger_py.runtime.urls import redacted


def fault_of(request: Request) -> FlaggerError:
    async def scene() -> None:
        egress = HttpEgress(Guard())
        try:
            await egress(request)
        finally:
            await egress.close()

    with pytest.raises(FlaggerError) as caught:
        asyncio.run(scene())
    return caught.value


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("http://[bad/", "http://[bad"),
        ("http://host:99999/", "http://host:99999"),
        ("http://host:abc/", "http://host"),
        ("https://user:pass@[bad/?token=t", "https://[bad"),
        ("http://a b/", "http://a b"),
        ("http://\u2100.example/", "http://\u2100.example"),
    ],
    ids=["bracket", "port-too-great", "port-no-number", "with-secrets", "space", "not-normal"],
)
def test_a_url_that_is_none_is_a_fault_of_the_spec_that_names_it(url: str, named: str) -> None:
    error = fault_of(Request("GET", url))

    assert isinstance(error, SpecError)
    assert named in error.message
    for secret in ("pass", "token"):
        assert secret not in error.message


@pytest.mark.parametrize("url", ["http://[bad/", "http://host:99999/"], ids=["bracket", "port"])
def test_what_is_no_url_says_what_to_write(url: str) -> None:
    assert "write for example https://" in fault_of(Request("GET", url)).message


@pytest.mark.parametrize(
    "proxy",
    ["http://[bad", "http://proxy:99999", "ftp://proxy:3128", "proxy:3128", "http://a b:1"],
    ids=["bracket", "port", "scheme", "no-scheme", "space"],
)
def test_a_proxy_that_is_none_is_a_fault_of_the_spec(proxy: str) -> None:
    error = fault_of(Request("GET", "http://127.0.0.1:1/", proxy=proxy))

    assert isinstance(error, SpecError)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p@Host.example:8443/path?token=t#f", "https://host.example:8443"),
        ("http://[::1]:80/x", "http://[::1]:80"),
        ("http://user:pa/ss@host/", "http://user"),
        ("http://host", "http://host"),
        ("file:///etc/passwd", "file://"),
        ("example.com", "(no scheme)"),
        ("ht\ntp://host/", "(no scheme)"),
    ],
    ids=["all", "v6", "password-with-slash", "bare", "file", "no-scheme", "broken-scheme"],
)
def test_what_is_said_of_a_url_has_no_secret(url: str, shown: str) -> None:
    assert redacted(url) == shown


def test_an_address_of_the_api_server_that_is_none_is_named_at_the_start() -> None:
    with pytest.raises(Unavailable, match=r"http://\[bad"):
        asyncio.run(Credentials(Source(master="http://[bad")).load())


def test_a_proxy_of_the_environment_needs_no_scheme(monkeypatch: pytest.MonkeyPatch) -> None:
    """As for Go's and curl's readers of the same variables."""
    monkeypatch.setenv("https_proxy", "proxy:3128")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)

    assert proxy_for("https://example.com/", from_environment()) == "http://proxy:3128"
