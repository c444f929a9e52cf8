"""Which TrafficRoute changes an object that none has made: an annotation on it says so.

An adopted object has no owner among us, and two TrafficRoutes would switch it to and fro. The
mark is applied with what we change and goes with it when the object is handed back.
"""

from collections.abc import Iterable
from typing import Any

from flagger_py.errors import Unavailable
from flagger_py.wire import Manifest

from .api import TRAFFIC_ROUTE
from .objects import spoken
from .reasons import Reason

MARK = f"{TRAFFIC_ROUTE.group}/traffic-route"


def marked(manifest: Manifest, name: str) -> dict[str, Any]:
    """Return what is applied to an adopted object, as TrafficRoute *name* applies it."""
    meta = manifest["metadata"]
    annotations = {**(meta.get("annotations") or {}), MARK: name}
    return {**manifest, "metadata": {**meta, "annotations": annotations}}


def another(live: Manifest, name: str) -> str | None:
    """Return which TrafficRoute but *name* has marked *live*."""
    found: str | None = (live["metadata"].get("annotations") or {}).get(MARK)
    return None if found in (None, name) else found


def refuse_taken(lives: Iterable[Manifest], name: str, present: frozenset[str]) -> None:
    """Raise `Unavailable` for an object that another TrafficRoute of those *present* changes.

    The mark of one that is gone without handing back says nothing.
    """
    for live in lives:
        other = another(live, name)
        if other in present:
            raise Unavailable(
                f"{spoken(live)} was adopted by TrafficRoute {other}; delete that one or choose "
                "other names",
                reason=Reason.OWNED_BY_ANOTHER,
            )
