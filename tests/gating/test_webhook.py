"""What a webhook is sent and how its reply is understood, in Flagger's bytes and words."""

import json

import pytest

from flagger_gating import webhook
from flagger_gating.api import Payload, Webhook
from flagger_py.contracts import Answer
from flagger_py.egress import Response, Unreachable

from .bench import NOW, URL

PAYLOAD = Payload(name="app", namespace="shop", phase="Progressing", checksum="5d96c65fd8")


@pytest.mark.parametrize(
    ("payload", "body"),
    [
        (
            PAYLOAD,
            '{"name":"app","namespace":"shop","phase":"Progressing","checksum":"5d96c65fd8"}',
        ),
        (
            PAYLOAD.model_copy(update={"metadata": {"suite": "smoke", "a": "1"}}),
            '{"name":"app","namespace":"shop","phase":"Progressing","checksum":"5d96c65fd8",'
            '"metadata":{"a":"1","suite":"smoke"}}',
        ),
        (
            Payload(name="app", namespace="shop", metadata={"cmd": 'a <b> && "c"\\\n'}),
            '{"name":"app","namespace":"shop","phase":"","checksum":"","metadata":'
            '{"cmd":"a \\u003cb\\u003e \\u0026\\u0026 \\"c\\"\\\\\\n"}}',
        ),
        (
            Payload(name="app", namespace="shop", metadata={"who": "Zoë\u2028"}),
            '{"name":"app","namespace":"shop","phase":"","checksum":"","metadata":'
            '{"who":"Zoë\\u2028"}}',
        ),
    ],
    ids=["no metadata", "sorted metadata", "characters Go escapes", "not ASCII"],
)
def test_the_body_is_flaggers_byte_for_byte(payload: Payload, body: str) -> None:
    assert webhook.body(payload) == body.encode()


def test_the_escaped_body_reads_as_what_was_meant() -> None:
    metadata = {"cmd": "<&>\u2028\u2029\\u003c"}

    body = webhook.body(PAYLOAD.model_copy(update={"metadata": metadata}))

    assert json.loads(body)["metadata"] == metadata


def test_a_request_carries_key_timeout_and_tls_as_the_spec_says() -> None:
    hook = Webhook.read(
        {"url": URL, "timeout": "1m30s", "retries": 2, "disableTLS": True}, "webhook"
    )

    request = webhook.request(hook, PAYLOAD, "key-1")

    assert (request.method, request.url) == ("POST", URL)
    assert request.headers == {"Content-Type": "application/json", "Idempotency-Key": "key-1"}
    assert (request.timeout_s, request.verify_tls) == (90.0, False)


def test_attempts_are_repeated_by_the_gate_and_not_within_a_request() -> None:
    assert webhook.request(Webhook(url=URL, retries=2), PAYLOAD, "key-1").retries == 0


def test_a_plain_webhook_waits_ten_seconds_tries_once_and_verifies() -> None:
    hook = Webhook(url=URL)

    request = webhook.request(hook, PAYLOAD, "key-1")

    assert (request.timeout_s, hook.retries, request.verify_tls) == (10.0, 0, True)


def test_headers_of_the_spec_replace_neither_key_nor_credentials() -> None:
    theirs = {"idempotency-key": "mine", "AUTHORIZATION": "mine", "X-Team": "shop"}
    hook = Webhook(url=URL, headers=theirs)

    request = webhook.request(hook, PAYLOAD, "key-1", webhook.bearer("s3cret"))

    assert request.headers == {
        "X-Team": "shop",
        "Content-Type": "application/json",
        "Idempotency-Key": "key-1",
        "Authorization": "Bearer s3cret",
    }


def test_basic_credentials_follow_the_rfc() -> None:
    """RFC 7617, section 2."""
    found = webhook.basic("Aladdin", "open sesame")

    assert found.value.get_secret_value() == "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="


def test_credentials_do_not_show_in_a_representation() -> None:
    assert "s3cret" not in repr(webhook.bearer("s3cret"))


GAVE_UP = f"POST {URL} giving up after 1 attempt(s)"


