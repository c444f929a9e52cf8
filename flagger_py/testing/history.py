"""What happened to the objects of each kind, in order, as watches see it."""

from bisect import bisect_right
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flagger_py.refs import Key, Kind, key_of
from flagger_py.testing.refusal import Gone
from flagger_py.wire import Manifest

KEPT_MAX = 20_000
"""Changes kept per kind; where there are more, the older half is compacted away."""


class Happened(StrEnum):
    """The type of a watch event."""

    ADDED = "ADDED"
    MODIFIED = "MODIFIED"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Change:
    """One event of a watch; *before* is the object as it was, None where it is new."""

    kind: Kind
    type: Happened
    object: Manifest
    version: int
    """The resourceVersion this change has given."""
    before: Manifest | None = None

    @property
    def key(self) -> Key:
        return key_of(self.object)

    def event(self) -> dict[str, Any]:
        """Return the change as a watch writes it."""
        return {"type": str(self.type), "object": self.object}


@dataclass(slots=True)
class History:
    """The changes of one kind. *floor* is the newest version that was compacted away."""

    floor: int = 0
    changes: list[Change] = field(default_factory=list)

    def append(self, change: Change) -> None:
        self.changes.append(change)
        if len(self.changes) > KEPT_MAX:
            self.compact(self.changes[KEPT_MAX // 2].version)

    def since(self, version: int) -> tuple[Change, ...]:
        """Return what happened after *version*; raises `Gone` where that is no longer known."""
        if version < self.floor:
            raise Gone(f"too old resource version: {version} ({self.floor})")
        place = bisect_right(self.changes, version, key=lambda change: change.version)
        return tuple(self.changes[place:])

    def compact(self, version: int) -> None:
        """Forget everything up to and with *version*."""
        place = bisect_right(self.changes, version, key=lambda change: change.version)
        del self.changes[:place]
        self.floor = max(self.floor, version)
