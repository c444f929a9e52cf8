"""What is said about objects, without any cluster."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flagger_cli import orders
from flagger_cli.ages import age, moment_of
from flagger_cli.explanation import explain
from flagger_cli.orders import Deed
from flagger_cli.picture import Picture, Respondent
from flagger_cli.printing import rendered
from flagger_cli.rows import Table, standing
from flagger_cli.who import Who, who
from flagger_py.errors import SpecError
from flagger_py.testing.build import a_canary

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def _gate(name: str = "app-go", **fields: Any) -> dict[str, Any]:
    question = fields.pop("question", {"manual": {}})
    return {
        "apiVersion": "gating.flagger.app/v1alpha1",
        "kind": "Gate",
        "metadata": {"name": name, "namespace": "test", "generation": 1},
        "spec": {"question": question, **fields.pop("spec", {})},
        **fields,
    }


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
    gate = _gate(spec={"run": {"token": "new"}}, status=status)

    text = _text(Picture(a_canary(), gates=(Respondent("Gate", "app-go", gate),)))

    assert "Gate app-go: closed for an older question; the present one is not answered" in text


def test_a_silent_controller_is_named() -> None:
    gate = _gate(status={"observedGeneration": 0})

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


@pytest.mark.parametrize(
    ("question", "whom"),
    [
        ({"webhook": {"url": "http://gate/x"}}, "the webhook http://gate/x"),
        ({"window": {"schedule": "0 9 * * 1-5"}}, r"the clock \(0 9 \* \* 1-5\)"),
    ],
    ids=["webhook", "window"],
)
def test_a_gate_that_asks_somebody_else_cannot_be_approved_by_hand(
    question: dict[str, Any], whom: str
) -> None:
    with pytest.raises(SpecError, match=f"asks {whom}, which alone can open it"):
        orders.approve(_gate(question=question), "me")


def test_a_gate_is_found_by_the_name_of_its_webhook() -> None:
    gates = [_gate("app-go"), _gate("app-stop")]

    assert orders.choose(gates, "stop", "app") is gates[1]


def test_several_waiting_gates_have_to_be_told_apart() -> None:
    with pytest.raises(SpecError, match=r"several Gates wait .* a, b; name one with --gate"):
        orders.choose([_gate("a"), _gate("b")], "", "app")


def test_an_open_gate_needs_no_approval() -> None:
    status = {"conditions": [{"type": "Open", "status": "True"}], "run": {"token": "t"}}

    assert orders.approve(_gate(spec={"run": {"token": "t"}}, status=status), "me") is None


def test_an_approval_for_an_older_run_is_none_for_this_one() -> None:
    status = {"conditions": [{"type": "Open", "status": "True"}], "run": {"token": "old"}}

    order = orders.approve(_gate(spec={"run": {"token": "new"}}, status=status), "me")

    assert order is not None
    assert list(order.body["metadata"]["annotations"].values()) == ["new by me"]


def test_a_release_that_is_being_ended_takes_no_command() -> None:
    progress = {"revision": "r", "run": 1, "ending": "RollBack"}
    canary = a_canary(status={"phase": "Progressing", "progress": progress})

    with pytest.raises(SpecError, match="being ended already"):
        orders.command(canary, Deed.PROMOTE)


def test_each_deed_has_a_field_manager_of_its_own() -> None:
    """What one command wrote is not taken back by another."""
    progress = {"revision": "r", "run": 1}
    canary = a_canary(status={"phase": "Progressing", "progress": progress})
    pause = orders.pause(canary)
    assert pause is not None

    managers = {pause.manager, orders.command(canary, Deed.PROMOTE).manager}

    assert len(managers) == 2


def test_the_first_kubeconfig_to_name_a_thing_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("current-context: two\n")
    second.write_text(
        "current-context: one\n"
        "contexts:\n"
        "- {name: one, context: {user: ann}}\n"
        "- {name: two, context: {user: bob, namespace: apps}}\n"
    )
    environ = {"KUBECONFIG": f"{first}:{tmp_path / 'none'}:{second}"}

    assert who("", "", environ) == Who("bob", "apps")
    assert who("", "one", environ) == Who("ann", "")
    assert who(str(tmp_path / "none"), "", environ) == Who()


def test_a_kubeconfig_that_is_no_map_is_named(tmp_path: Path) -> None:
    path = tmp_path / "k"
    path.write_text("- 1\n")

    with pytest.raises(SpecError, match=f"kubeconfig {path} is no YAML map"):
        who(str(path), "", {})
