"""The recorded scenarios of the real Flagger, in real time: real control plane, edge and users.

The same rules as for the simulation say what must be as recorded and what is meant to differ.
`FLAGGER_PY_SCENARIOS=all` plays all of them, a list with commas those, else `DEFAULT` is played.
"""

import os
from collections.abc import Iterator

import pytest

from tests.beds.compare import OF_OBJECTS, differences
from tests.cluster.lab.programme import ALL, Programme
from tests.cluster.lab.running import Lab
from tests.scenarios.deviations import expected
from tests.scenarios.rewriting import EVERYWHERE
from tests.scenarios.unsettled import UNSETTLED

PARTS = (*OF_OBJECTS, "clients")
"""Times and requests are not compared: the machine decides them."""

DEFAULT = (
    "bad-errors",
    "configmap",
    "delete-plain",
    "gate-promotion",
    "gate-rollout",
    "gate-traffic",
    "good-steps",
    "hooks-all",
    "metric-template",
    "never-ready",
    "new-revision",
    "revert-midway",
    "skip-analysis",
    "steps-gatewayapi",
    "suspend",
)
_ASKED = os.environ.get("FLAGGER_PY_SCENARIOS", "")
NAMES = ALL if _ASKED == "all" else tuple(_ASKED.split(",")) if _ASKED else DEFAULT


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

    recorded = expected(name, programme.story(name).record, simulated=False)
    found = differences(played.record, recorded, PARTS)
    known = [item for item in UNSETTLED if item.scenario in (EVERYWHERE, name)]
    strange = [d for d in found if not any(item.covers(d) for item in known)]
    print(f"{name}: {played.seconds:.0f} s; Flagger took {programme.story(name).seconds:.0f} s")
    for lost in played.lost:
        print(f"  no pod answered at {lost.at:%H:%M:%S.%f}: {lost.code} {lost.text}")
    assert not strange, "\n" + "\n".join(str(difference) for difference in strange)
    assert played.ended
