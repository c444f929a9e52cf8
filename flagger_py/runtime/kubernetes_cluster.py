"""The cluster behind an API server: reads from watch caches, writes that are seen at once."""

import contextlib
import logging
from collections.abc import Callable, Mapping

from flagger_py.clock import seeded
from flagger_py.errors import Conflict, FlaggerError, Unavailable
from flagger_py.owned import says_already
from flagger_py.refs import (
    CONFIG_MAP,
    DEPLOYMENT,
    ENDPOINT_SLICE,
    NAMESPACE,
    SECRET,
    SERVICE,
    Key,
    Kind,
    key_of,
)
from flagger_py.runtime.access import Access
from flagger_py.runtime.caches import BY_NAME, Caches
from flagger_py.runtime.client import EVENT, Client, Scope
from flagger_py.runtime.definitions import too_old
from flagger_py.runtime.discovery import Kinds
from flagger_py.runtime.intake import Intake
from flagger_py.runtime.interest import Interest, Reader
from flagger_py.runtime.letting_go import without_finalizer
from flagger_py.runtime.part import ours
from flagger_py.runtime.reads import PassReads, Sources
from flagger_py.runtime.refusals import OBJECT_GONE
from flagger_py.runtime.store import Change, Store, version_of
from flagger_py.wire import Manifest

log = logging.getLogger(__name__)

_KNOWN = (CONFIG_MAP, DEPLOYMENT, ENDPOINT_SLICE, NAMESPACE, SECRET, SERVICE)


class KubernetesCluster:
    """Implements `flagger_py.runtime.cluster.Cluster`.

    *own* are the kinds reconciled in this process by the names of their parts, *selector* the
    labels that confine them to a shard; *wake* asks for a pass of a reader.
    """

    def __init__(
        self,
        client: Client,
        own: Mapping[Kind, tuple[str, ...]],
        wake: Callable[[Reader], None],
        *,
        namespace: str = "",
        selector: str = "",
    ) -> None:
        self._client = client
        self._wake = wake
        self._interest = Interest()
        self._intake = Intake(own, wake)
        self._kinds = Kinds(client.discover, (*_KNOWN, *own))
        jitter = seeded(str(id(self))).random
        self._caches = Caches(client, self._heard, self._turned, namespace, jitter)
        self._sources = Sources(
            client, self._caches, self._interest, Access(client.allowed), self._kinds
        )
        self._own = {
            kind: Scope(kind, namespace if kind.namespaced else "", labels=selector) for kind in own
        }
        self.recorded: Callable[[Manifest], None] = lambda _: None
        """Hears every Event that was recorded."""

    def start(self) -> None:
        """Begin to watch our own kinds."""
        for scope in self._own.values():
            self._caches.open(scope)

    def store(self, kind: Kind) -> Store:
        """Return the objects of one of our own kinds, as far as they are known."""
        return self._caches.open(self._own[kind]).store

    def waiting_for(self) -> tuple[Kind, ...]:
        """Return those of our own kinds that have not been listed yet."""
        return tuple(
            kind for kind, scope in self._own.items() if not self._caches.open(scope).synced
        )

    async def until_synced(self) -> None:
        """Wait until each of our own kinds has been listed."""
        for scope in self._own.values():
            await self._caches.open(scope).until_synced()

    async def refresh(self) -> None:
        """List our own kinds afresh: what a former leader wrote last must be known."""
        await self._caches.refresh(self._own.values())

    def sweep(self) -> None:
        """Close watches that nobody needs any more."""
        self._caches.sweep(self._interest.wanted)

    def forget(self, reader: Reader) -> None:
        """Drop what a reader that is gone was interested in."""
        self._interest.open(reader)

    async def close(self) -> None:
        await self._caches.close()

    def reads(self, part: str, reader: Key, account: str | None) -> PassReads:
        who = (part, reader)
        self._interest.open(who)
        return PassReads(self._sources, who, account)

    async def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool,
        account: str | None = None,
        subresource: str | None = None,
    ) -> Manifest:
        kind = await self._kinds.resolve(manifest["apiVersion"], manifest["kind"])
        live = None if subresource else await self._live(kind, key_of(manifest), account)
        if live is not None and says_already(manifest, live, manager):
            return live
        params = {"fieldManager": manager, "force": "true" if force else "false"}
        written_here = subresource == "status" and kind in self._own
        with contextlib.ExitStack() as stack:
            echo = None
            if written_here:
                echo = stack.enter_context(self._intake.writing(kind, key_of(manifest)))
            try:
                stored = await self._client.apply(
                    kind, manifest, params=params, account=account, subresource=subresource or ""
                )
            except Conflict as error:
                if subresource is not None and error.message.endswith(OBJECT_GONE):
                    await self._demand_subresource(kind, key_of(manifest), subresource)
                raise
            if echo is not None:
                echo.version = version_of(stored)
            self._caches.learn(kind, stored)
        return stored

    async def release(self, manifest: Manifest, finalizer: str, *, manager: str) -> Manifest:
        kind = await self._kinds.resolve(manifest["apiVersion"], manifest["kind"])
        patch = without_finalizer(manifest, finalizer)
        stored = await self._client.merge(kind, key_of(manifest), patch, manager=manager)
        meta = stored["metadata"]
        if "deletionTimestamp" not in meta or meta.get("finalizers"):
            self._caches.learn(kind, stored)
        return stored

    async def delete(self, kind: Kind, key: Key, *, uid: str, account: str | None = None) -> None:
        await self._client.delete(kind, key, uid=uid, account=account)

    async def record(self, event: Manifest) -> None:
        try:
            await self._client.create(EVENT, event)
        except Conflict:
            log.debug("event %s exists already", event["metadata"]["name"])
        except Unavailable as error:
            if error.reason not in ("NamespaceTerminating", "NamespaceNotFound"):
                raise
        self.recorded(event)

    async def _demand_subresource(self, kind: Kind, key: Key, subresource: str) -> None:
        """Raise, after a 404, where the object is there: then it is *subresource* that is not."""
        if await self._client.get(kind, key) is not None:
            raise too_old(kind, f"it has no subresource {subresource}")

    async def _live(self, kind: Kind, key: Key, account: str | None) -> Manifest | None:
        """Return the object as cached, None where it is not, or where we may not look."""
        scope = self._own.get(kind)
        if scope is None or key not in self.store(kind):
            scope = self._caches.scope_of(kind, key, None if ours(kind.group) else account)
        if kind in BY_NAME and not self._interest.wanted(kind, key):
            return None
        try:
            store = await self._caches.ready(scope)
        except FlaggerError:
            return None
        return store.get(key)

    def _heard(self, scope: Scope, change: Change) -> None:
        if self._own.get(change.kind) == scope:
            self._intake.heard(change)
        for reader in self._interest.concerned(change):
            self._wake(reader)

    def _turned(self, scope: Scope) -> None:
        key = Key(scope.namespace, scope.name) if scope.name else None
        for reader in self._interest.readers_of(scope.kind, key):
            self._wake(reader)
