"""Requests to foreign servers: repeated as asked, bounded, guarded, without a memory of others."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

import pytest
from aiohttp import web

from flagger_py.egress import BODY_BYTES_MAX, Request, Response, Unreachable
from flagger_py.errors import SpecError
from flagger_py.runtime.egress import HttpEgress
from flagger_py.runtime.guard import Guard, GuardedResolver, forbidden
from flagger_py.runtime.proxies import from_environment, proxy_for
from tests.kernel.loopback import Handler, Loopback, answer, hang_up, loopback, text

T = TypeVar("T")


class Pauses:
    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await asyncio.sleep(0)


def send(
    act: Callable[[HttpEgress, str], Awaitable[T]], *replies: Handler, guard: Guard | None = None
) -> tuple[T, Loopback, list[float]]:
    """Do *act* with an egress and the address of a server that answers with *replies*."""
    pauses = Pauses()

    async def scene() -> tuple[T, Loopback]:
        async with loopback(*replies) as server:
            egress = HttpEgress(guard or Guard(), pauses)
            try:
                return await act(egress, server.url), server
            finally:
                await egress.close()

    found, server = asyncio.run(scene())
    return found, server, pauses.seconds


def test_a_request_arrives_as_it_was_built() -> None:
    async def act(egress: HttpEgress, url: str) -> Response:
        request = Request("POST", f"{url}/gate?x=1", {"X-Token": "t"}, b'{"name":"podinfo"}')
        return await egress(request)

    response, server, _ = send(act, answer({"ok": True}, 203))

    assert (response.status, response.text, response.attempts) == (203, '{"ok": true}', 1)
    seen = server.seen[0]
    assert (seen.method, seen.path, seen.query) == ("POST", "/gate", {"x": "1"})
    assert seen.body == {"name": "podinfo"}
    assert seen.headers["X-Token"] == "t"


def test_failures_are_repeated_after_pauses_that_double() -> None:
    response, _, pauses = send(
        lambda egress, url: egress(Request("POST", url, retries=7)),
        answer({}, 503),
        hang_up(),
        answer({}, 429),
        answer({}, 500),
        answer({}, 502),
        answer({}, 500),
        answer({}, 500),
        answer({"up": 1}),
    )

    assert (response.status, response.attempts) == (200, 8)
    assert pauses == [1, 2, 4, 8, 16, 30, 30]


@pytest.mark.parametrize("status", [400, 403, 404, 501])
def test_an_answer_that_would_not_change_is_not_asked_for_again(status: int) -> None:
    response, server, _ = send(
        lambda egress, url: egress(Request("GET", url, retries=3)), answer({}, status)
    )

    assert (response.status, len(server.seen)) == (status, 1)


def test_the_last_answer_counts_whatever_its_status() -> None:
    response, _, _ = send(
        lambda egress, url: egress(Request("GET", url, retries=1)), answer({}, 503)
    )

    assert (response.status, response.attempts) == (503, 2)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:1"):
        send(lambda egress, _: egress(Request("GET", "http://127.0.0.1:1/?token=secret")), text(""))


def test_the_query_of_a_url_is_no_part_of_an_error() -> None:
    with pytest.raises(Unreachable) as caught:
        send(lambda egress, _: egress(Request("GET", "http://u:p@127.0.0.1:1/?t=secret")), text(""))

    assert "secret" not in caught.value.message
    assert "u:p" not in caught.value.message


def test_a_slow_answer_is_given_up_after_its_time() -> None:
    async def slow(_request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        return web.Response()

    with pytest.raises(Unreachable, match="no answer within"):
        send(lambda egress, url: egress(Request("GET", url, timeout_s=0.05)), slow)


def test_a_redirect_is_an_answer_and_not_followed() -> None:
    response, server, _ = send(
        lambda egress, url: egress(Request("GET", url)),
        answer({}, 302, Location="http://example.com/"),
    )

    assert (response.status, len(server.seen)) == (302, 1)


def test_an_endless_body_is_cut_off() -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(2 * BODY_BYTES_MAX // 2**16):
            await response.write(b"x" * 2**16)
        return response

    with pytest.raises(Unreachable, match="larger than"):
        send(lambda egress, url: egress(Request("GET", url, retries=3)), endless)


def test_a_cookie_of_one_answer_is_not_sent_with_the_next_request() -> None:
    async def act(egress: HttpEgress, url: str) -> Response:
        await egress(Request("GET", url))
        return await egress(Request("GET", url))

    _, server, _ = send(act, answer({}, 200, Set_Cookie="session=1"))

    assert "Cookie" not in server.seen[1].headers


def test_a_compressed_answer_is_read() -> None:
    async def compressed(request: web.Request) -> web.StreamResponse:
        response = web.Response(text="hello " * 1000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    response, _, _ = send(lambda egress, url: egress(Request("GET", url)), compressed)

    assert response.text == "hello " * 1000


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "[fd20:ce::254]",
        "[64:ff9b::a9fe:a9fe]",
        "[64:ff9b::100.100.100.200]",
        "[2002:a9fe:a9fe::1]",
        "168.63.129.16",
        "2852039166",  # The same address as one number.
    ],
)
def test_metadata_addresses_are_not_called(host: str) -> None:
    with pytest.raises(Unreachable, match=r"metadata|canonical"):
        send(lambda egress, _: egress(Request("GET", f"http://{host}/latest")), text(""))


def test_a_name_that_leads_to_a_metadata_address_is_not_called() -> None:
    class Names:
        async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[dict[str, str]]:
            return [{"hostname": host, "host": "169.254.169.254"}]

    with pytest.raises(Unreachable, match="innocent"):
        asyncio.run(GuardedResolver(Guard(), Names()).resolve("innocent"))  # type: ignore[arg-type]  # a double


def test_metadata_addresses_may_be_allowed() -> None:
    Guard(allow_link_local=True).check("http://169.254.169.254/")


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "::1", "example.com", "8.8.8.8"),
        *("64:ff9b::808:808", "fd20:ce::1", "168.63.129.17"),
    ],
)
def test_other_addresses_are_not_forbidden(address: str) -> None:
    assert not forbidden(address)


def test_only_allowed_hosts_are_called_when_there_is_a_list() -> None:
    guard = Guard(hosts=("*.example.com", "hooks.test"))

    guard.check("https://a.example.com/x")
    guard.check("https://hooks.test/x")
    with pytest.raises(Unreachable, match=r"evil\.test"):
        guard.check("https://evil.test/x")


@pytest.mark.parametrize(
    ("url", "proxy"),
    [("http://example.com/", None), ("https://example.com/", "http://proxy:3128")],
    ids=["url", "proxy"],
)
def test_insecure_http_may_be_forbidden(url: str, proxy: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        Guard(allow_http=False).check(url, proxy)

    assert caught.value.reason == "InsecureConnectionsDisallowed"


@pytest.mark.parametrize("url", ["ftp://example.com/", "file:///etc/passwd", "example.com", ""])
def test_other_schemes_are_a_fault_of_the_spec(url: str) -> None:
    with pytest.raises(SpecError) as caught:
        send(lambda egress, _: egress(Request("GET", url)), text(""))

    assert caught.value.reason == "UnsupportedConnectionType"


def test_a_ca_that_is_none_is_a_fault_of_the_spec() -> None:
    with pytest.raises(SpecError, match="CA"):
        send(
            lambda egress, _: egress(Request("GET", "https://127.0.0.1:1/", ca_pem=b"no")),
            text(""),
        )


def test_a_proxy_is_asked_instead_of_the_server() -> None:
    async def act(egress: HttpEgress, url: str) -> Response:
        return await egress(Request("GET", "http://example.invalid/x", proxy=url))

    response, server, _ = send(act, answer({"through": "proxy"}))

    assert response.status == 200
    assert server.seen[0].headers["Host"] == "example.invalid"


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://example.com/", "http://proxy:3128"),
        ("http://example.com/", None),
        ("https://hooks.internal/", None),
        ("https://127.0.0.1:8443/", None),
        ("https://localhost/", None),
    ],
    ids=["https", "no-http-proxy", "no-proxy", "loopback", "localhost"],
)
def test_a_proxy_of_the_environment_is_used_as_go_does(
    url: str, proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("https_proxy", "http://proxy:3128")
    monkeypatch.setenv("NO_PROXY", ".internal")

    assert proxy_for(url, from_environment()) == proxy
