"""What a Gate brings along when it asks: its own names and the credentials of its Secret."""

import json
from collections.abc import Mapping

import pytest

from flagger_py.errors import SpecError
from flagger_py.refs import Key

from .bench import Bench, gate, keys, webhook

SECRET = "shop/approver"


def test_a_payload_without_names_carries_the_gates_own() -> None:
    bench = Bench(gate())

    bench.settle()

    body = json.loads(bench.sent[0].body or b"")
    assert body == {"name": "may-start", "namespace": "shop", "phase": "", "checksum": ""}


def test_a_payload_goes_out_as_it_was_written() -> None:
    told = {"name": "app", "namespace": "prod", "phase": "Waiting", "checksum": "5d96c65fd8"}
    bench = Bench(gate(payload=told))

    bench.settle()

    assert json.loads(bench.sent[0].body or b"") == told


@pytest.mark.parametrize(
    ("data", "header"),
    [
        ({"token": b"abc\n"}, "Bearer abc"),
        ({"username": b"bot", "password": b"pw"}, "Basic Ym90OnB3"),
        ({"token": b"abc", "username": b"bot", "password": b"pw"}, "Bearer abc"),
    ],
    ids=["token", "password", "token wins"],
)
def test_the_secret_becomes_the_authorization(data: dict[str, bytes], header: str) -> None:
    bench = Bench(gate(webhook(secretRef={"name": "approver"})), secrets={SECRET: data})

    bench.settle()

    assert bench.sent[0].headers["Authorization"] == header


@pytest.mark.parametrize(
    ("secrets", "complaint"),
    [
        ({}, "Secret shop/approver, named by question.webhook.secretRef, does not exist"),
        (
            {SECRET: {"username": b"bot"}},
            "Secret shop/approver needs a token, or a username and a password",
        ),
    ],
    ids=["missing", "incomplete"],
)
def test_a_question_without_its_credentials_does_not_leave(
    secrets: dict[str, dict[str, bytes]], complaint: str
) -> None:
    question = webhook(secretRef={"name": "approver"})
    bench = Bench(gate(question, run={"token": "t1"}), secrets=secrets)

    last = bench.settle()

    assert bench.sent == []
    assert last.requeue_after_s == 10
    assert bench.condition("Ready") == ("False", "DependencyNotReady")
    assert bench.condition("Open") == ("Unknown", "NotAsked")
    assert bench.message("Ready") == complaint


def test_a_hindered_question_leaves_under_its_first_number() -> None:
    bench = Bench(gate(webhook(secretRef={"name": "approver"}), run={"token": "t1"}))
    bench.settle()

    bench.secrets[SECRET] = {"token": b"abc"}
    bench.wait(10)
    bench.settle()

    assert len(keys(bench)) == 1
    assert bench.gated.polls == 1
    assert bench.gated.open


def test_an_open_gate_closes_when_its_credentials_vanish() -> None:
    question = webhook(secretRef={"name": "approver"})
    bench = Bench(gate(question), secrets={SECRET: {"token": b"abc"}})
    bench.settle()
    assert bench.gated.open

    bench.secrets.clear()
    bench.wait(10)
    bench.settle()

    assert (bench.gated.open, bench.gated.answer) == (False, None)


def test_a_secret_that_the_account_may_not_read_stalls_the_gate() -> None:
    class Forbidding(Bench):
        async def secret(self, key: Key) -> Mapping[str, bytes] | None:
            raise SpecError(f"may not read Secret {key}", reason="AccessDenied")

    bench = Forbidding(gate(webhook(secretRef={"name": "approver"}), run={"token": "t1"}))

    last = bench.settle()

    assert bench.condition("Stalled") == ("True", "AccessDenied")
    assert bench.condition("Open") == ("Unknown", "NotAsked")
    assert last.requeue_after_s == 10
