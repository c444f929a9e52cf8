"""The recorded scenarios of the real Flagger, in real time: real control plane, edge and users.

The same rules as for the simulation say what must be as recorded and what is meant to differ. All
of them are in the default run, ten at a time, which takes five minutes on two free cores;
`FLAGGER_PY_SCENARIOS=good-steps,init` plays those alone.
"""

import os
from collections.abc import Iterator

import pytest

from tests.cluster.lab.comparing import strange
from tests.cluster.lab.programme import ALL, Programme
from tests.cluster.lab.running import Lab

_ASKED = os.environ.get("FLAGGER_PY_SCENARIOS", "all")
NAMES = ALL if _ASKED == "all" else tuple(_ASKED.split(","))


@pytest.fixture(scope="module")
def programme(lab: Lab, request: pytest.FixtureRequest) -> Iterator[Programme]:
    """All stories that are asked for in this run, begun together."""
    asked = [item for item in request.session.items if item.path == request.path]
    names = [item.callspec.params["name"] for item in asked if hasattr(item, "callspec")]
    begun = Programme(lab, names)
    yield begun
    begun.close()


@pytest.mark.parametrize("name", NAMES)
def test_ours_does_in_a_cluster_what_flagger_did(name: str, programme: Programme) -> None:
    """Nothing differs but what is listed, and the end is reached."""
    played = programme.played(name)

    story = programme.story(name)
    print(f"{name}: {played.seconds:.0f} s; Flagger took {story.seconds:.0f} s")
    for lost in played.lost:
        print(f"  no pod answered at {lost.at:%H:%M:%S.%f}: {lost.code} {lost.text}")
    found = strange(name, story.record, played.record)
    assert not found, "\n" + "\n".join(str(difference) for difference in found)
    assert played.ended
