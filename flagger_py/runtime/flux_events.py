"""Events for Flux's notification controller: the same fact as the Kubernetes Event, posted.

The payload is that of Flux's event recorder (fluxcd/pkg, apis/event/v1beta1); its metadata are
the annotations of the Event. The server answers 429 to a duplicate, which so is no reason to try
again.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Any

import orjson

from flagger_py.egress import Request, Response
from flagger_py.refs import Key
from flagger_py.wire import Manifest

MESSAGE_CHARS_MAX = 39_000
_TIMEOUT_S = 5.0
_RETRIES = 4
_REMEMBERED = 4096
_SERVER_ERROR = 500

Send = Callable[[Request, Callable[[int], bool]], Awaitable[Response]]
HandOver = Callable[[Key, str, Callable[[], Awaitable[Response]]], None]


class FluxEvents:
    """Posts each Event once to *address*, through *hand_over*, in order for each object."""

    def __init__(self, address: str, send: Send, hand_over: HandOver) -> None:
        self._address = address
        self._send = send
        self._hand_over = hand_over
        self._posted: OrderedDict[str, None] = OrderedDict()

    def post(self, event: Manifest) -> None:
        """Have *event*, a core/v1 Event, delivered; returns at once."""
        name = f"{event['metadata'].get('namespace')}/{event['metadata']['name']}"
        if name in self._posted:
            return
        self._posted[name] = None
        if len(self._posted) > _REMEMBERED:
            self._posted.popitem(last=False)
        request = Request(
            "POST",
            self._address,
            {"Content-Type": "application/json"},
            orjson.dumps(payload(event)),
            timeout_s=_TIMEOUT_S,
            retries=_RETRIES,
        )
        about = event["involvedObject"]
        key = Key(about.get("namespace", ""), about["name"])
        self._hand_over(
            key, f"event {event['reason']} to {self._address}", lambda: self._once(request)
        )

    async def _once(self, request: Request) -> Response:
        answer = await self._send(request, lambda status: status >= _SERVER_ERROR)
        # A duplicate is as good as delivered.
        return Response(202) if answer.status == 429 else answer  # noqa: PLR2004 - HTTP


def payload(event: Manifest) -> dict[str, Any]:
    """Render a core/v1 Event as Flux's event."""
    return {
        "involvedObject": dict(event["involvedObject"]),
        "severity": "error" if event["type"] == "Warning" else "info",
        "timestamp": event["eventTime"][:19] + "Z",
        "message": event["message"][:MESSAGE_CHARS_MAX],
        "reason": event["reason"],
        "metadata": dict(event["metadata"].get("annotations") or {}),
        "reportingController": event["reportingComponent"],
        "reportingInstance": event["reportingInstance"],
    }
