"""How a recorded scenario is read, and when its steps are due."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.beds.story import NAMESPACE, Progress, emptied, filled_in, read_story

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = Path(__file__).parents[1] / "compat" / "scenarios" / "good-steps.json"


def now(after_s: float) -> datetime:
    return NOW + timedelta(seconds=after_s)


def test_placeholders_are_filled_in_and_put_back() -> None:
    text = {"url": ["${SINK}/${NS}/gate", "${PROM}", "${TESTER}"]}

    assert emptied(filled_in(text)) == text
    assert filled_in(text)["url"][0] == f"http://sink.test/{NAMESPACE}/gate"


def test_a_step_waits_for_its_condition_and_then_its_seconds() -> None:
    progress = Progress(read_story(GOOD))

    def due(holds: bool, after_s: float) -> int:
        return len(progress.due(lambda _: holds, now(after_s)))

    assert [due(False, 0), due(True, 5), due(False, 7), due(False, 8), due(True, 9)] == [
        0,
        0,
        0,
        1,
        0,
    ]


def test_a_story_ends_some_time_after_its_last_condition() -> None:
    progress = Progress(read_story(GOOD))
    progress.due(lambda _: True, now(0))
    progress.due(lambda _: True, now(3))

    ended = [progress.ended(lambda _: True, now(after_s)) for after_s in (5, 16, 17)]

    assert ended == [False, False, True]


def test_alerts_are_left_out_of_what_is_given() -> None:
    story = read_story(GOOD.with_name("gate-traffic.json"))

    canaries = [item for item in story.manifests if item["kind"] == "Canary"]
    assert "alerts" not in canaries[0]["spec"]["analysis"]
