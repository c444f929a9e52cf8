"""The only way out of a Gate: sends the open poll, with credentials, and brings back the reply.

What came back is kept until it is in the status. Whoever else writes to the Gate meanwhile makes
our write fail, and the endpoint is not to be asked the same again for that.
"""

from collections.abc import Mapping

from flagger_py.egress import Response, Unreachable
from flagger_py.errors import SpecError
from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site

from . import polls, webhook
from .api import Payload, SecretRef
from .decide import Seen
from .polls import GateSubject, Poll, open_poll
from .settings import GatingSettings
from .webhook import Credentials

_KEPT = "reply"


async def observe(subject: GateSubject, site: Site, settings: GatingSettings) -> Seen:
    """Send what may be sent now; what stands in the way of it comes back as a value."""
    claims_count = not settings.require_authenticated_approval
    poll = open_poll(subject)
    if poll is None:
        return Seen(claims_count=claims_count)
    asked = (poll, _payload(subject))
    known: tuple[object, Seen] | None = site.memory.get(_KEPT)
    if known is not None and known[0] == asked:
        return known[1]
    try:
        seen = await _send(subject, site, poll)
    except SpecError as error:
        return Seen(refused=error)
    if seen.reply is not None:
        site.memory[_KEPT] = (asked, seen)
    return seen


async def _send(subject: GateSubject, site: Site, poll: Poll) -> Seen:
    """Attempt *poll* once and understand the reply, or say what is missing to send it."""
    credentials = None
    if poll.hook.secret_ref is not None:
        found = await _credentials(subject, site, poll.hook.secret_ref)
        if isinstance(found, str):
            return Seen(hindered=found)
        credentials = found
    key = webhook.idempotency_key(subject.uid, poll.token, poll.number)
    timeout_s = polls.timeout_s(subject, poll.hook)
    request = webhook.request(poll.hook, _payload(subject), key, credentials, timeout_s)
    reply: Response | Unreachable
    try:
        reply = await site.egress(request)
    except Unreachable as error:
        reply = error
    understood = webhook.answer(request, reply, site.now, poll.attempt)
    return Seen(reply=understood, fleeting=webhook.worth_repeating(reply))


def _payload(subject: GateSubject) -> Payload:
    """Complete the payload with the Gate's own names where the spec has none."""
    told = subject.spec.payload
    names = {"name": told.name or subject.name, "namespace": told.namespace or subject.namespace}
    return told.model_copy(update=names)


async def _credentials(subject: GateSubject, site: Site, ref: SecretRef) -> Credentials | str:
    """Read the Secret *ref*; a text says what is wrong with it."""
    key = Key(subject.namespace, ref.name)
    data = await site.cluster.secret(key)
    if data is None:
        return f"Secret {key}, named by question.webhook.secretRef, does not exist"
    token, username, password = (_text(data, name) for name in ("token", "username", "password"))
    if token:
        return webhook.bearer(token)
    if username and password:
        return webhook.basic(username, password)
    return f"Secret {key} needs a token, or a username and a password"


def _text(data: Mapping[str, bytes], name: str) -> str:
    return data.get(name, b"").decode(errors="replace").strip()
