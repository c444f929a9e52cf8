"""The gates of Flagger's load tester, kept in memory: closed until somebody opens them."""

import json
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from flagger_py.egress import Request, Response

APPROVED = Response(200, b"Approved")
FORBIDDEN = Response(403, b"Forbidden")
ACCEPTED = Response(202)


@dataclass(slots=True)
class LoadTester:
    """An `Egress` that answers the gate endpoints of the load tester; tasks are accepted unrun."""

    _open: set[str] = field(default_factory=set)

    async def __call__(self, request: Request) -> Response:
        return self.answer(request.url, request.body or b"")

    def answer(self, url: str, body: bytes) -> Response:
        """Answer a POST of *body*, also one from outside the simulation."""
        path = urlsplit(url).path
        if path in {"/healthz", "/gate/approve"}:
            return Response(200, b"OK")
        if path == "/gate/halt":
            return FORBIDDEN
        try:
            payload = json.loads(body)
            key = f"{payload['name']}.{payload['namespace']}"
        except (ValueError, KeyError):
            return Response(400, b"the body is no webhook payload")
        _, kind, verb = path.split("/") if path.count("/") > 1 else ("", "", "")
        gate = f"rollback.{key}" if kind == "rollback" else key
        match verb:
            case "check":
                return APPROVED if gate in self._open else FORBIDDEN
            case "open":
                self._open.add(gate)
            case "close":
                self._open.discard(gate)
        return ACCEPTED
