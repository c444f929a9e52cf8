"""The cluster as one controller process of a World sees it: late, and through its own requests."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from flagger_py.errors import Missing, SpecError
from flagger_py.owned import says_already
from flagger_py.refs import SECRET, Key, Kind, key_of
from flagger_py.runtime.letting_go import without_finalizer
from flagger_py.runtime.part import ours
from flagger_py.testing import refusal
from flagger_py.testing.cache import WatchCache
from flagger_py.testing.discovery import in_version
from flagger_py.testing.faults import Crash
from flagger_py.testing.history import Change
from flagger_py.testing.interests import Interests
from flagger_py.testing.served import EVENT
from flagger_py.testing.translation import translated
from flagger_py.testing.world import READING, World
from flagger_py.wire import Manifest

Answer = TypeVar("Answer")


class WorldCluster:
    """A `flagger_py.runtime.cluster.Cluster` over a World, for the process of *part*."""

    def __init__(self, world: World, part: str) -> None:
        self.part = part
        self.interests = Interests()
        self.dead = False
        self._world = world
        self._caches: dict[Kind, WatchCache] = {}

    def reads(self, part: str, reader: Key, account: str | None) -> "WorldReads":  # noqa: ARG002
        self.interests.forget(reader)
        return WorldReads(self, reader, account)

    async def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool,
        account: str | None = None,
        subresource: str | None = None,
    ) -> Manifest:
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        key, cache = key_of(manifest), self.cache(kind)
        cached = cache.objects.get(key)
        if cached and not subresource and says_already(manifest, cached, manager):
            return in_version(kind, cached)
        stored = self.send(
            Sent("apply", kind, key, account, subresource),
            lambda: self._world.store.apply(
                manifest, manager, force=force, subresource=subresource
            ),
        )
        cache.wrote(stored)
        return stored

    async def release(self, manifest: Manifest, finalizer: str, *, manager: str) -> Manifest:
        kind = self.resolve(manifest["apiVersion"], manifest["kind"])
        key, patch = key_of(manifest), without_finalizer(manifest, finalizer)
        stored = self.send(
            Sent("patch", kind, key), lambda: self._world.store.patch(kind, key, patch, manager)
        )
        self.cache(kind).wrote(stored)
        return stored

    async def delete(self, kind: Kind, key: Key, *, uid: str, account: str | None = None) -> None:
        try:
            cache = self.cache(kind)
        except Missing:
            return
        cached = cache.objects.get(key)
        if cached is None or cached["metadata"]["uid"] != uid:
            return
        if "deletionTimestamp" in cached["metadata"]:
            return
        left = self.send(
            Sent("delete", kind, key, account), lambda: _deleted(self._world, kind, key, cached)
        )
        if left is None:
            cache.erased(key, self._world.store.version)
        else:
            cache.wrote(left)

    async def record(self, event: Manifest) -> None:
        self.send(Sent("create", EVENT, key_of(event)), lambda: _recorded(self._world, event))

    def resolve(self, api_version: str, kind: str) -> Kind:
        """Find a kind by discovery; raises `Missing`."""
        try:
            return self._world.store.resolve(api_version, kind)
        except refusal.NotServed as error:
            raise Missing(error.message) from error

    def watched(self, kind: Kind) -> WatchCache | None:
        """Return the cache of a stored kind where it is watched."""
        return self._caches.get(kind)

    def cache(self, kind: Kind) -> WatchCache:
        """Return the cache of *kind*; the first to ask opens the watch."""
        stored = self.stored(kind)
        if stored not in self._caches:
            self.send(Sent("list", stored, Key("", "*")), lambda: self.open(stored))
        return self._caches[stored]

    def open(self, kind: Kind) -> WatchCache:
        """List a stored kind, and watch it from there."""
        cache = self._caches.setdefault(kind, WatchCache())
        cache.relist(self._world.store.list(kind), self._world.store.version)
        return cache

    def receive(self, change: Change) -> tuple[bool, tuple[Key, ...]]:
        """Take in a watch event: whether it is news, and which readers it concerns."""
        cache = self._caches[change.kind]
        late = change.version <= cache.listed_at
        news = cache.receive(change)
        return news, () if late else self.interests.woken_by(change)

    def send(self, request: "Sent", answer: Callable[[], Answer]) -> Answer:
        """Count one request, let happen what must, and translate what the server says."""
        if self.dead:
            raise Crash(f"the process of {self.part} has ended")
        self._world.requests[self.part, request.verb, request.target] += 1
        self.permit(request.account, request.verb, request.kind, request.key.namespace)
        write = request.verb not in READING
        described = f"{request.target} {request.key}"
        struck = self._world.faults.at(self.part, request.verb, described, write=write)
        if struck is not None and not struck.fault.took_effect:
            raise struck.exception()
        try:
            answered = answer()
        except refusal.Refusal as error:
            raise translated(error) from error
        if struck is not None:
            raise struck.exception()
        return answered

    def permit(self, account: str | None, verb: str, kind: Kind, namespace: str) -> None:
        """Raise AccessDenied where *account* may not do this; the controller itself may all."""
        if account is None or self._world.may(account, verb, kind, namespace):
            return
        raise SpecError(
            f'{kind} is forbidden: User "{account}" cannot {verb} resource "{kind.plural}" in '
            f'the namespace "{namespace}"',
            reason="AccessDenied",
        )

    def live(self, kind: Kind, key: Key) -> Manifest | None:
        """Return what the server has, whatever the cache says."""
        return self._world.store.get(kind, key)

    def stored(self, kind: Kind) -> Kind:
        """Return *kind* in the version it is watched in; raises `Missing`."""
        try:
            return self._world.store.served(kind).kind
        except refusal.NotServed as error:
            raise Missing(error.message) from error


@dataclass(frozen=True, slots=True)
class Sent:
    """One request to the API server."""

    verb: str
    kind: Kind
    key: Key
    account: str | None = None
    subresource: str | None = None

    @property
    def target(self) -> str:
        return f"{self.kind}/{self.subresource}" if self.subresource else str(self.kind)


@dataclass(frozen=True, slots=True)
class WorldReads:
    """The reads of one pass over *reader*; each is remembered as an interest."""

    cluster: WorldCluster
    reader: Key
    account: str | None

    async def get(self, kind: Kind, key: Key) -> Manifest | None:
        cache = self._open(kind, key.namespace, "get")
        self.cluster.interests.asked_for(self.reader, self.cluster.stored(kind), key)
        found = cache.objects.get(key)
        return None if found is None else in_version(kind, found)

    async def select(
        self, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> tuple[Manifest, ...]:
        cache = self._open(kind, namespace, "list")
        stored = self.cluster.stored(kind)
        self.cluster.interests.selected(self.reader, stored, namespace, labels)
        return tuple(in_version(kind, item) for item in cache.select(namespace, labels))

    async def secret(self, key: Key) -> Mapping[str, bytes] | None:
        found = self.cluster.send(
            Sent("get", SECRET, key, self.account), lambda: self.cluster.live(SECRET, key)
        )
        if found is None:
            return None
        return {k: base64.b64decode(v) for k, v in (found.get("data") or {}).items()}

    async def resolve(self, api_version: str, kind: str) -> Kind:
        return self.cluster.resolve(api_version, kind)

    def _open(self, kind: Kind, namespace: str, verb: str) -> WatchCache:
        account = None if ours(kind.group) else self.account
        self.cluster.permit(account, verb, kind, namespace)
        return self.cluster.cache(kind)


def _deleted(world: World, kind: Kind, key: Key, seen: Manifest) -> Manifest | None:
    """Delete the object that was *seen*; that it is gone already teaches nothing new."""
    try:
        return world.store.delete(kind, key, uid=seen["metadata"]["uid"])
    except (refusal.NotFound, refusal.Conflicted):
        return seen


def _recorded(world: World, event: Manifest) -> None:
    try:
        world.store.create(event, event.get("reportingComponent", ""))
    except refusal.AlreadyExists:
        return
