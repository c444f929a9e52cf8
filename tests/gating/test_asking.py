"""When a Gate asks its webhook, under which number, and when it asks no more."""

import copy

import pytest

from flagger_py.contracts import Answer
from flagger_py.egress import Unreachable

from .bench import URL, Bench, Crash, deny_then_approve, gate, keys, says


def test_the_number_of_a_poll_is_written_before_its_request_leaves() -> None:
    bench = Bench(gate(run={"token": "t1"}))

    first = bench.go()

    assert bench.sent == []
    assert first.requeue_after_s == 0
    assert (bench.gated.token, bench.gated.polls, bench.gated.answer) == ("t1", 1, None)
    assert bench.manifest["status"]["observedGeneration"] == 1


def test_an_approval_needs_two_writes_and_one_request() -> None:
    bench = Bench(gate(run={"token": "t1"}), says(200, "go"))

    last = bench.settle()

    assert (bench.writes, len(bench.sent), last.requeue_after_s) == (2, 1, None)
    assert bench.gated.open
    assert bench.gated.answer is not None
    assert (bench.gated.answer.value, bench.gated.answer.text) == (Answer.APPROVED, "go")


def test_a_pass_without_change_writes_and_sends_nothing() -> None:
    bench = Bench(gate(run={"token": "t1"}), says(403))
    bench.settle()
    writes = bench.writes

    bench.wait(9)
    last = bench.go()

    assert (bench.writes, len(bench.sent)) == (writes, 1)
    assert last.requeue_after_s == 1


def test_a_closed_gate_is_asked_again_at_its_interval_under_the_next_number() -> None:
    bench = Bench(gate(run={"token": "t1"}, interval="30s"), deny_then_approve("no", "not yet"))
    bench.settle()

    for _ in range(2):
        bench.wait(30)
        bench.settle()

    assert bench.gated.polls == 3
    assert len(set(keys(bench))) == 3
    assert bench.gated.open


def test_the_last_denial_is_told_while_the_next_poll_is_under_way() -> None:
    bench = Bench(gate(run={"token": "t1"}), says(403, "no"))
    bench.settle()

    bench.wait(10)
    bench.go()

    assert bench.gated.polls == 2
    assert bench.condition("Open") == ("False", "Denied")
    assert bench.condition("Ready") == ("True", "ReconciliationSucceeded")


def test_an_approval_is_final_for_its_token() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.settle()
    bench.endpoint = says(403)

    for _ in range(5):
        bench.wait(3600)
        bench.settle()

    assert len(bench.sent) == 1
    assert bench.gated.open


def test_a_new_token_closes_the_gate_and_asks_anew() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.settle()

    bench.ask("t2")
    bench.go()

    assert (bench.gated.token, bench.gated.open, bench.gated.answer) == ("t2", False, None)
    bench.settle()
    assert len(set(keys(bench))) == 2
    assert bench.gated.open


def test_a_poll_of_an_older_run_is_neither_sent_nor_answered_for_the_new_one() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.go()

    bench.ask("t2")
    bench.go()

    assert bench.sent == []
    assert (bench.gated.token, bench.gated.answer) == ("t2", None)


def test_a_token_that_comes_back_is_still_approved() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.settle()
    bench.endpoint = says(403)
    bench.ask("t2")
    bench.settle()

    bench.ask("t1")
    bench.settle()

    assert bench.gated.open
    assert len(bench.sent) == 2


@pytest.mark.parametrize("others", [1, 12], ids=["remembered", "forgotten"])
def test_a_denied_token_that_comes_back_is_asked_under_a_new_key(others: int) -> None:
    """The numbers of a Gate's polls go on, whatever its history has forgotten."""
    bench = Bench(gate(run={"token": "t"}), says(403))
    bench.settle()
    for number in range(others):
        bench.ask(f"t{number}")
        bench.settle()

    bench.ask("t")
    bench.settle()

    assert bench.gated.polls == others + 2
    assert len(set(keys(bench))) == len(keys(bench)) == others + 2


def test_an_approval_outlives_the_denials_of_later_tokens() -> None:
    bench = Bench(gate(run={"token": "t"}))
    bench.settle()
    bench.endpoint = says(403)
    for number in range(12):
        bench.ask(f"t{number}")
        bench.settle()

    bench.ask("t")
    bench.settle()

    assert bench.gated.open
    assert len(bench.sent) == 13


def test_the_latest_denial_is_remembered_beside_ten_approvals() -> None:
    bench = Bench(gate(run={"token": "t"}))
    bench.settle()
    for number in range(12):
        bench.ask(f"t{number}")
        bench.settle()

    bench.endpoint = says(403)
    for token in ("no", "never"):
        bench.ask(token)
        bench.settle()

    tokens = [record.token for record in bench.status.history]
    assert tokens == ["never", *(f"t{number}" for number in range(11, 2, -1))]


