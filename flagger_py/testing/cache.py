"""What a controller believes of one kind: the objects its watch has told it of so far."""

from collections.abc import Iterable, Mapping

from flagger_py.refs import Key, key_of
from flagger_py.testing.history import Change, Happened
from flagger_py.wire import Manifest


class WatchCache:
    """The objects of one kind as their watch has shown them, own writes included at once."""

    def __init__(self) -> None:
        self.objects: dict[Key, Manifest] = {}
        self.listed_at = 0
        self._written: set[tuple[Key, int]] = set()
        self._deleted: dict[Key, int] = {}

    def relist(self, items: Iterable[Manifest], version: int) -> None:
        """Replace everything by what the server has at *version*."""
        self.objects = {key_of(item): item for item in items}
        self.listed_at = version
        self._written.clear()
        self._deleted.clear()

    def select(self, namespace: str, labels: Mapping[str, str]) -> tuple[Manifest, ...]:
        """Return the objects of *namespace* (of all where empty) with *labels*, by name."""
        wanted = labels.items()
        found = [
            item
            for key, item in self.objects.items()
            if not namespace or key.namespace == namespace
            if wanted <= (item["metadata"].get("labels") or {}).items()
        ]
        return tuple(sorted(found, key=lambda item: str(item["metadata"]["name"])))

    def wrote(self, stored: Manifest) -> None:
        """Take in what the server answered to a write of our own."""
        key, version = key_of(stored), version_of(stored)
        if version <= self._known(key):
            return
        self._written.add((key, version))
        meta = stored["metadata"]
        if "deletionTimestamp" in meta and not meta.get("finalizers"):
            self._drop(key, version)
        else:
            self.objects[key] = stored

    def erased(self, key: Key, version: int) -> None:
        """Take in that a delete of our own, made when the server was at *version*, removed it."""
        self._drop(key, version)

    def receive(self, change: Change) -> bool:
        """Take in a watch event; False when it is the echo of a write of our own, or older."""
        if change.version <= self.listed_at:
            return False
        key = change.key
        echo = (key, change.version) in self._written
        self._written.discard((key, change.version))
        if change.version > self._known(key):
            if change.type is Happened.DELETED:
                self._drop(key, change.version)
            else:
                self._deleted.pop(key, None)
                self.objects[key] = change.object
        return not echo

    def _known(self, key: Key) -> int:
        held = self.objects.get(key)
        return self._deleted.get(key, 0) if held is None else version_of(held)

    def _drop(self, key: Key, version: int) -> None:
        self.objects.pop(key, None)
        self._deleted[key] = version


def version_of(manifest: Manifest) -> int:
    return int(manifest["metadata"]["resourceVersion"])
