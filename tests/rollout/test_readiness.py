"""How long a Deployment is waited for: its deadline begins with its present template."""

from datetime import timedelta
from typing import Any

import pytest

from flagger_py.clock import rfc3339
from flagger_rollout.readiness import readiness
from tests.rollout.scene import NOW, a_deployment


def never_ready(unavailable_s: float, progressed_s: float) -> dict[str, Any]:
    """Return a Deployment without a ready pod, unavailable and without progress for so long."""
    ago = {"Available": unavailable_s, "Progressing": progressed_s}
    reasons = {"Available": "MinimumReplicasUnavailable", "Progressing": "ReplicaSetUpdated"}
    deployment = a_deployment("2", ready=False)
    deployment["status"]["conditions"] = [
        {
            "type": kind,
            "status": "False" if kind == "Available" else "True",
            "reason": reasons[kind],
            "lastUpdateTime": rfc3339(NOW - timedelta(seconds=seconds)),
        }
        for kind, seconds in ago.items()
    ]
    return deployment


@pytest.mark.parametrize(
    ("unavailable_s", "progressed_s", "late", "left_s"),
    [(61, 61, True, None), (61, 20, False, 40), (20, 61, False, 40)],
    ids=["both", "a fix was pushed", "it became unavailable just now"],
)
def test_a_deadline_begins_anew_with_another_template(
    unavailable_s: float, progressed_s: float, late: bool, left_s: float | None
) -> None:
    deployment = never_ready(unavailable_s, progressed_s)

    found = readiness(deployment, threshold_percent=100, deadline_s=60, now=NOW)

    assert (found.ready, found.late, found.wake_s) == (False, late, left_s)
