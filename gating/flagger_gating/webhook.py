"""How a webhook is asked and how its reply is understood, in Flagger's body and words.

The body, the timeouts and the error texts follow Flagger 1.44 (`pkg/controller/webhook.go` and
the retrying HTTP client it uses), so that an endpoint written for Flagger works unchanged.
"""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urljoin, urlsplit, urlunsplit

from pydantic import SecretStr

from flagger_py.contracts import Answer
from flagger_py.egress import Request, Response, Unreachable

from .api import TEXT_CHARS_MAX, GateReply, Payload, Webhook

IDEMPOTENCY_KEY = "Idempotency-Key"
_TOO_MANY = 429
_SERVER_ERROR = 500
_NOT_IMPLEMENTED = 501
_UNDECIDED = frozenset((408, _TOO_MANY))
_TEXT_KEPT = frozenset((408, _NOT_IMPLEMENTED))
_ESCAPED_BY_GO = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class Credentials:
    """What an Authorization header is made of: its scheme and what follows."""

    scheme: str
    value: SecretStr


def bearer(token: str) -> Credentials:
    """Make credentials after RFC 6750."""
    return Credentials("Bearer", SecretStr(token))


def basic(username: str, password: str) -> Credentials:
    """Make credentials after RFC 7617."""
    pair = f"{username}:{password}".encode()
    return Credentials("Basic", SecretStr(base64.b64encode(pair).decode()))


def idempotency_key(uid: str, token: str | None, poll: int) -> str:
    """Name one poll of one question of one Gate, the same however often it is sent."""
    return hashlib.sha256(json.dumps([uid, token, poll]).encode()).hexdigest()[:32]


def body(payload: Payload) -> bytes:
    """Write *payload* byte by byte as Go's encoding/json writes Flagger's."""
    told: dict[str, object] = {
        "name": payload.name,
        "namespace": payload.namespace,
        "phase": payload.phase,
        "checksum": payload.checksum,
    }
    if payload.metadata:
        told["metadata"] = dict(sorted(payload.metadata.items()))
    text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
    return text.translate(_ESCAPED_BY_GO).encode()


def request(
    hook: Webhook,
    payload: Payload,
    key: str,
    credentials: Credentials | None = None,
    timeout_s: float | None = None,
) -> Request:
    """Build one attempt at a poll, which may end sooner than *hook* says, after *timeout_s*.

    Nothing in *hook* replaces the key or the credentials.
    """
    ours = {"Content-Type": "application/json", IDEMPOTENCY_KEY: key}
    if credentials is not None:
        ours["Authorization"] = f"{credentials.scheme} {credentials.value.get_secret_value()}"
    taken = {name.lower() for name in ours}
    theirs = {name: value for name, value in hook.headers.items() if name.lower() not in taken}
    return Request(
        method="POST",
        url=hook.url,
        headers={**theirs, **ours},
        body=body(payload),
        timeout_s=hook.timeout_s if timeout_s is None else timeout_s,
        verify_tls=not hook.disable_tls,
    )


def worth_repeating(reply: Response | Unreachable) -> bool:
    """Tell whether another attempt may be answered: by whoever was not there, or too busy."""
    if isinstance(reply, Unreachable):
        return True
    return reply.status == _TOO_MANY or (
        reply.status >= _SERVER_ERROR and reply.status != _NOT_IMPLEMENTED
    )


def answer(
    sent: Request, reply: Response | Unreachable, at: datetime, attempts: int = 1
) -> GateReply:
    """Understand what came back for *sent*; the text is what Flagger puts into its events.

    A 2xx status approves. A redirect, 408, 429, 5xx and no response at all are Unreachable:
    nobody decided. Every other status is a denial, explained by the response's body, if any.
    """
    if isinstance(reply, Unreachable):
        text = f"{_gave_up(sent, attempts)}: {reply.message}"
        return _answer(Answer.UNREACHABLE, text, sent, at)
    status, said = reply.status, reply.text if reply.text.strip() else ""
    match status // 100:
        case 2:
            return _answer(Answer.APPROVED, reply.text, sent, at, status)
        case 3:
            return _answer(Answer.UNREACHABLE, _redirected(sent, reply), sent, at, status)
        case 4 if status not in _UNDECIDED:
            return _answer(Answer.DENIED, said, sent, at, status)
    kept = status in _TEXT_KEPT
    text = said if kept else _gave_up(sent, attempts)
    return _answer(Answer.UNREACHABLE, text, sent, at, status)


def without_password(url: str) -> str:
    """Return *url* with the password in it, if any, written as xxxxx."""
    parts = urlsplit(url)
    if not parts.password:
        return url
    user, _, host = parts.netloc.rpartition("@")
    shown = f"{user.partition(':')[0]}:xxxxx@{host}"
    return urlunsplit(parts._replace(netloc=shown))


def _redirected(sent: Request, reply: Response) -> str:
    """Say where *reply* points to, without what may be secret in it."""
    headers = {name.lower(): value for name, value in reply.headers.items()}
    said = f"HTTP {reply.status}"
    try:
        where = urlsplit(urljoin(sent.url, headers["location"]))
    except (KeyError, ValueError):
        return f"{said}: redirects are not followed"
    host = where.netloc.rpartition("@")[2]
    shown = urlunsplit((where.scheme, host, where.path, "", ""))
    return f"{said} to {shown}: redirects are not followed; write that URL"


def _gave_up(sent: Request, attempts: int) -> str:
    return f"{sent.method} {without_password(sent.url)} giving up after {attempts} attempt(s)"


def _answer(
    value: Answer, text: str, sent: Request, at: datetime, status: int | None = None
) -> GateReply:
    """Bound the text, and hide our credentials in it should the endpoint echo them."""
    secret = sent.headers.get("Authorization", "").partition(" ")[2]
    if secret:
        text = text.replace(secret, "***")
    return GateReply(value=value, at=at, text=text[:TEXT_CHARS_MAX], http_status=status)
