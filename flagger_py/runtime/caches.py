"""Which watch caches are open: one for each scope that anything was read from, none beforehand."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

from flagger_py.refs import CONFIG_MAP, SECRET, Key, Kind, key_of
from flagger_py.runtime.client import Scope
from flagger_py.runtime.paths import demand_name
from flagger_py.runtime.reflector import Reflector, Source
from flagger_py.runtime.store import Change, Store
from flagger_py.wire import Manifest

log = logging.getLogger(__name__)

BY_NAME = (SECRET, CONFIG_MAP)
"""Kinds that are watched one object at a time, as the account on whose behalf they are read."""

Heard = Callable[[Scope, Change], None]


@dataclass(slots=True)
class _Open:
    reflector: Reflector
    task: asyncio.Task[None]


class Caches:
    """The open reflectors and their stores, of one *namespace*, or of all where it is empty.

    *turned* hears of scopes that can be read at last, and of those that cannot any more.
    """

    def __init__(
        self,
        source: Source,
        heard: Heard,
        turned: Callable[[Scope], None],
        namespace: str,
        jitter: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._heard = heard
        self._turned = turned
        self._namespace = namespace
        self._jitter = jitter
        self._sleep = sleep
        self._opened: dict[Scope, _Open] = {}
        self._by_kind: dict[Kind, list[Scope]] = {}

    def scope_of(self, kind: Kind, key: Key, account: str | None) -> Scope:
        """Return the scope in whose cache the object is looked for.

        Raises `SpecError` when *key* names none: without a name all of them would be watched.
        """
        if kind in BY_NAME:
            demand_name(kind, key)
            return Scope(kind, key.namespace, key.name, account=account)
        return self.scope_in(kind, key.namespace)

    def scope_in(self, kind: Kind, namespace: str) -> Scope:
        """Return the scope for all objects of *kind* in *namespace*.

        Everything is watched at once where nothing confines us; another namespace than ours,
        where one reference leads out of it, is watched by itself.
        """
        confined = self._namespace and kind.namespaced
        return Scope(kind, (namespace or self._namespace) if confined else "")

    def open(self, scope: Scope) -> Reflector:
        """Return the reflector of *scope*, started if it was not."""
        found = self._opened.get(scope)
        if found is None:
            store = Store(scope.kind, lambda change: self._heard(scope, change))
            reflector = Reflector(
                self._source, scope, store, jitter=self._jitter, sleep=self._sleep
            )
            reflector.turned = lambda: self._turned(scope)
            task = asyncio.create_task(reflector.run(), name=f"watch {scope.kind}")
            task.add_done_callback(lambda done: _ended(done, reflector))
            found = self._opened[scope] = _Open(reflector, task)
            self._by_kind.setdefault(scope.kind, []).append(scope)
        return found.reflector

    async def ready(self, scope: Scope) -> Store:
        """Return the store of *scope* once it is filled; raises what is in the way of that."""
        reflector = self.open(scope)
        if not reflector.synced:
            await reflector.wait()
        return reflector.store

    def learn(self, kind: Kind, manifest: Manifest) -> None:
        """Put what the API server answered to our own write where the next read will look."""
        key = key_of(manifest)
        for scope in self._by_kind.get(kind, ()):
            store = self._opened[scope].reflector.store
            outside = scope.namespace not in ("", key.namespace)
            if outside or scope.name not in ("", key.name):
                continue
            # Whether labels match is the server's to say: what it has not shown is not added.
            if not scope.labels or key in store:
                store.put(manifest)

    def sweep(self, wanted: Callable[[Kind, Key], bool]) -> None:
        """Close the watches on single objects that nobody reads any more."""
        for scope, opened in list(self._opened.items()):
            if scope.name and not wanted(scope.kind, Key(scope.namespace, scope.name)):
                opened.task.cancel()
                del self._opened[scope]
                self._by_kind[scope.kind].remove(scope)

    async def refresh(self, scopes: Iterable[Scope]) -> None:
        """List *scopes* afresh, at the same time."""
        await asyncio.gather(*(self.open(scope).refresh() for scope in scopes))

    async def close(self) -> None:
        tasks = [opened.task for opened in self._opened.values()]
        self._opened.clear()
        self._by_kind.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ended(task: asyncio.Task[None], reflector: Reflector) -> None:
    """Say why a reflector died: it must not, and without it nothing would be noticed any more."""
    reflector.ended()
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("%s ended", task.get_name(), exc_info=error)
