"""What to write of one object: nothing, what changed, or what somebody else undid."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from flagger_py.decision import Apply, Force
from flagger_py.errors import Unavailable
from flagger_py.owned import says_already
from flagger_py.refs import controlled_by
from flagger_py.wire import Manifest

from .api import MANAGER, TRAFFIC_ROUTE, Written
from .objects import digest, ident_of, owned_by, spoken, version_of
from .reasons import Reason

APPEARS_WITHIN = timedelta(seconds=10)
"""How long an object that we made may be missing from what we read."""


class State(StrEnum):
    """How a stored object stands to what it should say."""

    SETTLED = "Settled"
    """It says it."""
    PENDING = "Pending"
    """We wrote it; the copy that we read is from before."""
    CHANGED = "Changed"
    """It is written now, since what it should say is new."""
    REPAIRED = "Repaired"
    """It is written now, since somebody else changed it."""


@dataclass(frozen=True, slots=True)
class Want:
    """An object as we make it, and the part of it that goes onto one which was there before."""

    whole: Manifest
    part: Manifest
    lists_are_ours: bool = False

    @property
    def ident(self) -> str:
        return ident_of(self.whole)


@dataclass(frozen=True, slots=True)
class Step:
    """What to do about one wanted object; *written* goes into the status."""

    want: Want
    state: State
    written: Written
    apply: Apply | None = None

    @property
    def writes(self) -> bool:
        return self.apply is not None


def plan(
    want: Want,
    live: Manifest | None,
    before: Written | None,
    owner: Mapping[str, Any],
    now: datetime,
) -> Step:
    """Compare *want* with *live*; *before* is what the status says of our last write.

    A stored copy whose resourceVersion is the one our last write replaced is either older than
    that write, or the write changed nothing because the API server stores what we want in other
    words. Neither is drift.
    """
    ours = live is None or is_ours(live, owner)
    target = owned_by(want.whole, owner) if ours else want.part
    mark = digest(target)
    known = before if before is not None and before.digest == mark else None
    sent = _emptied(target, live) if want.lists_are_ours else target
    if known is not None and says_already(sent, live, MANAGER):
        return Step(want, State.SETTLED, known)
    if known is not None and _unseen(known, live, now):
        return Step(want, State.PENDING, known)
    state = State.REPAIRED if known is not None else State.CHANGED
    over = version_of(live)
    if not ours and before is None:
        # What was recorded of it must still hold when we change it.
        sent = _at_version(sent, over)
    written = Written(
        api_version=target["apiVersion"],
        kind=target["kind"],
        name=target["metadata"]["name"],
        digest=mark,
        over=over,
        at=now,
    )
    return Step(want, state, written, Apply(sent, Force.ALWAYS if ours else Force.UNLESS_GITOPS))


def is_ours(live: Manifest, owner: Mapping[str, Any]) -> bool:
    """Tell whether we made *live*; `Unavailable` where another TrafficRoute did."""
    if controlled_by(live, str(owner["uid"])):
        return True
    for ref in live["metadata"].get("ownerReferences") or ():
        if ref.get("controller") and ref.get("kind") == TRAFFIC_ROUTE.kind:
            raise Unavailable(
                f"{spoken(live)} belongs to TrafficRoute {ref.get('name')} "
                f"(uid {ref.get('uid')}); delete that one or choose other names",
                reason=Reason.OWNED_BY_ANOTHER,
            )
    return False


def akin_to(live: Manifest, route: Manifest) -> bool:
    """Tell whether *live* was made by the Canary that made the TrafficRoute *route*."""
    owners = route["metadata"].get("ownerReferences") or ()
    return any(ref.get("controller") and controlled_by(live, ref["uid"]) for ref in owners)


def _emptied(desired: Manifest, live: Manifest | None) -> dict[str, Any]:
    """Add to *desired* an empty list for each list of the *live* spec that we do not want.

    Server-side apply leaves a field that somebody else wrote: hostnames on a route of ours would
    stay, and requests to the other hosts would go nowhere.
    """
    spec: dict[str, Any] = dict(desired.get("spec") or {})
    for name, value in ((live or {}).get("spec") or {}).items():
        if name not in spec and isinstance(value, list):
            spec[name] = []
    return {**desired, "spec": spec}


def _unseen(before: Written, live: Manifest | None, now: datetime) -> bool:
    if version_of(live) != before.over:
        return False
    return live is not None or now - before.at < APPEARS_WITHIN


def _at_version(manifest: Manifest, version: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": version}}
