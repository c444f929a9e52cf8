"""The only way out of a Gate: sends the open poll, with credentials, and brings back the reply."""

from collections.abc import Mapping

from flagger_py.egress import Unreachable
from flagger_py.errors import SpecError
from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site

from . import webhook
from .api import GateReply, Payload, SecretRef
from .decide import Seen
from .polls import GateSubject, Poll, open_poll
from .settings import GatingSettings
from .webhook import Credentials


async def observe(subject: GateSubject, site: Site, settings: GatingSettings) -> Seen:
    """Send what may be sent now; what stands in the way of it comes back as a value."""
    claims_count = not settings.require_authenticated_approval
    poll = open_poll(subject)
    if poll is None:
        return Seen(claims_count=claims_count)
    try:
        sent = await _send(subject, site, poll)
    except SpecError as error:
        return Seen(refused=error)
    return Seen(hindered=sent) if isinstance(sent, str) else Seen(reply=sent)


async def _send(subject: GateSubject, site: Site, poll: Poll) -> GateReply | str:
    """Send *poll* and understand the reply; a text says what is missing to send it."""
    credentials = None
    if poll.hook.secret_ref is not None:
        found = await _credentials(subject, site, poll.hook.secret_ref)
        if isinstance(found, str):
            return found
        credentials = found
    key = webhook.idempotency_key(subject.uid, poll.token, poll.number)
    request = webhook.request(poll.hook, _payload(subject), key, credentials)
    try:
        reply = await site.egress(request)
    except Unreachable as error:
        return webhook.answer(request, error, site.now)
    return webhook.answer(request, reply, site.now)


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
