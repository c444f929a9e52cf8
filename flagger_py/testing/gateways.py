"""What a Gateway API controller says of HTTPRoutes: accepted or not, for the generation it saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_py.clock import rfc3339
from flagger_py.refs import SERVICE, Key, Kind, key_of
from flagger_py.testing.served import HTTP_ROUTE
from flagger_py.testing.slices import soonest
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

DELAY_S = 0.5
CONTROLLER = "traefik.io/gateway-controller"

Refusal = Callable[[Manifest], str | None]
"""Says why a route is refused, or None when it is accepted."""


@dataclass(frozen=True, slots=True)
class _Says:
    """A condition: its reason is its type where it is true, *otherwise* where it is not."""

    type: str
    true: bool
    otherwise: str
    message: str


class Gateways:
    """An actor that judges every HTTPRoute *delay_s* after each change of its spec."""

    kinds: tuple[Kind, ...] = (HTTP_ROUTE, SERVICE)

    def __init__(self, *, delay_s: float = DELAY_S, refuse: Refusal | None = None) -> None:
        self._delay = timedelta(seconds=delay_s)
        self._refuse = refuse or (lambda _: None)
        self._seen: dict[Key, tuple[str, int, datetime]] = {}

    def act(self, store: Store, now: datetime) -> float | None:
        return soonest(self._step(store, item, now) for item in store.list(HTTP_ROUTE))

    def _step(self, store: Store, route: Manifest, now: datetime) -> float | None:
        key, meta = key_of(route), route["metadata"]
        uid, generation, since = self._seen.get(key, ("", -1, now))
        if (uid, generation) != (meta["uid"], meta["generation"]):
            since = now
            self._seen[key] = (meta["uid"], meta["generation"], since)
        if now < since + self._delay:
            return (since + self._delay - now).total_seconds()
        found = self._judge(store, route, now)
        if found != (route.get("status") or {}):
            store.set_status(HTTP_ROUTE, key, found, "gateway-controller")
        return None

    def _judge(self, store: Store, route: Manifest, now: datetime) -> dict[str, Any]:
        refusal = self._refuse(route)
        missing = _missing_backend(store, route)
        says = (
            _Says("Accepted", refusal is None, "UnsupportedValue", refusal or ""),
            _Says("ResolvedRefs", missing is None, "BackendNotFound", missing or ""),
        )
        before = (route.get("status") or {}).get("parents") or ()
        held = {str(parent["parentRef"]): parent.get("conditions") or () for parent in before}
        return {
            "parents": [
                {
                    "parentRef": ref,
                    "controllerName": CONTROLLER,
                    "conditions": [
                        _condition(route, held.get(str(ref), ()), each, now) for each in says
                    ],
                }
                for ref in route["spec"].get("parentRefs") or ()
            ]
        }


def _missing_backend(store: Store, route: Manifest) -> str | None:
    namespace = route["metadata"]["namespace"]
    for rule in route["spec"].get("rules") or ():
        for ref in rule.get("backendRefs") or ():
            key = Key(ref.get("namespace") or namespace, ref["name"])
            if store.get(SERVICE, key) is None:
                return f"Service {key} not found"
    return None


def _condition(
    route: Manifest, before: Sequence[Mapping[str, Any]], says: _Says, now: datetime
) -> dict[str, Any]:
    state = "True" if says.true else "False"
    same = next((c for c in before if (c["type"], c["status"]) == (says.type, state)), None)
    return {
        "type": says.type,
        "status": state,
        "reason": says.type if says.true else says.otherwise,
        "message": says.message,
        "observedGeneration": route["metadata"]["generation"],
        "lastTransitionTime": same["lastTransitionTime"] if same else rfc3339(now),
    }
