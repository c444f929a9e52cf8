"""What of a record of the lab has to be as recorded: the simulation's rules, with three exceptions.

Times and requests are not compared, since the machine decides them. Messages to the event webhook,
which nobody waits for, are compared apart from the questions to the others. A few series differ.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tests.beds.compare import OF_OBJECTS, Difference, differences
from tests.scenarios.deviations import expected
from tests.scenarios.rewriting import Deviation

PARTS = (*OF_OBJECTS, "clients")
DROPPED = "a process drops a series that nobody tells any more; the simulation keeps the last value"

DEVIATIONS: tuple[Deviation, ...] = (
    Deviation("delete-plain", "metrics", DROPPED, lambda _: {}),
    Deviation(
        "gate-rollout-revert",
        "metrics",
        f"{DROPPED}; before a first release there is no weight to tell",
        lambda found: {k: v for k, v in found.items() if "canary_weight" not in k},
    ),
)
"""Where the lab's record is meant to differ besides, see `tests.scenarios.deviations`."""


def strange(
    name: str, recorded: Mapping[str, Any], ours: Mapping[str, Any]
) -> tuple[Difference, ...]:
    """Return how *ours* of the scenario *name* differs from what it must be."""
    wanted = expected(name, recorded, simulated=False)
    for deviation in DEVIATIONS:
        if deviation.scenario == name:
            wanted[deviation.part] = deviation.rewrite(wanted[deviation.part])
    return tuple(differences(_sorted(ours), _sorted(wanted), PARTS))


def _sorted(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put the questions before the messages to the event webhook, each in their order."""
    found = deepcopy(dict(record))
    found["webhooks"] = sorted(found["webhooks"], key=_is_message)
    return found


def _is_message(call: Mapping[str, Any]) -> bool:
    return "eventMessage" in (call["payload"].get("metadata") or {})
