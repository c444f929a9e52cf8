"""When an annotation opens a gate, and when it does not."""

import pytest

from flagger_gating.manual import Claim, claim
from flagger_gating.settings import GatingSettings
from flagger_py.contracts import Answer

from .bench import Bench, gate

APPROVE = "gating.flagger.app/approve"
DENY = "gating.flagger.app/deny"
APPROVED = Claim(Answer.APPROVED, None)
DENIED = Claim(Answer.DENIED, None)


@pytest.mark.parametrize(
    ("annotations", "token", "expected"),
    [
        ({}, "t1", None),
        ({APPROVE: "t1"}, "t1", APPROVED),
        ({APPROVE: " t1 "}, "t1", APPROVED),
        ({APPROVE: "t1 by Ann Lee"}, "t1", Claim(Answer.APPROVED, "Ann Lee")),
        ({APPROVE: "t1 by "}, "t1", None),
        ({APPROVE: "t0"}, "t1", None),
        ({APPROVE: "t10"}, "t1", None),
        ({APPROVE: "open"}, "t1", None),
        ({APPROVE: "true"}, "t1", None),
        ({DENY: "t1 by Bo"}, "t1", Claim(Answer.DENIED, "Bo")),
        ({DENY: "t0", APPROVE: "t1"}, "t1", APPROVED),
        ({DENY: "t1", APPROVE: "t1"}, "t1", DENIED),
        ({APPROVE: "open by Ann"}, None, Claim(Answer.APPROVED, "Ann")),
        ({APPROVE: "close"}, None, DENIED),
        ({DENY: "close by Bo", APPROVE: "open"}, None, Claim(Answer.DENIED, "Bo")),
        ({APPROVE: "t1"}, None, None),
    ],
    ids=[
        "nothing said",
        "the token",
        "spaces around",
        "with a name",
        "an empty name",
        "an older token",
        "a longer token",
        "a word where a token is due",
        "true",
        "a denial",
        "an older denial",
        "both: the denial counts",
        "open without a run",
        "close without a run",
        "close wins without a run",
        "a token without a run",
    ],
)
def test_an_annotation_answers_the_run_it_names(
    annotations: dict[str, str], token: str | None, expected: Claim | None
) -> None:
    assert claim(annotations, token) == expected


def test_an_approval_by_hand_is_told_with_who_claims_it() -> None:
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))
    bench.settle()
    assert not bench.gated.open

    bench.annotate(approve="t1 by Ann")
    bench.settle()

    assert bench.gated.open
    assert bench.gated.answer is not None
    assert bench.gated.answer.by == "Ann"
    assert bench.events == [("Approved", "Approved by Ann for run t1")]


def test_a_waiting_gate_is_ready_acknowledged_and_says_how_to_open_it() -> None:
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))

    bench.settle()

    assert bench.gated.token == "t1"
    assert bench.condition("Ready")[0] == "True"
    assert bench.condition("Open") == ("Unknown", "NotAsked")
    assert "gating.flagger.app/approve='t1 by YOUR-NAME'" in bench.message("Open")


def test_an_approval_of_an_older_run_opens_nothing() -> None:
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))
    bench.annotate(approve="t1 by Ann")
    bench.settle()

    bench.ask("t2")
    bench.settle()

    assert (bench.gated.token, bench.gated.open) == ("t2", False)


def test_an_approval_stays_when_its_annotation_goes() -> None:
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))
    bench.annotate(approve="t1")
    bench.settle()

    bench.annotate(approve=None, deny="t1")
    bench.settle()

    assert bench.gated.open


def test_a_denial_can_be_taken_back_by_an_approval() -> None:
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))
    bench.annotate(deny="t1 by Bo")
    bench.settle()
    assert bench.condition("Open") == ("False", "Denied")

    bench.annotate(deny=None, approve="t1 by Bo")
    bench.settle()

    assert bench.gated.open
    assert [reason for reason, _ in bench.events] == ["Denied", "Approved"]


