"""A Prometheus server is asked over its HTTP API, and its answers are read without guessing."""

import json
from typing import Any

import pytest

from flagger_metrics.providers import LATER, PROVIDERS, Access, Answer, Query, provider_of
from flagger_metrics.providers.prometheus import Prometheus
from flagger_metrics.samples import Samples
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.errors import SpecError

from .analyses import NOW, asked, vector

ACCESS = Access("prometheus", "http://prom:9090/prefix")
PROMETHEUS = Prometheus()


def request(query: str = "up", **access: Any) -> Request:
    (made,) = PROMETHEUS.requests(Access("prometheus", **{"address": "http://p", **access}), query)
    return made


def read(exchange: Response | Unreachable) -> Answer:
    return PROMETHEUS.answer(Query("up", NOW), ACCESS, (exchange,), Samples())


def page(**data: Any) -> Response:
    return Response(200, json.dumps({"status": "success", **data}).encode())


def test_a_query_is_posted_as_a_form() -> None:
    made = request(' sum(\n\trate(x{a="é&b"}[1m]) )', address="http://prom:9090")

    assert (made.method, made.url) == ("POST", "http://prom:9090/api/v1/query")
    assert made.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert asked(made) == ' sum( rate(x{a="é&b"}[1m]) )'
    assert (made.timeout_s, made.retries, made.verify_tls) == (5.0, 0, True)


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("http://prom:9090/", "http://prom:9090/api/v1/query"),
        ("https://host/select/0/prometheus", "https://host/select/0/prometheus/api/v1/query"),
        ("https://host/tenant/?key=1", "https://host/tenant/api/v1/query?key=1"),
    ],
)
def test_the_path_of_the_address_is_kept(address: str, url: str) -> None:
    assert request(address=address).url == url


@pytest.mark.parametrize(
    ("credentials", "authorization"),
    [
        (None, None),
        ({"token": "abc"}, "Bearer abc"),
        ({"username": "me", "password": "it"}, "Basic bWU6aXQ="),
        ({"username": "me", "password": "it", "token": "abc"}, "Bearer abc"),
    ],
    ids=["none", "token", "basic", "token-wins"],
)
def test_credentials_become_a_header(
    credentials: dict[str, str] | None, authorization: str | None
) -> None:
    made = request(credentials=credentials, headers={"X-Scope-OrgID": "me"})

    assert made.headers.get("Authorization") == authorization
    assert made.headers["X-Scope-OrgID"] == "me"


def test_a_certificate_is_not_checked_where_that_is_asked() -> None:
    assert request(verify_tls=False).verify_tls is False


@pytest.mark.parametrize(
    ("access", "message"),
    [
        ({"address": ""}, "prometheus address  is not a valid URL"),
        ({"address": "prom:9090"}, "prometheus address prom:9090 is not a valid URL"),
        ({"address": "http://[::1"}, "is not a valid URL"),
        ({"address": "http://prom:port"}, "is not a valid URL"),
        ({"credentials": {"password": "x"}}, "does not contain a username"),
        ({"credentials": {"username": "x"}}, "does not contain a password"),
    ],
)
def test_an_access_that_cannot_work_is_refused(access: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        PROMETHEUS.admit(Access("prometheus", **{"address": "http://p", **access}))


@pytest.mark.parametrize(
    ("exchange", "answer"),
    [
        (vector("1.5"), Answer((1.5,))),
        (vector(), Answer()),
        (vector("1", "2"), Answer((1.0, 2.0))),
        (vector("+Inf"), Answer((float("inf"),))),
        (page(data={"resultType": "scalar", "result": [1, "3"]}), Answer((3.0,))),
        (
            page(data={"resultType": "vector", "result": []}, warnings=["partial"]),
            Answer(warnings=("partial",)),
        ),
        (
            page(data={"resultType": "matrix", "result": []}),
            Answer(error="query returned multiple values"),
        ),
        (
            page(data={"resultType": "string", "result": [1, "x"]}),
            Answer(error="query returned a string, not a vector"),
        ),
        (
            Response(400, b'{"status":"error","errorType":"bad_data"}'),
            Answer(
                error="error response: Status 400 Bad Request: "
                '{"status":"error","errorType":"bad_data"}'
            ),
        ),
        (Response(599, b""), Answer(error="error response: Status 599: ")),
        (
            Response(200, b'{"status":"error","errorType":"t","error":"why"}'),
            Answer(error="t: why"),
        ),
        (
            Unreachable("connection refused"),
            Answer(
                error='request failed: Post "http://prom:9090/prefix/api/v1/query": '
                "connection refused"
            ),
        ),
    ],
    ids=[
        "value",
        "empty",
        "several",
        "infinite",
        "scalar",
        "warnings",
        "matrix",
        "string",
        "400",
        "599",
        "error-in-200",
        "unreachable",
    ],
)
def test_an_answer_is_read(exchange: Response | Unreachable, answer: Answer) -> None:
    assert read(exchange) == answer


def test_a_password_in_an_address_is_never_told() -> None:
    access = Access("prometheus", "http://me:secret@prom:9090")

    answer = PROMETHEUS.answer(Query("up", NOW), access, (Unreachable("refused"),), Samples())

    assert answer.error == (
        'request failed: Post "http://me:xxxxx@prom:9090/api/v1/query": refused'
    )


def test_nan_is_told_as_it_is() -> None:
    assert repr(read(vector("NaN")).values) == "(nan,)"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>",
        b"[]",
        b"null",
        b"{}",
        b'{"status":"success"}',
        b'{"status":"success","data":{"resultType":"vector"}}',
        b'{"status":"success","data":{"resultType":"vector","result":[{"value":[1]}]}}',
        b'{"status":"success","data":{"resultType":"vector","result":[{"value":[1,"x"]}]}}',
        b'{"status":"success","data":{"resultType":"vector","result":[null]}}',
        b"\xff",
    ],
)
def test_a_page_that_is_no_answer_is_an_error_and_never_a_value(body: bytes) -> None:
    answer = read(Response(200, body))

    assert answer.values == ()
    assert answer.error is not None
    assert answer.error.startswith("error unmarshaling result: ")


@pytest.mark.parametrize(
    ("exchange", "fault"),
    [
        (vector("1"), None),
        (vector("0"), "running query failed: vector(1) gave (0.0,), not 1"),
        (Unreachable("refused"), 'running query failed: request failed: Post "'),
    ],
)
def test_a_server_is_online_when_one_is_one(
    exchange: Response | Unreachable, fault: str | None
) -> None:
    (probe,) = PROMETHEUS.probe(ACCESS)

    found = PROMETHEUS.offline(ACCESS, (exchange,))

    assert asked(probe) == "vector(1)"
    assert found is None if fault is None else found is not None and found.startswith(fault)


@pytest.mark.parametrize("kind", LATER)
def test_a_provider_of_flagger_that_is_not_here_yet_is_named(kind: str) -> None:
    with pytest.raises(SpecError, match=f"MetricTemplate ns/t: .*{kind}") as caught:
        provider_of(kind, PROVIDERS, "MetricTemplate ns/t")

    assert caught.value.reason == "NotSupported"


def test_an_unknown_provider_is_never_taken_for_prometheus() -> None:
    with pytest.raises(SpecError, match="supported are openmetrics, prometheus"):
        provider_of("promethoos", PROVIDERS, "MetricTemplate ns/t")
