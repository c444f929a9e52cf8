"""The users of the demo: steady requests through the edge, and who answered them how."""

import asyncio
from collections import Counter, deque
from dataclasses import dataclass, field

import aiohttp

from flagger_py.clock import monotonic_s

RPS = 80.0
USERS = 8
TIMEOUT_S = 5.0
RECENT_S = 2.0
_FAILED = 500


@dataclass(slots=True)
class Tally:
    """What users got so far, by the version that answered.

    *failures* are the application's own errors. *dropped* are requests that no version answered,
    by what came instead: the routing lost them.
    """

    answers: Counter[str] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    _recent: deque[tuple[float, str]] = field(default_factory=deque)

    def answered(self, version: str, status: int, now_s: float) -> None:
        self.answers[version] += 1
        if status >= _FAILED:
            self.failures[version] += 1
        self._recent.append((now_s, version))
        while self._recent[0][0] < now_s - RECENT_S:
            self._recent.popleft()

    def rates(self, now_s: float) -> dict[str, float]:
        """Return the answers a second by version, over the last two seconds."""
        recent = Counter(version for at_s, version in self._recent if at_s >= now_s - RECENT_S)
        return {version: count / RECENT_S for version, count in sorted(recent.items())}

    @property
    def total(self) -> int:
        return self.answers.total() + self.dropped.total()


class Users:
    """People who keep their connections and send *rps* requests a second between them."""

    def __init__(self, url: str, host: str, rps: float = RPS) -> None:
        self.tally = Tally()
        self._url = url
        self._headers = {"Host": host}
        self._rps = rps
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Send nothing more; `run` ends when what is under way was answered."""
        self._leaving.set()

    async def run(self) -> None:
        """Send requests until told to leave."""
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
        connector = aiohttp.TCPConnector(limit=USERS)
        async with (
            aiohttp.ClientSession(timeout=timeout, connector=connector) as http,
            asyncio.TaskGroup() as group,
        ):
            for nth in range(USERS):
                group.create_task(self._one(http, nth / self._rps))

    async def _one(self, http: aiohttp.ClientSession, begin_s: float) -> None:
        """Send at fixed moments; one that is late is sent at once, and none is left out."""
        due_s = monotonic_s() + begin_s
        while not await self._left(due_s - monotonic_s()):
            due_s += USERS / self._rps
            await self._request(http)

    async def _left(self, wait_s: float) -> bool:
        """Wait for the next moment; tell whether it is time to leave instead."""
        if wait_s > 0:
            try:
                async with asyncio.timeout(wait_s):
                    await self._leaving.wait()
            except TimeoutError:
                pass
        return self._leaving.is_set()

    async def _request(self, http: aiohttp.ClientSession) -> None:
        try:
            async with http.get(self._url, headers=self._headers) as response:
                await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            self.tally.dropped[type(error).__name__] += 1
            return
        version = response.headers.get("X-Version")
        if version is None:
            self.tally.dropped[f"{response.status} by the edge"] += 1
        else:
            self.tally.answered(version, response.status, monotonic_s())
