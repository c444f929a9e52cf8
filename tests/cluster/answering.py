"""Servers of the test itself: a metrics server that says what it is told to, and webhooks."""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

Answer = tuple[int, str]
Respond = Callable[[str, Mapping[str, str], str], Answer]
"""Answers a request, given as path, headers (lower case) and body, with a status and a text."""


@dataclass(slots=True)
class MetricsServer:
    """Answers instant queries as Prometheus does; *success_rate* and *duration_ms* are settable."""

    url: str = ""
    success_rate: float = 100.0
    duration_ms: float = 20.0
    queries: list[str] = field(default_factory=list)

    def respond(self, _path: str, _headers: Mapping[str, str], body: str) -> Answer:
        query = parse_qs(body)["query"][0]
        self.queries.append(query)
        value = self.duration_ms if "histogram_quantile" in query else self.success_rate
        if query == "vector(1)":
            value = 1.0
        series = [{"metric": {}, "value": [0, str(value)]}]
        return 200, json.dumps(
            {"status": "success", "data": {"resultType": "vector", "result": series}}
        )


@dataclass(frozen=True, slots=True)
class Poll:
    """One request to a webhook: its path, its idempotency key, and the phase that it told."""

    path: str
    key: str
    phase: str


@dataclass(slots=True)
class Webhooks:
    """Approves everything unless *answers* says otherwise by path, and remembers each poll."""

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    polls: list[Poll] = field(default_factory=list)

    def respond(self, path: str, headers: Mapping[str, str], body: str) -> Answer:
        phase = json.loads(body).get("phase", "")
        self.polls.append(Poll(path, headers["idempotency-key"], phase))
        return self.answers.get(path, (200, "ok"))


@contextlib.contextmanager
def serving(host: str, port: int, respond: Respond) -> Iterator[str]:
    """Answer requests to *host* and *port* by *respond* until the end of the block; gives the URL.

    Requests are answered side by side, so that one that hangs delays no other.
    """

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            status, text = respond(self.path, self._lower(), self.rfile.read(length).decode())
            with contextlib.suppress(ConnectionError):  # Who asked may have stopped waiting.
                self.send_response(status)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

        do_GET = do_POST

        def _lower(self) -> dict[str, str]:
            return {name.lower(): value for name, value in self.headers.items()}

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: what matters is remembered."""

    server = ThreadingHTTPServer((host, port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield f"http://{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
