"""Whether a stored object already says what we would write, as the API server stores it.

Maps are owned key by key: what others add beside our keys is theirs. Lists are owned whole, but
for a Service's ports, which server-side apply tells apart by port and protocol.
"""

from collections.abc import Mapping
from typing import Any

from flagger_py.wire import Manifest

Path = tuple[str, ...]

_PORTS: Path = ("spec", "ports")
_OWNERS: Path = ("metadata", "ownerReferences")
_WHOLE: frozenset[Path] = frozenset({("spec", "selector")})
_IDENTITY = frozenset({"apiVersion", "kind"})


def differs(desired: Manifest, live: Manifest) -> bool:
    """Tell whether writing *desired* would change *live*."""
    return not all(
        _says(live.get(name), desired[name], (name,)) for name in desired if name not in _IDENTITY
    )


def emptied(desired: Manifest, live: Manifest | None) -> dict[str, Any]:
    """Add to *desired* an empty list for each list of the *live* spec that we do not want.

    Server-side apply leaves a field that somebody else wrote: hostnames on a route of ours would
    stay, and requests to the other hosts would go nowhere.
    """
    spec: dict[str, Any] = dict(desired.get("spec") or {})
    for name, value in ((live or {}).get("spec") or {}).items():
        if name not in spec and isinstance(value, list) and value:
            spec[name] = []
    return {**desired, "spec": spec}


def _says(live: Any, desired: Any, path: Path) -> bool:
    if path in _WHOLE:
        return bool(_bare(live) == _bare(desired))
    if path == _PORTS:
        return _items_say(live, desired, ("port", "protocol"))
    if path == _OWNERS:
        return _items_say(live, desired, ("uid",))
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            _says(live.get(name), value, (*path, name)) for name, value in desired.items()
        )
    return bool(_bare(live) == _bare(desired))


def _items_say(live: Any, desired: Any, keys: tuple[str, ...]) -> bool:
    """Compare lists whose items are told apart by *keys*, in any order."""
    known = {tuple(item.get(key) for key in keys): item for item in live or ()}
    for item in desired:
        found = known.get(tuple(item.get(key) for key in keys))
        if found is None or any(found.get(name) != value for name, value in item.items()):
            return False
    return True


def _bare(value: Any) -> Any:
    """Drop what says nothing: the API server stores neither null nor, mostly, empty fields."""
    if isinstance(value, Mapping):
        kept = {name: _bare(item) for name, item in value.items()}
        return {name: item for name, item in kept.items() if item is not None} or None
    if isinstance(value, list | tuple):
        return [_bare(item) for item in value] or None
    return value
