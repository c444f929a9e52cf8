"""What each open watch is still to be told: changes are written once for all who see the same."""

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator

from flagger_py.refs import Kind
from flagger_py.testing.facade.encoding import View, encode
from flagger_py.testing.facade.selection import Selection
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

PENDING_MAX = 100_000
"""Changes that wait for a slow client; beyond, its watch ends and it must list again."""

INITIAL_EVENTS_END = "k8s.io/initial-events-end"
_CHUNK_ITEMS = 100


class Watcher:
    """One open watch. Whoever streams it takes what is pending and waits for `wake`."""

    def __init__(self, view: View, selection: Selection) -> None:
        self.view = view
        self.selection = selection
        self.wake = asyncio.Event()
        self.ended = False
        self._pending: deque[bytes] = deque()

    def offer(self, line: "Line") -> None:
        """Queue *line* if the watch sees it."""
        how = self.selection.sees(line.change)
        if how is None:
            return
        if len(self._pending) >= PENDING_MAX:
            self.end()
        else:
            self._pending.append(line.written(how, self.view))
            self.wake.set()

    def take(self) -> bytes:
        """Return all lines that are pending, joined; empty when there are none."""
        self.wake.clear()
        found = b"".join(self._pending)
        self._pending.clear()
        return found

    def end(self) -> None:
        self.ended = True
        self.wake.set()


class Line:
    """A change as watches write it, each of its forms encoded once."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self._forms: dict[tuple[Happened, View], bytes] = {}

    def written(self, how: Happened, view: View) -> bytes:
        found = self._forms.get((how, view))
        if found is None:
            found = self._forms[how, view] = written(how, view.of(self._shown(how)))
        return found

    def _shown(self, how: Happened) -> Manifest:
        """Return the object that is told; one that left a selection as it was before it did."""
        change = self.change
        if how is change.type or change.before is None or how is not Happened.DELETED:
            return change.object
        meta = {**change.before["metadata"], "resourceVersion": str(change.version)}
        return {**change.before, "metadata": meta}


class Hub:
    """Hears every change of a store and hands it to the watches on its kind."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._watchers: dict[Kind, list[Watcher]] = {}
        self._closed = False
        self._unlisten = store.listen(self._heard)

    def __len__(self) -> int:
        return sum(len(watchers) for watchers in self._watchers.values())

    def open(self, kind: Kind, watcher: Watcher, since: int | None) -> None:
        """Let *watcher* hear of stored *kind*: all after *since*, or all from now on.

        Raises `Gone` where the changes since then are forgotten.
        """
        for change in () if since is None else self._store.changes(kind, since):
            watcher.offer(Line(change))
        if self._closed:
            watcher.end()
        self._watchers.setdefault(kind, []).append(watcher)

    def leave(self, kind: Kind, watcher: Watcher) -> None:
        self._watchers[kind].remove(watcher)

    def close(self) -> None:
        """End every watch, those that are yet to be opened too."""
        if self._closed:
            return
        self._closed = True
        self._unlisten()
        for watchers in self._watchers.values():
            for watcher in watchers:
                watcher.end()

    def _heard(self, change: Change) -> None:
        watchers = self._watchers.get(change.kind)
        if watchers:
            line = Line(change)
            for watcher in watchers:
                watcher.offer(line)


def written(how: str, shown: Manifest) -> bytes:
    """Return one line of a watch."""
    return b'{"type":"%s","object":%s}\n' % (how.encode(), encode(shown))


def added(items: Iterable[Manifest], view: View) -> Iterator[bytes]:
    """Yield ADDED lines of *items*, some at a time."""
    lines = []
    for item in items:
        lines.append(written(Happened.ADDED, view.of(item)))
        if len(lines) == _CHUNK_ITEMS:
            yield b"".join(lines)
            lines.clear()
    if lines:
        yield b"".join(lines)


def bookmark(view: View, version: int, *, initial_end: bool = False) -> bytes:
    """Return the line saying that all up to *version* has been told."""
    meta: dict[str, object] = {"resourceVersion": str(version), "creationTimestamp": None}
    if initial_end:
        meta["annotations"] = {INITIAL_EVENTS_END: "true"}
    kind = view.kind
    shown = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta}
    return written("BOOKMARK", view.of(shown))
