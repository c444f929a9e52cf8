"""What one pass sees of the cluster, and as whom: caches for most, a live GET for a Secret."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass

from flagger_py.errors import SpecError
from flagger_py.refs import SECRET, Key, Kind
from flagger_py.runtime.access import Access
from flagger_py.runtime.caches import BY_NAME, Caches
from flagger_py.runtime.client import Client
from flagger_py.runtime.discovery import Kinds
from flagger_py.runtime.interest import Interest, Reader
from flagger_py.runtime.part import ours
from flagger_py.runtime.refusals import Ask
from flagger_py.wire import Manifest


@dataclass(frozen=True, slots=True)
class Sources:
    """Where reads come from, and who is told of them."""

    client: Client
    caches: Caches
    interest: Interest
    access: Access
    kinds: Kinds


class PassReads:
    """Implements `flagger_py.runtime.cluster.Reads` for one pass."""

    def __init__(self, sources: Sources, reader: Reader, account: str | None) -> None:
        self._from = sources
        self._reader = reader
        self._account = account

    async def get(self, kind: Kind, key: Key) -> Manifest | None:
        self._from.interest.note(self._reader, kind, key)
        account = self._account_for(kind)
        scope = self._from.caches.scope_of(kind, key, account)
        # A watch on one name as the account is authorised by the API server itself.
        if account is not None and kind not in BY_NAME:
            await self._from.access.demand(Ask("get", kind, key, account))
        return (await self._from.caches.ready(scope)).get(key)

    async def select(
        self, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> tuple[Manifest, ...]:
        if kind == SECRET:
            raise SpecError("Secrets are never listed; read each by its name")
        self._from.interest.note_select(self._reader, kind, namespace, labels)
        account = self._account_for(kind)
        if account is not None:
            await self._from.access.demand(Ask("list", kind, Key(namespace, ""), account))
        store = await self._from.caches.ready(self._from.caches.scope_in(kind, namespace))
        return store.select(namespace, labels)

    async def secret(self, key: Key) -> Mapping[str, bytes] | None:
        found = await self._from.client.get(SECRET, key, account=self._account)
        if found is None:
            return None
        data: Mapping[str, str] = found.get("data") or {}
        return {name: base64.b64decode(value) for name, value in data.items()}

    async def resolve(self, api_version: str, kind: str) -> Kind:
        return await self._from.kinds.resolve(api_version, kind)

    def _account_for(self, kind: Kind) -> str | None:
        return None if ours(kind.group) else self._account