@pytest.mark.parametrize(
    ("token", "said", "approved"),
    [
        ("t1", {"deny": "t1 by Bo"}, "t1 by YOUR-NAME"),
        (None, {"deny": "close by Bo"}, "open by YOUR-NAME"),
        (None, {"approve": "close by Bo"}, "open by YOUR-NAME"),
        (None, {"approve": "open", "deny": "close"}, "open by YOUR-NAME"),
    ],
    ids=["a run", "a switch", "a switch by its only annotation", "a switch by both"],
)
def test_a_denied_gate_says_how_to_open_it_and_that_works(
    token: str | None, said: dict[str, str], approved: str
) -> None:
    bench = Bench(gate({"manual": {}}, run={"token": token} if token else None))
    bench.annotate(**said)
    bench.settle()

    told = bench.message("Open")
    assert told.startswith("Closed: denied")
    assert f"{APPROVE}='{approved}'" in told
    bench.annotate(approve=approved, **({"deny": None} if f"{DENY}-" in told else {}))
    bench.settle()

    assert bench.gated.open


def test_where_annotations_do_not_count_none_is_told() -> None:
    settings = GatingSettings(require_authenticated_approval=True)
    bench = Bench(gate({"manual": {}}), settings=settings)

    bench.settle()

    assert "kubectl" not in bench.message("Open")


def test_two_approvals_in_a_row_are_both_told() -> None:
    """What people decide is audited, also where the answer is the same as last time."""
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}))
    bench.annotate(approve="t1 by Ann")
    bench.settle()

    bench.ask("t2")
    bench.annotate(approve="t2 by Bo")
    bench.settle()

    assert [message for _, message in bench.events] == [
        "Approved by Ann for run t1",
        "Approved by Bo for run t2",
    ]


def test_without_a_run_the_annotation_is_the_state() -> None:
    bench = Bench(gate({"manual": {}}))
    states = []

    for word in ("open by Ann", "close by Ann", "open", None):
        bench.annotate(approve=word)
        bench.settle()
        states.append(bench.condition("Open"))

    assert states == [
        ("True", "Approved"),
        ("False", "Denied"),
        ("True", "Approved"),
        ("False", "NotAsked"),
    ]


def test_a_switch_that_nobody_has_opened_is_closed_and_says_how_to_open_it() -> None:
    bench = Bench(gate({"manual": {}}))

    bench.settle()

    assert bench.condition("Open") == ("False", "NotAsked")
    assert bench.condition("Ready")[0] == "True"
    assert "gating.flagger.app/approve='open by YOUR-NAME'" in bench.message("Open")


def test_a_pass_over_an_unchanged_annotation_writes_nothing() -> None:
    bench = Bench(gate({"manual": {}}))
    bench.annotate(approve="open by Ann")
    bench.settle()
    writes = bench.writes

    bench.wait(3600)
    bench.settle()

    assert bench.writes == writes


def test_where_identity_must_be_proven_annotations_do_not_count() -> None:
    settings = GatingSettings(require_authenticated_approval=True)
    bench = Bench(gate({"manual": {}}, run={"token": "t1"}), settings=settings)
    bench.annotate(approve="t1 by Ann")

    bench.settle()

    assert not bench.gated.open
    assert "--require-authenticated-approval" in bench.message("Open")


def test_a_person_may_be_waited_for_until_a_deadline() -> None:
    run = {"token": "t1", "deadline": "2026-11-22T12:30:00Z"}
    bench = Bench(gate({"manual": {}}, run=run))

    last = bench.settle()
    assert last.requeue_after_s == 1800
    bench.wait(1800)
    bench.annotate(approve="t1 by Ann")
    bench.settle()

    assert bench.condition("Open") == ("False", "Expired")
    assert [reason for reason, _ in bench.events] == ["Expired"]
