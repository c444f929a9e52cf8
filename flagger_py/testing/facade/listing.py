"""What a list answers: the objects as they were at one moment, in pages where that is asked."""

import base64
import binascii
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flagger_py.refs import Key
from flagger_py.testing.facade.encoding import decode, encode
from flagger_py.testing.facade.paths import Place
from flagger_py.testing.facade.selection import Selection
from flagger_py.testing.refusal import BadRequest, Gone, Refusal
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

SNAPSHOTS_MAX = 128
"""How many lists can be paged through at once; the oldest one's next page is 410 Gone."""


class Ahead(Refusal):
    """The client has seen a newer version than this store ever had: it was of another one."""

    code, reason = HTTPStatus.GATEWAY_TIMEOUT, "Timeout"


@dataclass(frozen=True, slots=True)
class Page:
    """Some objects of a list as they were at *version*; *proceed* is empty on the last page."""

    items: tuple[Manifest, ...]
    version: int
    proceed: str = ""
    remaining: int = 0

    @property
    def metadata(self) -> dict[str, Any]:
        found: dict[str, Any] = {"resourceVersion": str(self.version)}
        if self.proceed:
            found |= {"continue": self.proceed, "remainingItemCount": self.remaining}
        return found


class Lists:
    """The lists that somebody is still paging through."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._snapshots: OrderedDict[int, tuple[int, tuple[Manifest, ...]]] = OrderedDict()
        self._begun = 0

    def page(self, place: Place, selection: Selection, query: Mapping[str, str]) -> Page:
        """Return the page that *query* asks for; raises `Gone` when its list is forgotten."""
        limit = _number(query, "limit")
        if token := query.get("continue"):
            return self._next(token, limit)
        check_version(self._store, query)
        items = select(self._store, place, selection)
        version = self._store.version
        if not limit or len(items) <= limit:
            return Page(items, version)
        self._begun += 1
        self._snapshots[self._begun] = (version, items)
        while len(self._snapshots) > SNAPSHOTS_MAX:
            self._snapshots.popitem(last=False)
        return self._cut(self._begun, 0, limit)

    def _next(self, token: str, limit: int) -> Page:
        try:
            number, start = decode(base64.urlsafe_b64decode(token))
        except (binascii.Error, BadRequest, TypeError, ValueError) as error:
            raise BadRequest("continue key is not valid") from error
        if number not in self._snapshots:
            raise Gone("The provided continue parameter is too old to display a consistent list")
        return self._cut(number, start, limit or len(self._snapshots[number][1]))

    def _cut(self, number: int, start: int, limit: int) -> Page:
        version, items = self._snapshots[number]
        end = start + limit
        if end >= len(items):
            del self._snapshots[number]
            return Page(items[start:], version)
        token = base64.urlsafe_b64encode(encode([number, end])).decode()
        return Page(items[start:end], version, token, len(items) - end)


def select(store: Store, place: Place, selection: Selection) -> tuple[Manifest, ...]:
    """Return the objects that *selection* holds, by namespace and name."""
    kind = place.served.kind
    names = [t.value for t in selection.fields if t.equal and t.path == ("metadata", "name")]
    if names and (selection.namespace or not kind.namespaced):
        found = store.get(kind, Key(selection.namespace, names[0]))
        return (found,) if found is not None and selection.holds(found) else ()
    items = store.list(kind, selection.namespace or None, selection.labels or None)
    if not selection.fields:
        return items
    return tuple(item for item in items if selection.holds(item))


def check_version(store: Store, query: Mapping[str, str]) -> int | None:
    """Return the version that a list or watch names, None where it names none.

    Raises `Ahead` for a version that is yet to come, `Gone` where exactly an older one than the
    present is wanted.
    """
    text = query.get("resourceVersion", "")
    if not text:
        return None
    if not text.isdigit():
        raise BadRequest(f'resourceVersion: Invalid value: "{text}": must be a number')
    version = int(text)
    if version > store.version:
        raise Ahead(
            f"Too large resource version: {version}, current: {store.version}",
            {"retryAfterSeconds": 1, "causes": [{"reason": "ResourceVersionTooLarge"}]},
        )
    if query.get("resourceVersionMatch") == "Exact" and version < store.version:
        raise Gone(f"The resourceVersion for the provided list is too old: {version}")
    return version


def _number(query: Mapping[str, str], name: str) -> int:
    text = query.get(name, "0")
    if not text.isdigit():
        raise BadRequest(f'{name}: Invalid value: "{text}": must be a number')
    return int(text)
