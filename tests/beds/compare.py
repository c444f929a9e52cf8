"""Where our record of a scenario and the recorded one differ, part by part.

As strict as the table of the recordings says: order and content of everything the Canary and its
objects went through; of the users only that they fared no worse.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .history import DELETED, masked, waits
from .story import NAMESPACE

OF_OBJECTS = (
    "status",
    "conditions",
    "revisions",
    "trackedConfigs",
    "finalizers",
    "routes",
    "selectors",
    "replicas",
    "objects",
    "events",
    "webhooks",
    "metrics",
)
"""The parts of a record that no measure of time or load has a say in."""

OF_THE_LAB = (*OF_OBJECTS, "clients")
"""What is compared where a machine that others use, too, decides the times."""
PARTS = (*OF_OBJECTS, "rolls", "clients", "shares")
SHARE_TOLERANCE = 0.08
ERRORS_TOLERANCE = 1.0


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where *ours* is not what was *recorded*; None stands for nothing there."""

    part: str
    where: str
    recorded: Any
    ours: Any

    def __str__(self) -> str:
        return f"{self.part} {self.where}\n    recorded {self.recorded}\n    ours     {self.ours}"


def differences(
    ours: Mapping[str, Any], recorded: Mapping[str, Any], parts: Iterable[str] = PARTS
) -> tuple[Difference, ...]:
    """Compare *parts* of two records; *recorded* has the deliberate deviations applied already."""
    found: list[Difference] = []
    for part in parts:
        if part in _USERS:
            found += _USERS[part](recorded, ours)
        else:
            read = _READ.get(part, lambda record, part=part: record[part])
            found += _deep(part, "", read(recorded), read(ours))
    return tuple(found)


def _deep(part: str, where: str, recorded: Any, ours: Any) -> Iterator[Difference]:
    """Walk both values; a list that has another length is one difference, shown whole."""
    if isinstance(recorded, Mapping) and isinstance(ours, Mapping):
        for name in sorted({*recorded, *ours}):
            path = f"{where}.{name}" if where else str(name)
            yield from _deep(part, path, recorded.get(name), ours.get(name))
    elif isinstance(recorded, list) and isinstance(ours, list) and len(recorded) == len(ours):
        for index, (theirs, own) in enumerate(zip(recorded, ours, strict=True)):
            yield from _deep(part, f"{where}[{index}]", theirs, own)
    elif recorded != ours:
        yield Difference(part, where, recorded, ours)


def _scaled(record: Mapping[str, Any]) -> dict[str, Any]:
    return {title: seen["spec"] for title, seen in record["replicas"].items()}


def _rolls(record: Mapping[str, Any]) -> dict[str, bool]:
    """Tell of each workload whether its pods were changed once all were available."""
    return {title: _rolled(seen["available"]) for title, seen in record["replicas"].items()}


def _rolled(available: list[int]) -> bool:
    return available.index(available[-1]) < len(available) - 1


def _said(record: Mapping[str, Any]) -> list[list[Any]]:
    """Take type and message, what is masked in ours masked; how often is not compared."""
    return [[event[0], masked(event[1], NAMESPACE)] for event in record["events"]]


def _told(record: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Leave out deliveries about mere waiting, and events that only repeat the one before."""
    kept: list[dict[str, Any]] = []
    for call in record["webhooks"]:
        message = (call["payload"].get("metadata") or {}).get("eventMessage")
        if message is None or not (waits(message) or (kept and kept[-1] == call)):
            kept.append(call)
    return kept


def _clients(recorded: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Difference]:
    for client, theirs in recorded["clients"].items():
        own = ours["clients"].get(client, {"requests": {}, "errors": 0.0})
        errors = sum(theirs["errors"].values())
        if own["errors"] > errors + ERRORS_TOLERANCE:
            yield Difference("clients", f"{client} errors", errors, own["errors"])
        strangers = sorted(set(own["requests"]) - set(theirs["requests"]))
        if strangers:
            yield Difference("clients", f"{client} requests", sorted(theirs["requests"]), strangers)


def _shares(recorded: Mapping[str, Any], ours: Mapping[str, Any]) -> Iterator[Difference]:
    own_shares = {str(share["route"]): share["canary"] for share in ours["shares"]}
    for share in recorded["shares"]:
        if share["route"] == DELETED:
            continue
        found = own_shares.get(str(share["route"]))
        if found is None or abs(found - share["canary"]) > SHARE_TOLERANCE:
            yield Difference("shares", str(share["route"]), share["canary"], found)


_READ: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "replicas": _scaled,
    "rolls": _rolls,
    "events": _said,
    "webhooks": _told,
}
"""What is compared of a part that is not compared as it stands."""

_USERS: Mapping[str, Callable[[Mapping[str, Any], Mapping[str, Any]], Iterator[Difference]]] = {
    "clients": _clients,
    "shares": _shares,
}
