"""What of a record of the lab has to be as recorded: the simulation's rules, with two exceptions.

Times and requests are not compared, since the machine decides them. Messages to the event webhook,
which nobody waits for, are compared apart from the questions to the others.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from tests.beds.compare import OF_THE_LAB, Difference, differences
from tests.scenarios.deviations import expected


def strange(
    name: str, recorded: Mapping[str, Any], ours: Mapping[str, Any]
) -> tuple[Difference, ...]:
    """Return how *ours* of the scenario *name* differs from what it must be."""
    wanted = expected(name, recorded, simulated=False)
    return tuple(differences(_sorted(ours), _sorted(wanted), OF_THE_LAB))


def _sorted(record: Mapping[str, Any]) -> dict[str, Any]:
    """Put the questions before the messages to the event webhook, each in their order."""
    found = deepcopy(dict(record))
    found["webhooks"] = sorted(found["webhooks"], key=_is_message)
    return found


def _is_message(call: Mapping[str, Any]) -> bool:
    return "eventMessage" in (call["payload"].get("metadata") or {})
