"""What a watch cache knows: the newest version seen of each object, and which labels find it.

Objects are kept as JSON text without what nobody reads, a fifth of the memory of decoded ones and
nothing for the garbage collector to walk; only those read last stay decoded. An object never
goes back in time: neither an old event nor an old list undoes what is known to be newer.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import orjson

from flagger_py.refs import Key, Kind
from flagger_py.runtime.sent import Sent, number, sent
from flagger_py.wire import Manifest

_BURIED_MAX = 10_000
_DECODED_MAX = 64
"""Objects that are kept decoded: one pass reads its own few of them again and again."""

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Change:
    """One object came, changed or went: its labels *before* and *after*, None where it was not.

    *status_only* says that nothing but the status is different.
    """

    kind: Kind
    key: Key
    version: int
    before: Labels | None
    after: Labels | None
    status_only: bool


@dataclass(slots=True)
class _Record:
    key: Key
    raw: bytes
    version: int
    uid: str
    labels: Labels
    hashed: int | None = None

    @property
    def essence(self) -> int:
        """A hash of everything but the status; most objects are never compared, so taken late."""
        return _essence(orjson.loads(self.raw)) if self.hashed is None else self.hashed


class Store:
    """The objects of one scope; *heard* is told of each change after it is known here."""

    def __init__(self, kind: Kind, heard: Callable[[Change], None]) -> None:
        self.kind = kind
        self._heard = heard
        self._records: dict[Key, _Record] = {}
        self._buried: OrderedDict[Key, int] = OrderedDict()
        self._by_label: dict[str, dict[tuple[str, str], dict[Key, None]]] = {}
        self._decoded: OrderedDict[Key, tuple[_Record, Manifest]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, key: Key) -> bool:
        return key in self._records

    def keys(self) -> tuple[Key, ...]:
        return tuple(self._records)

    def get(self, key: Key) -> Manifest | None:
        record = self._records.get(key)
        return None if record is None else self._read(record)

    def version_of(self, key: Key) -> int:
        """Return the resourceVersion of the object as known, 0 when there is none."""
        record = self._records.get(key)
        return 0 if record is None else record.version

    def select(self, namespace: str, labels: Labels) -> tuple[Manifest, ...]:
        """Return the objects with all *labels*, sorted by name; all namespaces when it is empty."""
        found = [
            record
            for record in self._candidates(namespace, labels)
            if namespace in ("", record.key.namespace)
            and all(record.labels.get(name) == value for name, value in labels.items())
        ]
        found.sort(key=lambda record: (record.key.name, record.key.namespace))
        return tuple(orjson.loads(record.raw) for record in found)

    def put(self, manifest: Manifest) -> bool:
        """Learn *manifest* if it is newer than what is known; tell whether it was."""
        return self.take(sent(manifest))

    def take(self, item: Sent) -> bool:
        """Learn what was sent, likewise; it is decoded only when somebody reads it."""
        known, version = self._records.get(item.key), item.version
        if version <= self._buried.get(item.key, -1) or (known and version <= known.version):
            return False
        record = _record(item)
        before, status_only = None, False
        if known is not None:
            record.key, before = known.key, known.labels
            # Whoever is woken by it reads the new one next, and the old one never again.
            record.hashed = _essence(self._read(record))
            status_only = known.uid == record.uid and known.essence == record.hashed
            self._unindex(known)
        self._records[record.key] = record
        self._index(record)
        self._buried.pop(record.key, None)
        self._heard(Change(self.kind, record.key, version, before, record.labels, status_only))
        return True

    def drop(self, key: Key, version: int) -> bool:
        """Forget an object deleted at *version*, unless it has been made anew since."""
        known = self._records.get(key)
        if known is not None and known.version > version:
            return False
        self._buried[key] = version
        self._buried.move_to_end(key)
        if len(self._buried) > _BURIED_MAX:
            self._buried.popitem(last=False)
        if known is None:
            return False
        del self._records[key]
        self._unindex(known)
        self._heard(Change(self.kind, key, version, known.labels, None, False))
        return True

    def keep_only(self, seen: set[Key], version: int) -> None:
        """Drop what a whole list as of *version* did not show: it was deleted unseen."""
        for key, record in list(self._records.items()):
            if key not in seen and record.version <= version:
                self.drop(key, version)

    def empty(self) -> None:
        """Drop everything: the kind is gone, or may not be seen; the same may come back."""
        for key, record in list(self._records.items()):
            self.drop(key, record.version)
        self._buried.clear()

    def distrust(self) -> None:
        """Keep what is known until something else is: versions are those of another history."""
        self._buried.clear()
        for record in self._records.values():
            record.version = 0

    def _read(self, record: _Record) -> Manifest:
        """Decode *record*, and keep it so until others were read after it."""
        known = self._decoded.get(record.key)
        if known is not None and known[0] is record:
            self._decoded.move_to_end(record.key)
            return known[1]
        found: Manifest = orjson.loads(record.raw)
        self._decoded[record.key] = (record, found)
        self._decoded.move_to_end(record.key)
        if len(self._decoded) > _DECODED_MAX:
            self._decoded.popitem(last=False)
        return found

    def _candidates(self, namespace: str, labels: Labels) -> Iterator[_Record]:
        """Yield a superset of what is wanted, by the rarest label when a namespace is given."""
        if not namespace or not labels:
            return iter(list(self._records.values()))
        buckets = [
            self._indexed(name).get((namespace, value), {}) for name, value in labels.items()
        ]
        return iter([self._records[key] for key in min(buckets, key=len)])

    def _indexed(self, label: str) -> dict[tuple[str, str], dict[Key, None]]:
        """Return the index of *label*, built when it is first asked for."""
        found = self._by_label.get(label)
        if found is None:
            found = self._by_label[label] = {}
            for record in self._records.values():
                if label in record.labels:
                    place = (record.key.namespace, record.labels[label])
                    found.setdefault(place, {})[record.key] = None
        return found

    def _index(self, record: _Record) -> None:
        for label, index in self._by_label.items():
            if label in record.labels:
                place = (record.key.namespace, record.labels[label])
                index.setdefault(place, {})[record.key] = None

    def _unindex(self, record: _Record) -> None:
        for label, index in self._by_label.items():
            place = (record.key.namespace, record.labels.get(label, ""))
            bucket = index.get(place)
            if bucket is not None:
                bucket.pop(record.key, None)
                if not bucket:
                    del index[place]


def _record(item: Sent) -> _Record:
    labels = {sys.intern(name): value for name, value in item.labels.items()}
    key = Key(sys.intern(item.key.namespace), item.key.name)
    return _Record(key, item.slim(), item.version, item.uid, labels)


def version_of(manifest: Manifest) -> int:
    """Return the resourceVersion as a number."""
    return number(manifest["metadata"].get("resourceVersion", "0"))


def _essence(manifest: Manifest) -> int:
    """Hash everything but the status and the bookkeeping of writes."""
    meta = {
        k: v
        for k, v in manifest["metadata"].items()
        if k not in ("resourceVersion", "managedFields")
    }
    rest = {k: v for k, v in manifest.items() if k not in ("status", "metadata")}
    return hash(orjson.dumps([meta, rest], option=orjson.OPT_SORT_KEYS))
