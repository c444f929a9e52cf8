"""Objects as the API server sent them, read no further than a watch cache needs.

Most objects of a list are kept as text and read later, or never: to decode them whole takes
longer than all else that is done with them.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import orjson
from msgspec import MsgspecError, Raw, Struct, field
from msgspec.json import Decoder

from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

OWN_MANAGERS = "flagger-"
"""Prefix of the field managers whose entries in managedFields are read."""
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

Fields = dict[str, Raw]
"""The fields of a JSON object, their values as they were sent."""


class _ListMeta(Struct):
    version: str = field(name="resourceVersion", default="")
    token: str = field(name="continue", default="")


class _List(Struct):
    metadata: _ListMeta
    items: list[Fields] | None = None


class _Event(Struct):
    type: str
    object: Fields


class _Entry(Struct):
    manager: str | None = None
    subresource: str | None = None

    @property
    def read(self) -> bool:
        """Whether anybody looks at it: what we have applied; a status is sent without a look."""
        return (self.manager or "").startswith(OWN_MANAGERS) and not self.subresource


_LIST, _EVENT, _ENTRY = Decoder(_List), Decoder(_Event), Decoder(_Entry)
_FIELDS, _ITEMS = Decoder(Fields | None), Decoder(list[Raw] | None)
_LABELS, _TEXT = Decoder(dict[str, str] | None), Decoder(str)
_UNREADABLE = (MsgspecError, RecursionError, UnicodeDecodeError)


class UnreadableError(ValueError):
    """What was sent is none of what an API server sends."""


class Sent(Struct, frozen=True):
    """One object: its *fields*, and those of its metadata.

    *resource_version* is as it was sent, and a number in every known server.
    """

    key: Key
    uid: str
    resource_version: str
    labels: Mapping[str, str]
    fields: Fields
    meta: Fields

    @property
    def version(self) -> int:
        return number(self.resource_version)

    def manifest(self) -> Manifest:
        """Decode the object, whole."""
        found: Manifest = orjson.loads(_joined(self.fields))
        return found

    def slim(self) -> bytes:
        """Return its JSON with the managedFields that are read, without kubectl's copy of it."""
        return _joined({**self.fields, "metadata": _slim(self.meta)})


class Page(Struct, frozen=True):
    """Some objects of a list, as they were at *version*; *token* asks for more, if not empty."""

    items: tuple[Sent, ...]
    version: str
    token: str = ""


class Event(Struct, frozen=True):
    """What a watch tells: of an object, of a *version* alone (a bookmark), or of an error.

    *item* is the object; *status* the metav1.Status of an error, empty where there is none.
    """

    type: str
    version: str = ""
    item: Sent | None = None
    status: Mapping[str, Any] = field(default_factory=dict)


def page_of(body: bytes, kind: Kind) -> Page:
    """Read a list, whose items name neither their kind nor its version.

    Raises `UnreadableError` where it is no list, or an item has no name.
    """
    identity = {
        "apiVersion": Raw(orjson.dumps(kind.api_version)),
        "kind": Raw(orjson.dumps(kind.kind)),
    }
    try:
        body.decode()  # What is not read is not looked at, either.
        found = _LIST.decode(body)
        items = tuple(_sent({**item, **identity}) for item in found.items or ())
    except _UNREADABLE as error:
        raise UnreadableError(str(error)) from error
    return Page(items, found.metadata.version, found.metadata.token)


def event_of(line: bytes) -> Event:
    """Read one line of a watch; raises `UnreadableError` where it tells of nothing."""
    try:
        line.decode()
        found = _EVENT.decode(line)
        if found.type == "ERROR":
            return Event(found.type, status=orjson.loads(_joined(found.object)))
        if found.type == "BOOKMARK":
            return Event(found.type, _version(_fields(found.object.get("metadata"))))
        item = _sent(found.object)
    except _UNREADABLE as error:
        raise UnreadableError(str(error)) from error
    return Event(found.type, item.resource_version, item)


def sent(manifest: Manifest) -> Sent:
    """Return *manifest* as if it had been sent."""
    return _sent(_fields(orjson.dumps(manifest)))


def number(resource_version: str) -> int:
    """Read a resourceVersion: Kubernetes lets clients compare them as numbers (KEP-5504)."""
    return int(resource_version) if resource_version.isdigit() else 0


def _sent(fields: Fields) -> Sent:
    meta = _fields(fields.get("metadata"))
    key = Key(_text(meta, "namespace"), _text(meta, "name"))
    if not key.name:
        raise UnreadableError("an object has no name")
    labels = meta.get("labels")
    found = _LABELS.decode(labels) if labels is not None else None
    return Sent(key, _text(meta, "uid"), _version(meta), found or {}, fields, meta)


def _version(meta: Fields) -> str:
    return _text(meta, "resourceVersion")


def _fields(text: Raw | bytes | None) -> Fields:
    return (_FIELDS.decode(text) if text is not None else None) or {}


def _text(fields: Fields, name: str) -> str:
    found = fields.get(name)
    return _TEXT.decode(found) if found is not None else ""


def _slim(metadata: Fields) -> Raw:
    meta = {**metadata}
    entries = meta.pop("managedFields", None)
    every = _ITEMS.decode(entries) if entries is not None else None
    own = [each for each in every or () if _ENTRY.decode(each).read]
    if own:
        meta["managedFields"] = Raw(b"[" + b",".join(own) + b"]")
    annotations = _fields(meta.get("annotations"))
    if annotations.pop(LAST_APPLIED, None) is not None:
        meta["annotations"] = Raw(_joined(annotations))
    return Raw(_joined(meta))


def _joined(fields: Fields) -> bytes:
    parts: list[bytes | Raw] = []
    for name, value in fields.items():
        parts += (b",", _named(name), value)
    parts[:1] = [b"{"]
    return b"".join((*parts, b"}"))


@lru_cache(1000)
def _named(name: str) -> bytes:
    return orjson.dumps(name) + b":"