def test_of_answers_to_no_run_the_latest_are_remembered() -> None:
    """An approval without a token is nobody's to keep."""
    bench = Bench(gate(), deny_then_approve("no"))
    bench.settle()
    for number in range(12):
        bench.endpoint = says(200 if number % 2 else 403)
        bench.wait(10)
        bench.settle()

    answers = [record.value for record in bench.status.history]
    assert answers == [Answer.APPROVED, Answer.DENIED] * 5


def test_a_crash_before_the_answer_is_written_repeats_the_same_key() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.go()
    bench.dies_before_write = True
    with pytest.raises(Crash):
        bench.go()

    bench.dies_before_write = False
    bench.memory.clear()
    bench.settle()

    assert len(bench.sent) == 2
    assert len(set(keys(bench))) == 1
    assert bench.gated.polls == 1


def test_a_crash_before_the_number_is_written_sends_nothing() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.dies_before_write = True

    with pytest.raises(Crash):
        bench.go()

    assert bench.sent == []


def test_a_pass_over_an_old_copy_changes_nothing() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.go()
    old = copy.deepcopy(bench.manifest)
    bench.settle()
    writes = bench.writes

    late = bench.go(old)

    assert late.failed
    assert bench.writes == writes
    assert len(set(keys(bench))) == 1


def test_without_an_interval_the_first_answer_is_final() -> None:
    bench = Bench(gate(run={"token": "t1"}, interval=None), deny_then_approve("too slow"))
    bench.settle()

    bench.wait(60)
    last = bench.settle()

    assert len(bench.sent) == 1
    assert last.requeue_after_s is None
    assert bench.condition("Open") == ("False", "Denied")


def test_without_an_interval_the_next_token_is_asked() -> None:
    bench = Bench(gate(run={"token": "t1"}, interval=None), deny_then_approve("too slow"))
    bench.settle()

    bench.ask("t2")
    bench.settle()

    assert bench.gated.open


def test_after_the_deadline_nobody_asks_and_the_answer_stays() -> None:
    bench = Bench(gate(run={"token": "t1", "deadline": "2026-11-22T12:00:15Z"}), says(403, "no"))
    bench.settle()

    bench.wait(10)
    last = bench.settle()
    assert last.requeue_after_s == 5
    bench.wait(5)
    last = bench.settle()
    bench.wait(60)
    bench.memory.clear()
    bench.settle()

    assert last.requeue_after_s is None
    assert len(bench.sent) == 2
    assert bench.condition("Open") == ("False", "Expired")
    assert bench.condition("Ready")[0] == "True"
    assert bench.gated.answer is not None
    assert bench.gated.answer.value is Answer.DENIED
    assert [reason for reason, _ in bench.events] == ["Denied", "Expired"]


def test_a_deadline_that_was_written_in_another_zone_is_told_in_utc() -> None:
    bench = Bench(gate(run={"token": "t1", "deadline": "2026-11-22T13:00:15+01:00"}))
    bench.go()

    bench.wait(20)
    bench.settle()

    (said,) = [message for reason, message in bench.events if reason == "Expired"]
    assert "the deadline 2026-11-22T12:00:15Z has passed" in said


def test_an_approval_does_not_expire() -> None:
    bench = Bench(gate(run={"token": "t1", "deadline": "2026-11-22T12:00:15Z"}))
    bench.settle()

    bench.wait(60)
    bench.settle()

    assert bench.condition("Open") == ("True", "Approved")


def test_a_poll_whose_deadline_passed_before_it_left_is_not_sent() -> None:
    bench = Bench(gate(run={"token": "t1", "deadline": "2026-11-22T12:00:15Z"}))
    bench.go()

    bench.wait(20)
    bench.settle()

    assert bench.sent == []
    assert bench.condition("Open") == ("False", "Expired")


def test_without_a_run_the_webhook_is_asked_at_every_interval_also_while_open() -> None:
    bench = Bench(gate())
    bench.settle()
    assert bench.gated.open
    bench.endpoint = says(403, "frozen")

    bench.wait(10)
    bench.settle()

    assert bench.condition("Open") == ("False", "Denied")
    assert len(set(keys(bench))) == 2


def test_a_reconciliation_requested_by_hand_asks_at_once() -> None:
    bench = Bench(gate(run={"token": "t1"}), deny_then_approve("no"))
    bench.settle()

    bench.manifest["metadata"]["annotations"] = {"reconcile.fluxcd.io/requestedAt": "now"}
    bench.settle()

    assert bench.gated.open
    assert bench.manifest["status"]["lastHandledReconcileAt"] == "now"


