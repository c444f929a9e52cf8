"""What is said about objects, without any cluster."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from flagger_cli.ages import age, moment_of
from flagger_cli.explanation import explain
from flagger_cli.picture import Picture, Respondent
from flagger_cli.printing import rendered
from flagger_cli.rows import Table, standing
from flagger_py.testing.build import a_canary

from .gates import a_gate

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _text(picture: Picture) -> str:
    return "\n".join(line for section in explain(picture, NOW) for line in section.lines)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-5, "0s"), (119, "119s"), (120, "2m"), (7200, "2h"), (7500, "2h5m"), (200_000, "2d")],
)
def test_ages_read_as_kubectl_writes_them(seconds: int, text: str) -> None:
    assert age(NOW - timedelta(seconds=seconds), NOW) == text


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert moment_of(text) is None


def test_an_object_without_ready_waits_to_be_reconciled() -> None:
    assert standing(a_canary()) == ("Unknown", "waiting to be reconciled")


def test_a_ready_of_an_older_generation_counts_for_nothing() -> None:
    ready = {"type": "Ready", "status": "True", "message": "fine"}
    canary = a_canary(
        metadata={"generation": 2}, status={"observedGeneration": 1, "conditions": [ready]}
    )

    assert standing(canary) == ("Unknown", "waiting to be reconciled anew; before: fine")


def test_a_suspended_canary_says_what_was_before_and_waits_for_nobody() -> None:
    ready = {"type": "Ready", "status": "True", "message": "fine"}
    canary = a_canary(
        metadata={"generation": 2},
        spec={"suspend": True},
        status={"phase": "Initialized", "observedGeneration": 1, "conditions": [ready]},
    )
    asked = a_gate()

    text = _text(Picture(canary, gates=(Respondent("Gate", "app-go", asked),)))

    assert standing(canary) == ("True", "suspended; before: fine")
    assert "It is paused" in text
    assert "looked at" not in text


def test_what_no_controller_has_made_yet_is_told_as_such() -> None:
    route = Respondent("TrafficRoute", "app", missing="it does not exist", unmade=True)

    text = _text(Picture(a_canary(), routes=(route,)))

    assert "TrafficRoute app: not made yet; is the rollout controller running?" in text


def test_an_analysis_without_verdict_says_why() -> None:
    ready = {"type": "Ready", "status": "False", "message": "no template x."}
    manifest = {"metadata": {"name": "app"}, "spec": {}, "status": {"conditions": [ready]}}
    analysis = Respondent("MetricAnalysis", "app", manifest)

    text = _text(Picture(a_canary(), analyses=(analysis,)))

    assert "MetricAnalysis app has given no verdict yet: no template x." in text


def test_a_missing_dependency_is_no_silence() -> None:
    """observedGeneration waits for the dependency; the condition says that somebody looked."""
    ready = {"type": "Ready", "status": "False", "message": "no target", "observedGeneration": 1}
    canary = a_canary(
        metadata={"generation": 1}, status={"observedGeneration": -1, "conditions": [ready]}
    )

    assert standing(canary) == ("False", "no target")


def test_a_table_in_a_pipe_keeps_each_row_on_one_line() -> None:
    text = rendered(Table(("NAME", "MESSAGE"), (("a", "word " * 100),)), 10_000)

    assert len(text.splitlines()) == 2
    assert not any(line.endswith(" ") for line in text.splitlines())


def test_a_table_on_a_terminal_stays_within_its_width() -> None:
    text = rendered(Table(("NAME", "MESSAGE"), (("a", "word " * 100),)), 60)

    assert max(len(line) for line in text.splitlines()) <= 60


def test_brackets_in_a_message_are_no_markup() -> None:
    assert "[bold]x[/bold]" in rendered(Table(("A", "B"), (("a", "[bold]x[/bold]"),)), 80)


def test_an_answer_to_an_older_question_is_told_as_such() -> None:
    status = {"observedGeneration": 1, "run": {"token": "old", "polls": 3}}
    gate = a_gate(spec={"run": {"token": "new"}}, status=status)

    text = _text(Picture(a_canary(), gates=(Respondent("Gate", "app-go", gate),)))

    assert "Gate app-go: closed for an older question; the present one is not answered" in text


def test_a_silent_controller_is_named() -> None:
    gate = a_gate(status={"observedGeneration": 0})

    text = _text(Picture(a_canary(), gates=(Respondent("Gate", "app-go", gate),)))

    assert "Gate app-go has a question that nobody has looked at yet" in text
    assert "flagger-py approve test/app --gate app-go" in text


def test_a_missing_respondent_is_told_with_the_reason() -> None:
    route = Respondent("TrafficRoute", "app", missing="it does not exist")

    text = _text(Picture(a_canary(), routes=(route,)))

    assert "TrafficRoute app cannot be asked: it does not exist" in text


def test_a_split_that_is_not_in_force_yet_is_told_beside_the_one_that_is() -> None:
    in_force = {"split": {"primary": 80, "canary": 20}, "since": "2026-03-01T11:59:00Z"}
    ready = {"type": "Ready", "status": "Unknown", "reason": "Progressing", "message": "waits"}
    route = {
        "metadata": {"name": "app", "generation": 2},
        "spec": {"split": {"primary": 60, "canary": 40}},
        "status": {
            "observedGeneration": 2,
            "inForce": {**in_force, "generation": 1},
            "conditions": [ready],
        },
    }

    text = _text(Picture(a_canary(), routes=(Respondent("TrafficRoute", "app", route),)))

    assert "80% primary, 20% canary in force for 60s" in text
    assert "60% primary, 40% canary is asked for: waits" in text


def test_a_stalled_canary_needs_its_spec_changed() -> None:
    stalled = {"type": "Stalled", "status": "True", "reason": "InvalidSpec", "message": "no port"}
    canary = a_canary(status={"observedGeneration": 1, "conditions": [stalled]})

    text = _text(Picture(canary))

    assert "Stalled is True (InvalidSpec): no port" in text
    assert "Change the spec" in text


def _with_phase(phase: str, *conditions: tuple[str, str, str]) -> Any:
    found = [
        {"type": kind, "status": "False" if kind == "Ready" else "True", "reason": reason}
        | {"message": message}
        for kind, reason, message in conditions
    ]
    status = {"observedGeneration": 1, "phase": phase, "failedChecks": 0, "conditions": found}
    return a_canary(status=status)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        ((), "New: it has not been looked at yet."),
        ((("Ready", "DependencyNotReady", "no target"),), "New: it was looked at and waits"),
        (
            (("Stalled", "InvalidSpec", "no port"), ("Ready", "InvalidSpec", "no port")),
            "New: it was looked at and is not taken as it is: see Stalled below.",
        ),
    ],
    ids=["silence", "waits", "stalled"],
)
def test_a_new_canary_is_told_by_its_conditions(conditions: Any, told: str) -> None:
    assert _text(Picture(_with_phase("", *conditions))).startswith(told)


def test_after_a_rollback_the_next_step_is_another_push_or_a_retry() -> None:
    """The spec is good, and counters of a release that is over say nothing."""
    sentence = "Rolled back after 2 of 2 failed checks"
    canary = _with_phase("Failed", ("Stalled", "RolloutFailed", sentence))

    text = _text(Picture(canary))

    assert "0 of 2 failed checks" not in text
    assert "Change the spec" not in text
    assert "Push another revision" in text
    assert "flagger-py reconcile canary test/app --force: try this revision once more." in text


def test_a_gate_of_a_canary_is_asked_by_it_and_by_nobody_else() -> None:
    gate = a_gate(
        question={"webhook": {"url": "http://go/"}},
        metadata={
            "name": "app-go",
            "generation": 1,
            "ownerReferences": [{"kind": "Canary", "uid": "1", "controller": True}],
        },
        status={
            "observedGeneration": 1,
            "conditions": [{"type": "Open", "status": "Unknown", "message": "Closed: write run"}],
        },
    )

    text = _text(Picture(a_canary(), gates=(Respondent("Gate", "app-go", gate),)))

    assert "Gate app-go: closed: its Canary asks it when a release comes to it" in text
    assert "write run" not in text


def test_the_state_of_a_gate_is_said_once() -> None:
    said = {"type": "Open", "status": "False", "message": "Closed: denied by ann"}
    gate = a_gate(status={"observedGeneration": 1, "conditions": [said]})

    text = _text(Picture(a_canary(), gates=(Respondent("Gate", "app-go", gate),)))

    assert "Gate app-go: closed: denied by ann" in text
