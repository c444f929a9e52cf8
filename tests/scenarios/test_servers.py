"""What the imitated servers of a simulation answer."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from flagger_cli.simulator.egress import by_host
from flagger_cli.simulator.prometheus import Prometheus
from flagger_cli.simulator.tester import LoadTester
from flagger_cli.simulator.webhooks import Webhooks
from flagger_py.egress import Egress, Request, Response, Unreachable
from flagger_py.testing.curves import Span
from flagger_py.testing.pods import Pods
from flagger_py.testing.traffic import Users

NOW = datetime(2026, 1, 1, tzinfo=UTC)
TOTAL = "traefik_service_requests_total"
PAYLOAD = json.dumps({"name": "app", "namespace": "shop", "phase": "Progressing"}).encode()


def now() -> datetime:
    return NOW


async def at_once(seconds: float) -> None:
    """Let no time pass."""


def post(server: Egress, url: str, **more: Any) -> Response:
    return asyncio.run(_send(server, Request("POST", url, body=PAYLOAD, **more)))


async def _send(server: Egress, request: Request) -> Response:
    return await server(request)


@pytest.fixture
def prometheus() -> Prometheus:
    """A server that scraped, until 10 s from then, three good requests a second and a bad one."""
    users = Users(Pods())
    for code, rate in ((200, 3.0), (500, 1.0)):
        begun_s = NOW.timestamp()
        span = Span(begun_s, begun_s + 10, 10 * rate, 0.005)
        users.exporters.count_at_edge("app", code, span)
    return Prometheus(lambda: NOW + timedelta(seconds=10), users)


def test_answers_are_used_up_and_the_last_one_repeats() -> None:
    hooks = Webhooks(now, {"gate": [200, 403, {"status": 200, "body": "fine"}]})

    found = [post(hooks, "http://sink/shop/gate") for _ in range(4)]

    assert [(r.status, r.text) for r in found] == [
        (200, "ok"),
        (403, "no"),
        (200, "fine"),
        (200, "fine"),
    ]


def test_a_hook_without_a_script_agrees() -> None:
    assert post(Webhooks(now), "http://sink/shop/other").status == 200


def test_calls_are_recorded_with_what_was_answered() -> None:
    hooks = Webhooks(now, {"gate": [403]})

    post(hooks, "http://sink/shop/gate", headers={"X-Key": "1"})

    call = hooks.calls[0]
    assert (call.hook, call.answer, call.at) == ("gate", 403, NOW)
    assert call.payload["phase"] == "Progressing"
    assert call.headers == {"X-Key": "1"}


def test_an_answer_later_than_the_timeout_never_arrives() -> None:
    hooks = Webhooks(now, {"slow": [{"status": 200, "delay": 12}]}, pause=at_once)

    with pytest.raises(Unreachable, match="timed out"):
        post(hooks, "http://sink/slow", timeout_s=10)

    assert [call.answer for call in hooks.calls] == [0]


def test_a_server_error_is_retried_as_often_as_asked() -> None:
    hooks = Webhooks(now, {"busy": [500, 429, 200]})

    found = post(hooks, "http://sink/busy", retries=2)

    assert (found.status, found.attempts) == (200, 3)


def test_hosts_without_a_server_refuse() -> None:
    way_out = by_host({"sink.test": Webhooks(now)})

    assert post(way_out, "http://sink.test/x").status == 200
    with pytest.raises(Unreachable, match="refused"):
        post(way_out, "http://127.0.0.1:9/api/v1/query")


def test_gates_of_the_load_tester_are_closed_until_opened() -> None:
    tester = LoadTester()
    url = "http://tester/gate/"

    answers = [post(tester, url + verb).status for verb in ("check", "open", "check", "close")]

    assert answers == [403, 202, 200, 202]
    assert post(tester, url + "check").status == 403


def test_the_rollback_gate_is_another_one() -> None:
    tester = LoadTester()

    post(tester, "http://tester/gate/open")

    assert post(tester, "http://tester/rollback/check").status == 403


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("vector(1)", "1"),
        (f'sum(rate({TOTAL}{{code!~"5.."}}[10s])) / sum(rate({TOTAL}[10s]))', "0.75"),
        ("vector(0) / vector(0)", "NaN"),
        (f"sum({TOTAL})", "40"),
        ("sum(up)", "2"),
    ],
    ids=["constant", "rate", "not a number", "instant", "up"],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_queries_are_answered_in_prometheus_form(
    prometheus: Prometheus, method: str, query: str, value: str
) -> None:
    text = urlencode({"query": query})
    url = "http://prometheus/api/v1/query"
    request = (
        Request("GET", f"{url}?{text}")
        if method == "GET"
        else Request("POST", url, body=text.encode())
    )

    found = asyncio.run(_send(prometheus, request))

    data = json.loads(found.body)["data"]
    assert data["resultType"] == "vector"
    assert [item["value"][1] for item in data["result"]] == [value]


def test_a_broken_query_is_bad_data(prometheus: Prometheus) -> None:
    request = Request("POST", "http://prometheus/api/v1/query", body=b"query=sum(")

    found = asyncio.run(_send(prometheus, request))

    assert found.status == 400
    assert json.loads(found.body)["errorType"] == "bad_data"
