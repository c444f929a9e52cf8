"""Whether the ports of an adopted Service can stand beside ours: server-side apply removes none.

Flagger writes the whole object and so replaces the list. A port that another manager wrote stays
when we apply ours, and the API server wants every port of several to have a name of its own.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError
from flagger_py.owned import applied_fields, items_of
from flagger_py.wire import Manifest

from .api import MANAGER, Adopted
from .objects import spoken

Port = Mapping[str, Any]


def clash(wanted: Iterable[Port], live: Manifest, record: Adopted | None) -> SpecError | None:
    """Say which of the *live* ports would stay and be refused beside the *wanted* ones, if any.

    *record* is what the Service said before us: those ports are somebody else's, too.
    """
    ours = list(wanted)
    stays = _theirs(ours, live, record)
    if not stays:
        return None
    names = Counter(port.get("name") for port in [*ours, *stays])
    bad = [port for port in stays if port.get("name") is None or names[port["name"]] > 1]
    if not bad:
        return None
    listed = " and ".join(_spoken(port) for port in bad)
    one = bad[0]["port"]
    return SpecError(
        f"{spoken(live)} was there before with {listed} and cannot get "
        f"{_spoken(ours[0])} beside it, as each of several ports needs a name of its own: set "
        f"spec.service.port to {one}, give one of the two another name (spec.service.portName is "
        f"ours), or remove port {one} from the Service",
        reason=Reason.NOT_SUPPORTED,
    )


def _theirs(ours: list[Port], live: Manifest, record: Adopted | None) -> list[Port]:
    kept = {_key(port) for port in ours}
    before = (record.fields.get("spec") or {}).get("ports") or () if record else ()
    known = {_key(port) for port in before}
    return [
        port
        for port in (live.get("spec") or {}).get("ports") or ()
        if _key(port) not in kept and (_key(port) in known or _key(port) not in _applied(live))
    ]


def _applied(live: Manifest) -> set[tuple[Any, str]]:
    fields = applied_fields(live, MANAGER).get("f:spec", {}).get("f:ports", {})
    return {_key(json.loads(name[2:])) for name, _ in items_of(fields) if name.startswith("k:")}


def _key(port: Port) -> tuple[Any, str]:
    return port.get("port"), port.get("protocol", "TCP")


def _spoken(port: Port) -> str:
    name = port.get("name")
    return f"port {port['port']} ({name})" if name else f"port {port['port']} (without a name)"
