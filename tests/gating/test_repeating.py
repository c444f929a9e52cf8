"""When a request that brought no answer is sent again, and what ends that."""

import pytest

from flagger_py.contracts import Answer
from flagger_py.egress import Request, Response, Unreachable

from .bench import Bench, Endpoint, gate, keys, says, webhook

BUSY = 503


def busy(times: int, then: int = 200) -> Endpoint:
    """Return an endpoint that is too busy for some *times* and answers *then* ever after."""
    left = [BUSY] * times
    return lambda request: Response(left.pop() if left else then)


def repeating(endpoint: Endpoint, retries: int = 3, **run: str) -> Bench:
    return Bench(gate(webhook(retries=retries), run={"token": "t1", **run}), endpoint)


def test_attempts_follow_at_growing_pauses_under_one_number_and_key() -> None:
    bench = repeating(busy(3))
    pauses = []

    for _ in range(3):
        pauses.append(bench.settle().requeue_after_s)
        bench.wait(pauses[-1] or 0)
    bench.settle()

    assert pauses == [1, 2, 4]
    assert len(keys(bench)) == 4
    assert len(set(keys(bench))) == 1
    assert (bench.gated.open, bench.gated.polls) == (True, 1)


def test_a_pause_is_thirty_seconds_at_most() -> None:
    bench = repeating(busy(9), retries=9)
    pauses = []

    for _ in range(8):
        pauses.append(bench.settle().requeue_after_s or 0)
        bench.wait(pauses[-1])

    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


def test_a_pass_within_the_pause_sends_nothing() -> None:
    bench = repeating(busy(1))
    bench.settle()

    bench.annotate(note="look")
    last = bench.settle()

    assert len(bench.sent) == 1
    assert last.requeue_after_s == 1


def test_meanwhile_the_gate_says_how_many_attempts_failed() -> None:
    bench = repeating(busy(1))

    bench.settle()

    assert bench.condition("Open") == ("Unknown", "NotAsked")
    assert bench.condition("Reconciling")[0] == "True"
    assert "1 of 4 attempts brought no answer" in bench.message("Open")


def test_after_the_last_attempt_nobody_answered() -> None:
    bench = repeating(busy(9), retries=1)
    bench.settle()

    bench.wait(1)
    bench.settle()

    assert bench.gated.answer is not None
    assert bench.gated.answer.value is Answer.UNREACHABLE
    assert bench.gated.answer.text.endswith("giving up after 2 attempt(s)")
    assert bench.status.run is not None
    assert bench.status.run.attempts == 0


@pytest.mark.parametrize("status", [301, 403, 408, 501])
def test_what_another_attempt_would_not_change_is_not_sent_again(status: int) -> None:
    bench = repeating(says(status))

    bench.settle()
    bench.wait(1)
    bench.settle()

    assert len(bench.sent) == 1


def test_a_lost_connection_is_worth_another_attempt() -> None:
    def refuse(request: Request) -> Response:
        raise Unreachable("connection refused")

    bench = repeating(refuse, retries=1)
    bench.settle()
    bench.endpoint = says(200)

    bench.wait(1)
    bench.settle()

    assert bench.gated.open


def test_a_new_question_ends_the_attempts_at_the_old_one() -> None:
    bench = repeating(busy(1))
    bench.settle()

    bench.ask("t2")
    bench.settle()

    assert len(set(keys(bench))) == 2
    assert (bench.gated.token, bench.gated.open) == ("t2", True)


def test_suspension_ends_the_attempts() -> None:
    bench = repeating(busy(9))
    bench.settle()

    bench.edit(suspend=True)
    bench.wait(60)
    bench.settle()

    assert len(bench.sent) == 1


def test_deletion_ends_the_attempts() -> None:
    bench = repeating(busy(9))
    bench.settle()

    bench.manifest["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    bench.wait(60)
    bench.settle()

    assert len(bench.sent) == 1


def test_no_attempt_waits_past_the_deadline() -> None:
    bench = repeating(busy(9), deadline="2026-11-22T12:00:02.500000Z")
    bench.settle()
    bench.wait(1)

    bench.settle()

    assert len(bench.sent) == 2
    assert bench.gated.answer is not None
    assert bench.gated.answer.text.endswith("giving up after 2 attempt(s)")


def test_an_attempt_ends_at_the_deadline() -> None:
    bench = repeating(says(200), deadline="2026-11-22T12:00:02.500000Z")

    bench.settle()

    assert bench.sent[0].timeout_s == 2.5


def test_without_a_deadline_attempts_end_after_an_hour() -> None:
    bench = repeating(busy(99), retries=99)
    bench.edit(interval="2h")
    bench.settle()

    bench.wait(3600)
    bench.settle()

    assert len(bench.sent) == 2
    assert bench.gated.answer is not None


def test_a_clock_set_back_delays_no_attempt() -> None:
    bench = repeating(busy(1))
    bench.settle()

    bench.wait(-86_400)
    bench.settle()

    assert bench.gated.open


def test_an_answer_that_could_not_be_written_is_not_asked_for_again() -> None:
    """Whoever writes to the Gate while a request is out makes the pass's own write fail."""
    bench = repeating(says(403, "no"))
    bench.go()
    bench.endpoint = meddling(bench)

    for _ in range(5):
        bench.go()
    bench.settle()

    assert len(keys(bench)) == 1
    assert bench.condition("Open") == ("False", "Denied")


def test_an_answer_to_another_question_is_not_kept() -> None:
    bench = repeating(says(403, "no"))
    bench.go()

    def moved(request: Request) -> Response:
        bench.edit(question=webhook(url="http://moved.test/gate"))
        bench.endpoint = says(200)
        return Response(403)

    bench.endpoint = moved
    bench.go()
    bench.settle()

    assert [request.url for request in bench.sent][1:] == ["http://moved.test/gate"]
    assert bench.gated.open


def meddling(bench: Bench) -> Endpoint:
    def answer(request: Request) -> Response:
        bench.annotate(note=str(len(bench.sent)))
        return Response(403, b"no")

    return answer
