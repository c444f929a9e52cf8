"""The application of the demo: an HTTP server that behaves as its environment says.

Variables: VERSION (answered as `X-Version`), ERROR_RATE (0 to 1, answered with 500), LATENCY_MS,
READY_AFTER_S. The port it took is the first line of its output. After SIGTERM, and when its
standard input ends because whoever started it is gone, it answers what is under way and leaves.
"""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from flagger_py.clock import monotonic_s

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
FAREWELL_S_MAX = 5.0
_REASONS = {200: "OK", 500: "Internal Server Error", 503: "Service Unavailable"}
_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the application answers; *error_rate* is a share from 0 to 1."""

    version: str = "1.0.0"
    error_rate: float = 0.0
    latency_ms: float = 5.0
    ready_after_s: float = 0.3


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered to one request."""

    status: int
    body: str
    content_type: str = "text/plain; charset=utf-8"


@dataclass(slots=True)
class Measured:
    """How long requests took, by status, as Prometheus counts them."""

    buckets: Counter[tuple[int, float]] = field(default_factory=Counter)
    sums_s: Counter[int] = field(default_factory=Counter)

    def add(self, status: int, took_s: float) -> None:
        bound = next((le for le in BUCKETS_S if took_s <= le), float("inf"))
        self.buckets[status, bound] += 1
        self.sums_s[status] += took_s  # type: ignore[assignment]  # seconds, not a count

    def page(self) -> str:
        name = "http_request_duration_seconds"
        lines = [f"# TYPE {name} histogram"]
        for status in sorted({status for status, _ in self.buckets}):
            labels, count = f'path="root",status="{status}"', 0
            for le in (*BUCKETS_S, float("inf")):
                count += self.buckets[status, le]
                bound = "+Inf" if le == float("inf") else f"{le:g}"
                lines.append(f'{name}_bucket{{{labels},le="{bound}"}} {count}')
            lines.append(f"{name}_sum{{{labels}}} {self.sums_s[status]}")
            lines.append(f"{name}_count{{{labels}}} {count}")
        return "\n".join([*lines, ""])


class App:
    """One running application. Errors are spread evenly: of n requests n * *error_rate* fail."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.ready = False
        self.leaving = False
        self.measured = Measured()
        self._behaviour = behaviour
        self._owed = 0.0
        self._idle: set[asyncio.StreamWriter] = set()
        self._open = 0

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer the requests of one connection, one after another."""
        self._open += 1
        try:
            while not self.leaving:
                self._idle.add(writer)
                head = await reader.readuntil(b"\r\n\r\n")
                self._idle.discard(writer)
                answer = await self._answer(head.split(b" ", 2)[1].decode())
                last = self.leaving or b"\r\nconnection: close\r\n" in head.lower()
                writer.write(self._written(answer, last))
                await writer.drain()
                if last:
                    return
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError):
            return
        finally:
            self._open -= 1
            self._idle.discard(writer)
            writer.close()

    async def leave(self) -> None:
        """Close what is idle and wait for the answers under way, not for ever."""
        self.leaving = True
        for writer in tuple(self._idle):
            writer.close()
        until_s = monotonic_s() + FAREWELL_S_MAX
        while self._open and monotonic_s() < until_s:
            await asyncio.sleep(0.01)

    async def _answer(self, path: str) -> Answer:
        match path.partition("?")[0]:
            case "/metrics":
                return Answer(200, self.measured.page(), _TEXT)
            case "/healthz":
                return Answer(200, "ok\n")
            case "/readyz":
                return Answer(200, "ok\n") if self.ready else Answer(503, "not yet\n")
            case _:
                return await self._work()

    async def _work(self) -> Answer:
        started_s = monotonic_s()
        await asyncio.sleep(self._behaviour.latency_ms / 1000)
        self._owed += self._behaviour.error_rate
        failed = self._owed >= 1.0 - 1e-9  # Ten tenths are a little less than one.
        self._owed -= failed
        status = 500 if failed else 200
        self.measured.add(status, monotonic_s() - started_s)
        said = "sorry" if failed else "hello"
        return Answer(status, f"{said} from version {self._behaviour.version}\n")

    def _written(self, answer: Answer, last: bool) -> bytes:
        body = answer.body.encode()
        head = [
            f"HTTP/1.1 {answer.status} {_REASONS[answer.status]}",
            f"Content-Type: {answer.content_type}",
            f"Content-Length: {len(body)}",
            f"X-Version: {self._behaviour.version}",
            f"Connection: {'close' if last else 'keep-alive'}",
            "\r\n",
        ]
        return "\r\n".join(head).encode() + body


def behaviour_of(env: Mapping[str, str]) -> Behaviour:
    """Read *env*; raises `ValueError` for a number that is none."""
    usual = Behaviour()
    return Behaviour(
        version=env.get("VERSION", usual.version),
        error_rate=float(env.get("ERROR_RATE", usual.error_rate)),
        latency_ms=float(env.get("LATENCY_MS", usual.latency_ms)),
        ready_after_s=float(env.get("READY_AFTER_S", usual.ready_after_s)),
    )


async def main(behaviour: Behaviour, host: str = "127.0.0.1", port: int = 0) -> None:
    """Serve until told to leave."""
    app = App(behaviour)
    server = await asyncio.start_server(app.connected, host, port)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    told = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, told.set)
    loop.add_signal_handler(signal.SIGINT, lambda: None)  # Whoever started us tells us.
    loop.add_reader(sys.stdin.fileno(), told.set)
    loop.call_later(behaviour.ready_after_s, setattr, app, "ready", True)
    await told.wait()
    loop.remove_reader(sys.stdin.fileno())
    server.close()
    await app.leave()


if __name__ == "__main__":
    asyncio.run(main(behaviour_of(os.environ)))
