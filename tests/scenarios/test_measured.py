"""Further scenarios in which the real Flagger 1.44 was measured, in the bed of `tests/cluster/lab`.

Nothing differs in them but what differs everywhere. Shares, times and requests are not compared.
"""

from pathlib import Path

import pytest

from tests.beds.compare import OF_THE_LAB, differences
from tests.beds.scenario import play
from tests.beds.story import read_story

from .deviations import expected

SCENARIOS = Path(__file__).parents[1] / "compat" / "measured"
NAMES = sorted(path.stem for path in SCENARIOS.glob("*.json"))


@pytest.mark.parametrize("name", NAMES)
def test_ours_does_what_flagger_did_beside_it(name: str) -> None:
    story = read_story(SCENARIOS / f"{name}.json")

    outcome = play(story)

    found = differences(outcome.record, expected(name, story.record), OF_THE_LAB)
    assert not found, "\n" + "\n".join(str(difference) for difference in found)
    assert outcome.ended