def test_a_clock_set_back_delays_no_poll() -> None:
    bench = Bench(gate(run={"token": "t1"}), deny_then_approve("no"))
    bench.settle()

    bench.wait(-86_400)
    bench.settle()

    assert bench.gated.open


def test_an_interval_below_a_second_counts_as_one() -> None:
    bench = Bench(gate(run={"token": "t1"}, interval="10ms"), says(403))

    last = bench.settle()

    assert last.requeue_after_s == 1


def test_an_unreachable_endpoint_is_asked_again_and_is_no_denial() -> None:
    def refuse(request: object) -> None:
        raise Unreachable("connection refused")

    bench = Bench(gate(run={"token": "t1"}), refuse)  # type: ignore[arg-type]  # it never returns

    last = bench.settle()

    assert bench.gated.answer is not None
    assert bench.gated.answer.value is Answer.UNREACHABLE
    assert bench.condition("Open") == ("Unknown", "Unreachable")
    assert bench.condition("Ready") == ("False", "Unreachable")
    assert bench.condition("Reconciling") == ("True", "ProgressingWithRetry")
    assert last.requeue_after_s == 10


def test_an_endpoint_that_is_asked_once_and_unreachable_is_not_said_to_be_retried() -> None:
    bench = Bench(gate(run={"token": "t1"}, interval=None), says(503))

    last = bench.settle()

    assert bench.condition("Open") == ("Unknown", "Unreachable")
    assert bench.condition("Ready") == ("True", "Unreachable")
    assert bench.condition("Reconciling") == ("", "")
    assert "ask again by another token" in bench.message("Ready")
    assert last.requeue_after_s is None


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (503, "", f"Closed: nobody answered: POST {URL} giving up after 1 attempt(s) (HTTP 503)"),
        (408, "slow", "Closed: nobody answered: slow (HTTP 408)"),
        (304, "", "Closed: nobody answered: HTTP 304: redirects are not followed"),
        (403, "", "Closed: denied: HTTP 403"),
        (403, "no", "Closed: denied: no"),
        (200, "", "Open: approved"),
    ],
)
def test_a_gate_says_which_status_left_it_without_words(
    status: int, body: str, message: str
) -> None:
    """Flagger's words for a server's fault leave its status out; they stay as they are."""
    bench = Bench(gate(run={"token": "t1"}), says(status, body))

    bench.settle()

    assert bench.message("Open") == message
    assert bench.status.answer is not None
    assert bench.status.answer.http_status == status
    (event,) = [told for _, told in bench.events]
    assert event.endswith(message.partition(": ")[2].partition(": ")[2])


def test_a_gate_being_deleted_asks_nothing() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.go()
    bench.manifest["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"

    last = bench.go()

    assert bench.sent == []
    assert last.requeue_after_s is None


def test_an_open_gate_being_deleted_stays_open_and_is_not_written() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.settle()
    writes = bench.writes

    bench.manifest["metadata"]["deletionTimestamp"] = "2026-11-22T12:00:00Z"
    bench.go()

    assert bench.gated.open
    assert bench.writes == writes


def test_a_suspended_gate_stays_as_it_was() -> None:
    bench = Bench(gate(run={"token": "t1"}))
    bench.settle()

    bench.edit(suspend=True, run={"token": "t2"})
    bench.settle()

    assert len(bench.sent) == 1
    assert bench.gated.token == "t1"


def test_the_history_keeps_the_last_ten_answers_newest_first() -> None:
    bench = Bench(gate(run={"token": "t0"}))
    bench.settle()
    for number in range(1, 13):
        bench.ask(f"t{number}")
        bench.settle()

    tokens = [record.token for record in bench.status.history]

    assert tokens == [f"t{number}" for number in range(12, 2, -1)]


def test_the_same_denial_told_again_is_remembered_once() -> None:
    bench = Bench(gate(run={"token": "t1"}), says(403, "no"))
    for _ in range(5):
        bench.settle()
        bench.wait(10)

    assert [(r.value, r.poll) for r in bench.status.history] == [(Answer.DENIED, 5)]


def test_an_event_tells_a_change_of_the_answer_and_nothing_else() -> None:
    bench = Bench(gate(run={"token": "t1"}), deny_then_approve("no", "no", "no"))
    for _ in range(6):
        bench.settle()
        bench.wait(10)

    assert bench.events == [
        ("Denied", "Denied for run t1: no"),
        ("Approved", "Approved for run t1"),
    ]


def test_without_run_and_interval_the_webhook_is_left_alone() -> None:
    """A Gate that waits for its asker sends nothing, and says what it waits for."""
    bench = Bench(gate(interval=None), says(200))

    bench.settle()

    assert bench.sent == []
    assert bench.message("Ready") == "Waiting for a run"
    assert bench.condition("Open") == ("Unknown", "NotAsked")
