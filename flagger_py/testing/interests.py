"""Who wants to be woken by which object: what each pass has asked for."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from flagger_py.refs import Key, Kind
from flagger_py.testing.history import Change
from flagger_py.wire import Manifest

_Labels = Mapping[str, str]


@dataclass(slots=True)
class _Asked:
    places: list[tuple[Kind, Key]] = field(default_factory=list)
    ranges: list[tuple[Kind, str]] = field(default_factory=list)


class Interests:
    """What each reader asked for in its last pass, also what it did not find."""

    def __init__(self) -> None:
        self._asked: dict[Key, _Asked] = {}
        self._by_place: dict[tuple[Kind, Key], dict[Key, None]] = {}
        self._by_range: dict[tuple[Kind, str], dict[Key, list[_Labels]]] = {}

    def forget(self, reader: Key) -> None:
        """Drop what *reader* asked for."""
        asked = self._asked.pop(reader, None)
        if asked is None:
            return
        for place in asked.places:
            self._by_place[place].pop(reader, None)
        for where in asked.ranges:
            self._by_range[where].pop(reader, None)

    def asked_for(self, reader: Key, kind: Kind, key: Key) -> None:
        self._asked.setdefault(reader, _Asked()).places.append((kind, key))
        self._by_place.setdefault((kind, key), {})[reader] = None

    def selected(self, reader: Key, kind: Kind, namespace: str, labels: _Labels) -> None:
        self._asked.setdefault(reader, _Asked()).ranges.append((kind, namespace))
        by_reader = self._by_range.setdefault((kind, namespace), {})
        by_reader.setdefault(reader, []).append(labels)

    def woken_by(self, change: Change) -> tuple[Key, ...]:
        """Return the readers that *change* concerns, each once."""
        found = dict.fromkeys(self._by_place.get((change.kind, change.key), ()))
        found.update(dict.fromkeys(self._selecting(change)))
        return tuple(found)

    def readers_of(self, kind: Kind) -> tuple[Key, ...]:
        """Return everybody who asked for anything of *kind*."""
        found: dict[Key, None] = {}
        for (of, _), readers in self._by_place.items():
            if of == kind:
                found.update(readers)
        for (of, _), selecting in self._by_range.items():
            if of == kind:
                found.update(dict.fromkeys(selecting))
        return tuple(found)

    def _selecting(self, change: Change) -> Iterator[Key]:
        for namespace in dict.fromkeys((change.key.namespace, "")):
            for reader, selectors in self._by_range.get((change.kind, namespace), {}).items():
                if any(_concerns(labels, change) for labels in selectors):
                    yield reader


def _concerns(labels: _Labels, change: Change) -> bool:
    return any(
        item is not None and labels.items() <= _labels(item).items()
        for item in (change.object, change.before)
    )


def _labels(item: Manifest) -> _Labels:
    return item["metadata"].get("labels") or {}
