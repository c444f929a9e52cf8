"""What the webhook and chat servers of a simulation answer, and what they were told."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from flagger_py.egress import Request, Response, Unreachable

OK, FORBIDDEN = 200, 403
_BODIES = {OK: "ok", FORBIDDEN: "no", 500: "broken"}

Script = int | Mapping[str, Any]
"""One answer: a status, or `{status, body, delay}` with the delay in seconds."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that a hook received and the status it was answered with; 0 means none was."""

    hook: str
    answer: int
    payload: Mapping[str, Any]
    headers: Mapping[str, str]
    at: datetime


@dataclass(slots=True)
class Webhooks:
    """A scripted server: the last part of a URL's path names the hook that answers.

    The answers to a hook are used up one by one and the last one repeats; a hook without any
    answers 200. It is an `Egress`: an answer that takes longer than the request's timeout never
    arrives. *pause* lets the seconds pass that an answer takes.
    """

    clock: Callable[[], datetime]
    answers: Mapping[str, Sequence[Script]] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    _left: dict[str, list[Script]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for hook, script in self.answers.items():
            self.answer(hook, script)

    def answer(self, hook: str, script: Script | Sequence[Script]) -> None:
        """Let *hook* answer so from now on."""
        several = isinstance(script, Sequence)
        self._left[hook] = list(script) if several else [script]  # type: ignore[arg-type, list-item]  # told apart by `several`

    async def __call__(self, request: Request) -> Response:
        hook = urlsplit(request.url).path.rpartition("/")[2]
        for attempt in range(1, request.retries + 2):
            response = await self._once(hook, request)
            if response is not None and not _worth_a_retry(response.status):
                return Response(response.status, response.body, attempts=attempt)
        if response is None:
            raise Unreachable(f"{request.method} {request.url}: timed out")
        return Response(response.status, response.body, attempts=request.retries + 1)

    async def _once(self, hook: str, request: Request) -> Response | None:
        left = self._left.get(hook) or [OK]
        script = left.pop(0) if len(left) > 1 else left[0]
        said: Mapping[str, Any] = {"status": script} if isinstance(script, int) else script
        delay_s = float(said.get("delay", 0))
        late = delay_s > request.timeout_s
        status = int(said.get("status", OK))
        payload = json.loads(request.body or b"{}")
        answer = 0 if late else status
        self.calls.append(Call(hook, answer, payload, dict(request.headers), self.clock()))
        if delay_s:
            await self.pause(min(delay_s, request.timeout_s))
        body = str(said.get("body", _BODIES.get(status, "")))
        return None if late else Response(status, body.encode())


def _worth_a_retry(status: int) -> bool:
    return status == 429 or status >= 500  # noqa: PLR2004 - HTTP
