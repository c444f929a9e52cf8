"""Which objects that were there before are another TrafficRoute's: two would fight for them.

Whoever adopts an object remembers so in its own status before it changes it first; nothing is
written on the object for that. Who has changed an object it remembers keeps it and looks no more.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from flagger_py.contracts import status_of
from flagger_py.errors import Unavailable
from flagger_py.refs import controlled_by
from flagger_py.wire import Manifest

from . import adopt
from .case import RouteSubject
from .objects import ident_of, spoken
from .reasons import Reason


def doubtful(subject: RouteSubject, live: Manifest) -> bool:
    """Tell whether *live* may be another one's: it is not ours, and we never changed it."""
    if controlled_by(live, subject.uid):
        return False
    changed = any(written.ident == ident_of(live) for written in subject.status.objects)
    return not (changed and adopt.record_of(subject.status.adopted, live) is not None)


def holders(
    subject: RouteSubject, lives: Iterable[Manifest], routes: Iterable[Manifest]
) -> dict[str, str]:
    """Return which of *routes*, all TrafficRoutes of the namespace, holds which of *lives*.

    Of two that remember the same object and have not changed it, the older one holds it.
    """
    found = {}
    others = [route for route in routes if route["metadata"]["name"] != subject.name]
    for live in lives:
        ours = adopt.record_of(subject.status.adopted, live) is not None
        for route in others:
            if _remembers(route, live) and (not ours or _age(route) < _age(subject.manifest)):
                found[ident_of(live)] = str(route["metadata"]["name"])
    return found


def refuse(lives: Iterable[Manifest], held: Mapping[str, str]) -> None:
    """Raise `Unavailable` for the first of *lives* that another TrafficRoute holds."""
    for live in lives:
        other = held.get(ident_of(live))
        if other is not None:
            raise Unavailable(
                f"{spoken(live)} was adopted by TrafficRoute {other}; delete that one or choose "
                "other names",
                reason=Reason.OWNED_BY_ANOTHER,
            )


def _remembers(route: Manifest, live: Manifest) -> bool:
    uid = live["metadata"].get("uid")
    return any(one.get("uid") == uid for one in status_of(route).get("adopted") or ())


def _age(route: Manifest) -> tuple[Any, Any]:
    meta = route["metadata"]
    return meta.get("creationTimestamp", ""), meta["name"]
