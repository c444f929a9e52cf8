"""How a command reads and writes a cluster: as the person at the terminal, object by object."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from flagger_py.errors import Missing, SpecError
from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import EVENT, Client, Scope
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.kubeconfigs import located, who
from flagger_py.runtime.transport import Transport
from flagger_py.wire import Manifest

from .reach import Reach

POD_NAMESPACE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
INSTALL = "flagger-py crds | kubectl apply --server-side -f -"
"""What makes a cluster serve our kinds; a command asks for no others by itself."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Access:
    """One command's way to the cluster, and who is said to give it."""

    client: Client
    namespace: str
    user: str

    async def need(self, kind: Kind, key: Key) -> Manifest:
        """Return the object; raises `SpecError` when there is none."""
        found = await self.client.get(kind, key)
        if found is None:
            raise SpecError(
                f"there is no {kind.kind} {key}; "
                f"flagger-py get {kind.plural} -A lists those there are"
            )
        return found

    async def every(self, kind: Kind, namespace: str) -> tuple[Manifest, ...]:
        """Return all objects of *kind*, of every namespace when that is empty, sorted by name."""
        pages = self.client.pages(Scope(kind, namespace))
        found = [item.manifest() async for page in pages for item in page.items]
        return tuple(sorted(found, key=_place))

    async def events(self, namespace: str) -> tuple[Manifest, ...]:
        return await self.every(EVENT, namespace)

    def key(self, word: str) -> Key:
        """Read NAMESPACE/NAME, or NAME in the namespace the command is about."""
        namespace, slash, name = word.rpartition("/")
        if not name or "/" in namespace or (slash and not namespace):
            raise SpecError(f"{word!r} names no object; write NAMESPACE/NAME, or NAME with -n")
        return Key(namespace or self.namespace, name)


def with_access(reach: Reach, work: Callable[[Access], Awaitable[T]]) -> T:
    """Do *work* on the cluster that *reach* names; raises `Unavailable` without credentials."""
    return asyncio.run(_open(reach, work))


def own_namespace(path: Path = POD_NAMESPACE) -> str:
    """Return the namespace of the pod we run in, empty outside of a cluster."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""


async def _open(reach: Reach, work: Callable[[Access], Awaitable[T]]) -> T:
    credentials = Credentials(Source(reach.kubeconfig, reach.context))
    await credentials.load()
    told = who(located(reach.kubeconfig, os.environ), reach.context)
    transport = Transport(credentials)
    namespace = reach.namespace or told.namespace or own_namespace() or "default"
    try:
        return await work(
            Access(Client(transport), namespace, told.user or "an in-cluster account")
        )
    except Missing as error:
        raise Missing(f"{error.message}: {INSTALL}") from error
    finally:
        await transport.close()


def _place(manifest: Manifest) -> tuple[str, str]:
    meta = manifest["metadata"]
    return meta.get("namespace", ""), meta["name"]
