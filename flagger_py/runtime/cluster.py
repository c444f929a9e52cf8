"""The port through which the shell reads and writes a cluster; World and the API client fill it.

Reads come from watch caches. Whoever reads an object is woken when it changes, appears or goes:
the `Reads` of a pass remembers what it was asked for, also what it did not find.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeVar, runtime_checkable

from flagger_py.egress import Egress
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

Found = TypeVar("Found")


class Reads(Protocol):
    """The cluster as one pass over one object sees it, bound to the account of that object.

    Kinds of ours (group `flagger.app` and below it) are read as the controller, every other one
    on behalf of the account. Methods raise `Missing` when the kind is not served, `SpecError`
    (reason AccessDenied) when the account may not read it, `Unavailable` when nobody answers.
    """

    async def get(self, kind: Kind, key: Key) -> Manifest | None:
        """Return the object from the watch cache, None when there is none."""

    async def select(
        self, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> tuple[Manifest, ...]:
        """Return the objects that carry all *labels*, sorted by name."""

    async def secret(self, key: Key) -> Mapping[str, bytes] | None:
        """Return a Secret's data by a live GET as the account, None when there is none."""

    async def resolve(self, api_version: str, kind: str) -> Kind:
        """Find the kind that the cluster serves under this name, by discovery if need be."""


class Cluster(Protocol):
    """What the shell may do to a cluster."""

    def reads(self, part: str, reader: Key, account: str | None) -> Reads:
        """Open the reads of one pass of *part* over *reader*; replaces what the last remembered."""

    async def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool,
        account: str | None = None,
        subresource: str | None = None,
    ) -> Manifest:
        """Server-side apply and return the object as stored; nothing is sent without a change.

        A status is always sent: whoever writes one has compared it with what he read.
        Raises `Conflict` with managers when *force* is false and others hold fields, `Conflict`
        without when `metadata.resourceVersion` is given and old.
        """

    async def release(self, manifest: Manifest, finalizer: str, *, manager: str) -> Manifest:
        """Take *finalizer* off *manifest* as it was read, whoever put it there.

        Returns the object as stored; raises `Conflict` when it has changed since it was read.
        """

    async def delete(self, kind: Kind, key: Key, *, uid: str, account: str | None = None) -> None:
        """Delete in the background if the object still has *uid*; gone already is fine."""

    async def record(self, event: Manifest) -> None:
        """Create a core/v1 Event; one of that name existing already is fine."""


@runtime_checkable
class Door(Protocol):
    """An egress that can also wait for what another pass has asked of the same server."""

    async def wait(self, answer: Awaitable[Found]) -> Found:
        """Return *answer* as if this pass had sent the request: nobody is held up meanwhile."""


async def wait_outside(egress: Egress, answer: Awaitable[Found]) -> Found:
    """Wait for an *answer* that another pass brings back, as for one that *egress* brings."""
    return await (egress.wait(answer) if isinstance(egress, Door) else answer)


@dataclass(frozen=True, slots=True)
class Site:
    """Everything an observer may use: the cluster as its object may see it, the way out, time.

    *memory* belongs to this object within this process: readings in progress, nothing else. It
    is lost in a crash and when leadership changes.
    """

    cluster: Reads
    egress: Egress
    now: datetime
    memory: dict[str, Any] = field(default_factory=dict)
