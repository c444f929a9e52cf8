"""Users of the lab: they send requests to the edge at a steady rate and count who answers."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import aiohttp

from flagger_py.clock import monotonic_s, wall_clock
from flagger_py.testing.traffic import Served

BROKEN = 599
"""Counted where no answer came at all."""

_TIMEOUT_S = 10.0


@dataclass(frozen=True, slots=True)
class Group:
    """Users of the application in *namespace* who send *rps* requests a second together."""

    namespace: str
    rps: float
    host: str
    headers: Mapping[str, str] = field(default_factory=dict)
    id: str = "all"


@dataclass(frozen=True, slots=True)
class Lost:
    """A request that no pod answered: when it was over, and what the edge said instead."""

    at: datetime
    code: int
    text: str


class Users:
    """All users; they come and go inside the event loop, the counts can be read from anywhere."""

    def __init__(self, url: str) -> None:
        self.counts: dict[str, Counter[Served]] = defaultdict(Counter)
        self.lost: dict[str, list[Lost]] = defaultdict(list)
        self._url = url
        self._groups: dict[tuple[str, str], asyncio.Task[None]] = {}
        self._asking: set[asyncio.Task[None]] = set()
        self._http: aiohttp.ClientSession

    async def open(self) -> None:
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=30.0),
            timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S),
        )

    async def close(self) -> None:
        for key in tuple(self._groups):
            self._groups.pop(key).cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)
        await self._http.close()

    async def come(self, group: Group) -> None:
        """Let users begin; those of the same id in the same namespace go."""
        key = group.namespace, group.id
        if (before := self._groups.pop(key, None)) is not None:
            before.cancel()
        self._groups[key] = asyncio.create_task(self._send(group))

    async def go(self, namespace: str) -> None:
        """Let the users of *namespace* go; returns when all have their answers."""
        for key in [key for key in self._groups if key[0] == namespace]:
            self._groups.pop(key).cancel()
        await asyncio.gather(*self._asking, return_exceptions=True)

    async def _send(self, group: Group) -> None:
        """Begin a request at each beat; what a pause made late is left out, not caught up with."""
        period_s = 1 / group.rps
        due_s = monotonic_s()
        while True:
            task = asyncio.create_task(self._ask(group))
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)
            due_s = max(due_s + period_s, monotonic_s())
            await asyncio.sleep(due_s - monotonic_s())

    async def _ask(self, group: Group) -> None:
        headers = {**group.headers, "Host": group.host}
        try:
            async with self._http.get(self._url, headers=headers) as answer:
                text = await answer.text()
                pod = answer.headers.get("X-Pod", "")
                version, code = answer.headers.get("X-Version", ""), answer.status
        except (aiohttp.ClientError, TimeoutError) as error:
            pod, version, code, text = "", "", BROKEN, repr(error)
        self.counts[group.namespace][Served(group.id, version, _side(pod), code)] += 1
        if not pod:
            self.lost[group.namespace].append(Lost(wall_clock(), code, text.strip()))


def _side(pod: str) -> str:
    """Tell by the name of a pod on which side of a release it is."""
    if not pod:
        return "none"
    return "primary" if "-primary-" in pod else "canary"
