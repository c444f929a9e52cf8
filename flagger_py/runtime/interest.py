"""Who read what in the last pass, and so whom a change of an object concerns.

A read that found nothing counts as much as one that did: its reader is woken when the object
appears.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flagger_py.refs import Key, Kind
from flagger_py.runtime.store import Change, Labels

Reader = tuple[str, Key]
"""A part's name and the object it works on."""


@dataclass(frozen=True, slots=True)
class Selector:
    """All objects of *kind* in *namespace* (any, when empty) that carry *labels*."""

    kind: Kind
    namespace: str
    labels: tuple[tuple[str, str], ...]

    def finds(self, labels: Labels | None) -> bool:
        return labels is not None and all(labels.get(name) == v for name, v in self.labels)

    @property
    def bucket(self) -> "_Bucket":
        """Where to look for this selector: by its first label, which a found object carries."""
        return self.namespace, self.labels[0] if self.labels else None


_Bucket = tuple[str, tuple[str, str] | None]
_Read = tuple[Kind, Key] | Selector
_Readers = tuple[Reader, ...] | dict[Reader, None]
"""Nearly always one or two, for whom a tuple takes a fifth of the memory."""
_FEW = 8


class Interest:
    """The reads of the latest pass of each reader, found by what was read."""

    def __init__(self) -> None:
        self._reads: dict[Reader, dict[_Read, None]] = {}
        self._readers: dict[_Read, _Readers] = {}
        self._selectors: dict[Kind, dict[_Bucket, dict[Selector, None]]] = {}

    def open(self, reader: Reader) -> None:
        """Begin a pass of *reader*: what its last one read is forgotten."""
        for read in self._reads.pop(reader, ()):
            readers = _without(self._readers[read], reader)
            if readers:
                self._readers[read] = readers
                continue
            del self._readers[read]
            if isinstance(read, Selector):
                self._unselect(read)

    def note(self, reader: Reader, kind: Kind, key: Key) -> None:
        """Remember that *reader* asked for one object."""
        self._note(reader, (kind, key))

    def note_select(
        self, reader: Reader, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> None:
        """Remember that *reader* asked for all objects with *labels*."""
        selector = Selector(kind, namespace, tuple(sorted(labels.items())))
        self._note(reader, selector)
        buckets = self._selectors.setdefault(kind, {})
        buckets.setdefault(selector.bucket, {})[selector] = None

    def concerned(self, change: Change) -> tuple[Reader, ...]:
        """Return the readers whose last pass read what *change* made different."""
        found = dict.fromkeys(self._readers.get((change.kind, change.key), ()))
        for selector in self._candidates(change):
            if selector.finds(change.before) or selector.finds(change.after):
                found.update(dict.fromkeys(self._readers[selector]))
        return tuple(found)

    def readers_of(self, kind: Kind, key: Key | None = None) -> tuple[Reader, ...]:
        """Return everyone who read the object *key* of *kind*, any of that kind without one."""
        if key is not None:
            return tuple(self._readers.get((kind, key), ()))
        found: dict[Reader, None] = {}
        for read, readers in self._readers.items():
            if (read.kind if isinstance(read, Selector) else read[0]) == kind:
                found.update(dict.fromkeys(readers))
        return tuple(found)

    def wanted(self, kind: Kind, key: Key) -> bool:
        """Tell whether anyone's last pass asked for this object by name."""
        return (kind, key) in self._readers

    def _note(self, reader: Reader, read: _Read) -> None:
        self._reads.setdefault(reader, {})[read] = None
        self._readers[read] = _with(self._readers.get(read, ()), reader)

    def _unselect(self, selector: Selector) -> None:
        buckets = self._selectors[selector.kind]
        bucket = buckets[selector.bucket]
        del bucket[selector]
        if not bucket:
            del buckets[selector.bucket]
        if not buckets:
            del self._selectors[selector.kind]

    def _candidates(self, change: Change) -> Iterable[Selector]:
        buckets = self._selectors.get(change.kind)
        if buckets is None:
            return  # Most kinds are only ever asked for by name.
        pairs: dict[tuple[str, str] | None, None] = {None: None}
        for side in (change.before or {}, change.after or {}):
            pairs.update(dict.fromkeys(side.items()))
        for namespace in dict.fromkeys((change.key.namespace, "")):
            for pair in pairs:
                yield from buckets.get((namespace, pair), ())


def _with(readers: _Readers, reader: Reader) -> _Readers:
    if reader in readers:
        return readers
    if isinstance(readers, tuple):
        more = (*readers, reader)
        return more if len(more) <= _FEW else dict.fromkeys(more)
    readers[reader] = None
    return readers


def _without(readers: _Readers, reader: Reader) -> _Readers:
    if isinstance(readers, tuple):
        return tuple(each for each in readers if each != reader)
    readers.pop(reader, None)
    return readers