@pytest.mark.parametrize(
    ("reply", "value", "text"),
    [
        (Response(200, b"go"), Answer.APPROVED, "go"),
        (Response(202), Answer.APPROVED, ""),
        (Response(204), Answer.APPROVED, ""),
        (Response(206), Answer.APPROVED, ""),
        (Response(400, b"what?\n"), Answer.DENIED, "what?\n"),
        (Response(403, b"not yet"), Answer.DENIED, "not yet"),
        (Response(403), Answer.DENIED, ""),
        (Response(404, b" \n"), Answer.DENIED, ""),
        (Response(404, b"nothing here"), Answer.DENIED, "nothing here"),
        (Response(408, b"slow"), Answer.UNREACHABLE, "slow"),
        (Response(408), Answer.UNREACHABLE, ""),
        (Response(429, b"too many"), Answer.UNREACHABLE, GAVE_UP),
        (Response(500, b"broken"), Answer.UNREACHABLE, GAVE_UP),
        (Response(501, b"no such thing"), Answer.UNREACHABLE, "no such thing"),
        (Response(503, b"too busy"), Answer.UNREACHABLE, GAVE_UP),
        (Unreachable("EOF"), Answer.UNREACHABLE, f"{GAVE_UP}: EOF"),
    ],
    ids=lambda value: str(getattr(value, "status", "")) or None,
)
def test_a_reply_means_and_says_what_flagger_would_say(
    reply: Response | Unreachable, value: Answer, text: str
) -> None:
    sent = webhook.request(Webhook(url=URL), PAYLOAD, "key-1")

    answer = webhook.answer(sent, reply, NOW)

    assert (answer.value, answer.text, answer.at) == (value, text, NOW)


def test_the_last_attempt_says_how_many_there_were() -> None:
    sent = webhook.request(Webhook(url=URL, retries=1), PAYLOAD, "key-1")

    answer = webhook.answer(sent, Unreachable("timed out"), NOW, 2)

    assert answer.text == f"POST {URL} giving up after 2 attempt(s): timed out"


@pytest.mark.parametrize(
    ("status", "location", "text"),
    [
        (301, "https://moved.test/gate", "HTTP 301 to https://moved.test/gate: {not_followed}"),
        (302, "/login?next=s3cret#top", "HTTP 302 to http://approvals.test/login: {not_followed}"),
        (307, "https://bot:s3cret@moved.test", "HTTP 307 to https://moved.test: {not_followed}"),
        (308, "http://[moved/gate", "HTTP 308: redirects are not followed"),
        (304, None, "HTTP 304: redirects are not followed"),
    ],
    ids=["elsewhere", "on the same host", "with a password", "no address", "to nowhere"],
)
def test_a_redirect_is_no_decision_and_says_where_to(
    status: int, location: str | None, text: str
) -> None:
    headers = {} if location is None else {"Location": location}
    sent = webhook.request(Webhook(url=URL), PAYLOAD, "key-1")

    answer = webhook.answer(sent, Response(status, b"<html>", headers), NOW)

    not_followed = "redirects are not followed; write that URL"
    assert (answer.value, answer.text) == (
        Answer.UNREACHABLE,
        text.format(not_followed=not_followed),
    )


def test_a_password_in_the_address_is_not_told() -> None:
    hook = Webhook(url="https://bot:s3cret@approvals.test:8443/gate?x=1")

    answer = webhook.answer(webhook.request(hook, PAYLOAD, "k"), Response(500), NOW)

    assert answer.text == (
        "POST https://bot:xxxxx@approvals.test:8443/gate?x=1 giving up after 1 attempt(s)"
    )


def test_credentials_that_the_endpoint_echoes_are_not_told() -> None:
    sent = webhook.request(Webhook(url=URL), PAYLOAD, "k", webhook.bearer("s3cret"))

    answer = webhook.answer(sent, Response(403, b"bad token s3cret"), NOW)

    assert answer.text == "bad token ***"


def test_a_long_reply_is_cut() -> None:
    sent = webhook.request(Webhook(url=URL), PAYLOAD, "k")

    answer = webhook.answer(sent, Response(403, b"x" * 100_000), NOW)

    assert len(answer.text) == 1024


def test_a_key_names_one_poll_of_one_run_of_one_gate() -> None:
    polls = [("u", "t", 1), ("u", "t", 2), ("u", "t2", 1), ("u2", "t", 1), ("u", None, 1)]

    found = {webhook.idempotency_key(*poll) for poll in polls}

    assert len(found) == len(polls)
    assert webhook.idempotency_key("u", "t", 1) == webhook.idempotency_key("u", "t", 1)
