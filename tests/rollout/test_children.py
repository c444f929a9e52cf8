"""The objects that a Canary makes to ask its questions."""

import pytest

from flagger_rollout.children import gate_name
from tests.rollout.scene import Scene, a_canary, applied


def test_a_gate_is_named_after_canary_and_webhook() -> None:
    assert gate_name("app", "load-test") == "app-load-test"


def test_names_that_no_object_can_have_stay_apart() -> None:
    names = {gate_name("app", webhook) for webhook in ("Load test", "load test", "läd", "***")}

    assert len(names) == 4
    assert all(name.isascii() and name == name.lower() for name in names)


def test_long_names_that_differ_at_their_end_stay_apart() -> None:
    one, two = (gate_name("c" * 240, "w" * 60 + end) for end in ("1", "2"))

    assert one != two
    assert max(len(one), len(two)) <= 253


def test_how_several_series_become_one_value_is_passed_on() -> None:
    metric = {"name": "errors", "query": "errors", "threshold": 1, "reduce": "max"}

    decision = Scene(manifest=a_canary(metrics=[metric])).decide()

    (analysis,) = applied(decision.actions, "MetricAnalysis")
    assert analysis["spec"]["metrics"][0]["reduce"] == "max"


@pytest.mark.parametrize(
    ("kind", "phase"),
    [
        ("rollout", "Progressing"),
        ("pre-rollout", "Progressing"),
        ("confirm-traffic-increase", "Progressing"),
        ("confirm-promotion", "Progressing"),
        ("confirm-rollout", "WaitingPromotion"),
        ("rollback", "WaitingPromotion"),
        ("post-rollout", "WaitingPromotion"),
    ],
)
def test_a_question_about_an_analysis_says_progressing_whatever_the_phase(
    kind: str, phase: str
) -> None:
    """So Flagger's payloads do, also while it waits for the promotion."""
    hook = {"name": "ask", "type": kind, "url": "http://sink.test/ask"}

    decision = Scene(manifest=a_canary(webhooks=[hook]), phase="WaitingPromotion").decide()

    (gate,) = applied(decision.actions, "Gate")
    assert gate["spec"]["payload"]["phase"] == phase
