"""Each recorded scenario of the real Flagger, played with ours: the same, but where it is meant."""

from pathlib import Path

import pytest

from tests.beds.compare import differences
from tests.beds.scenario import play
from tests.beds.story import read_story

from .deviations import DEVIATIONS, expected
from .rewriting import EVERYWHERE

SCENARIOS = Path(__file__).parents[1] / "compat" / "scenarios"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_ours_does_what_flagger_did(name: str) -> None:
    """Nothing differs but what is listed, and it takes no longer."""
    story = read_story(SCENARIOS / f"{name}.json")

    outcome = play(story)

    found = differences(outcome.record, expected(name, story.record))
    assert not found, "\n" + "\n".join(str(difference) for difference in found)
    assert outcome.ended
    assert outcome.seconds <= story.seconds
    assert outcome.requests <= story.record["api"]["total"]


def test_every_listed_scenario_is_there() -> None:
    assert {item.scenario for item in DEVIATIONS} - {EVERYWHERE} <= set(NAMES)
