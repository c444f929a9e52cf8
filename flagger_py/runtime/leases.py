"""Who of several replicas works: the holder of a Lease, by client-go's rules.

A candidate trusts no other machine's clock: it measures by its own how long the Lease has not
changed. Every write carries the resourceVersion that was read, so that of two candidates one
loses. A holder that cannot renew within the deadline stops before anyone else may begin.
"""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from flagger_py.clock import monotonic_s, rfc3339_micro, seeded, wall_clock
from flagger_py.errors import Conflict, FlaggerError
from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import LEASE
from flagger_py.wire import Manifest

log = logging.getLogger(__name__)

_JITTER = 0.2
_REQUEST_TIMEOUT_S_MIN = 1.0


class Leases(Protocol):
    """The verbs an elector needs of a client."""

    async def get(self, kind: Kind, key: Key, *, account: str | None = None) -> Manifest | None: ...

    async def create(
        self, kind: Kind, manifest: Manifest, *, repeatable: bool = True
    ) -> Manifest: ...

    async def replace(self, kind: Kind, manifest: Manifest, *, timeout_s: float) -> Manifest: ...


@dataclass(frozen=True, slots=True)
class Terms:
    """How long a Lease lasts, how long its holder tries to renew it, and how often anyone tries."""

    duration_s: float = 35.0
    renew_deadline_s: float = 30.0
    retry_period_s: float = 5.0
    release: bool = True


@dataclass(frozen=True, slots=True)
class Time:
    """Seconds to measure by, the time of day to write down, and a way to wait."""

    clock_s: Callable[[], float] = monotonic_s
    now: Callable[[], datetime] = wall_clock
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class Elector:
    """Strives for the Lease *key* as *identity*."""

    def __init__(
        self,
        leases: Leases,
        key: Key,
        identity: str,
        terms: Terms,
        time: Time | None = None,
    ) -> None:
        time = time or Time()
        self._leases = leases
        self._key = key
        self._identity = identity
        self._terms = terms
        self._clock_s = time.clock_s
        self._now = time.now
        self._sleep = time.sleep
        self._random = seeded(identity)
        self._observed: Manifest | None = None
        self._observed_s = 0.0

    @property
    def holder(self) -> str:
        """Who held the Lease when it was last seen, empty when nobody did."""
        return str(_spec(self._observed).get("holderIdentity") or "")

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        said = None
        while not await self.try_once():
            if self.holder != said:
                said = self.holder
                log.info("%s leads; waiting", said or "nobody")
            await self._pause()
        log.info("leading as %s", self._identity)

    async def hold(self) -> None:
        """Renew the Lease until that fails for the deadline; returns when leadership is lost."""
        renewed_s = self._clock_s()
        while True:
            await self._sleep(self._terms.retry_period_s)
            left_s = renewed_s + self._terms.renew_deadline_s - self._clock_s()
            if left_s <= 0:
                break
            begun_s = self._clock_s()
            try:
                async with asyncio.timeout(left_s):
                    renewed = await self.try_once()
            except TimeoutError:
                break
            if renewed:
                # Counted from before the request: the Lease may be as old as that.
                renewed_s = begun_s
            elif self.holder not in ("", self._identity):
                break
        log.error("lost the lead to %s", self.holder or "nobody")

    async def release(self) -> None:
        """Give the Lease back, so that the next need not wait for its end."""
        if not self._terms.release or self._observed is None or self.holder != self._identity:
            return
        spec = {**_spec(self._observed), "holderIdentity": "", "leaseDurationSeconds": 1}
        with contextlib.suppress(FlaggerError):
            await self._replace(self._observed, spec)

    @contextlib.asynccontextmanager
    async def released(self) -> AsyncIterator[None]:
        """Release the Lease at the end of the block."""
        try:
            yield
        finally:
            await self.release()

    async def try_once(self) -> bool:
        """Take or renew the Lease if we may; tell whether it is ours now."""
        try:
            if await self._renew():
                return True
            found = await self._leases.get(LEASE, self._key)
            if found is None:
                self._see(await self._leases.create(LEASE, self._fresh(), repeatable=False))
                return True
            self._see(found)
            if not self._may_take():
                return False
            self._see(await self._replace(found, self._claim(found)))
        except FlaggerError as error:
            log.warning("cannot take the lease %s: %s", self._key, error)
            return False
        return True

    async def _renew(self) -> bool:
        """Write our own Lease again as we know it; False when it is not ours or has changed."""
        if self._observed is None or self.holder != self._identity:
            return False
        try:
            self._see(await self._replace(self._observed, self._claim(self._observed)))
        except Conflict:
            return False
        return True

    def _may_take(self) -> bool:
        if self.holder in ("", self._identity):
            return True
        return self._observed_s + self._terms.duration_s <= self._clock_s()

    def _see(self, lease: Manifest) -> None:
        if _record(lease) != _record(self._observed):
            self._observed_s = self._clock_s()
        self._observed = lease

    async def _replace(self, lease: Manifest, spec: dict[str, Any]) -> Manifest:
        timeout_s = max(_REQUEST_TIMEOUT_S_MIN, self._terms.renew_deadline_s / 2)
        return await self._leases.replace(LEASE, {**lease, "spec": spec}, timeout_s=timeout_s)

    def _fresh(self) -> dict[str, Any]:
        spec = {**self._claim(None), "leaseTransitions": 0}
        meta = {"name": self._key.name, "namespace": self._key.namespace}
        return {
            "apiVersion": LEASE.api_version,
            "kind": LEASE.kind,
            "metadata": meta,
            "spec": spec,
        }

    def _claim(self, lease: Manifest | None) -> dict[str, Any]:
        spec = _spec(lease)
        stamp = rfc3339_micro(self._now())
        mine = spec.get("holderIdentity") == self._identity
        return {
            **spec,
            "holderIdentity": self._identity,
            "leaseDurationSeconds": max(1, round(self._terms.duration_s)),
            "acquireTime": spec["acquireTime"] if mine and "acquireTime" in spec else stamp,
            "renewTime": stamp,
            "leaseTransitions": int(spec.get("leaseTransitions") or 0) + (0 if mine else 1),
        }

    async def _pause(self) -> None:
        await self._sleep(self._terms.retry_period_s * (1 + _JITTER * self._random.random()))


def lease_name(program: str, selector: str) -> str:
    """Return the Lease's name: each shard has one of its own, as Flux names them."""
    name = f"{program}-leader-election"
    if not selector:
        return name
    return f"{name}-{hashlib.sha256(selector.encode()).hexdigest()[:8]}"


def _spec(lease: Manifest | None) -> dict[str, Any]:
    return dict(lease.get("spec") or {}) if lease is not None else {}


def _record(lease: Manifest | None) -> tuple[object, ...]:
    spec = _spec(lease)
    return tuple(
        spec.get(name)
        for name in ("holderIdentity", "renewTime", "acquireTime", "leaseTransitions")
    )
