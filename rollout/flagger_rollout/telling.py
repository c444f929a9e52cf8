"""What a Canary's users are told: Flagger's texts, each under a reason of its own."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal

from flagger_py.contracts import token
from flagger_py.decision import Deliver, Emit
from flagger_py.egress import Request
from flagger_py.quantities import duration_s

from .api_analysis import Webhook


class Reason(StrEnum):
    """Reasons of events and of the decision record; one for each thing that can happen."""

    PROVIDERS_AVAILABLE = "MetricsProvidersAvailable"
    PROVIDERS_UNAVAILABLE = "MetricsProvidersUnavailable"
    TARGET_MISSING = "TargetMissing"
    SELECTOR_MISSING = "SelectorLabelMissing"
    INITIALIZED = "Initialized"
    NEW_REVISION = "NewRevision"
    RESTARTED = "AnalysisRestarted"
    CANARY_UNAVAILABLE = "CanaryUnavailable"
    PRIMARY_MISSING = "PrimaryMissing"
    TAKEN_BACK = "RevisionTakenBack"
    STARTED = "AnalysisStarted"
    GATE_OPEN = "GateOpen"
    GATE_CLOSED = "GateClosed"
    CHECK_FAILED = "CheckFailed"
    HELD = "Held"
    ADVANCED = "Advanced"
    COPIED = "Copied"
    PRIMARY_ADVANCED = "PrimaryAdvanced"
    ROUTED_TO_PRIMARY = "RoutedToPrimary"
    PROMOTED = "Promoted"
    ROLLING_BACK = "RollingBack"
    ROLLED_BACK = "RolledBack"
    NOT_ROUTED = "NotRouted"
    ROLLBACK_ASKED = "RollbackAsked"
    ROLLBACK_NOT_ASKED = "RollbackNotAsked"
    PROMOTION_FAILED = "PromotionFailed"
    HOOK_FAILED = "HookFailed"
    SUSPENDED = "Suspended"
    TERMINATING = "Terminating"
    TERMINATED = "Terminated"
    LEFT_BEHIND = "LeftBehind"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing to tell, once: *token* is the step it belongs to.

    *after* says that it speaks of the phase that the move leads to, not of the one before.
    """

    reason: Reason
    message: str
    token: str
    type: Literal["Normal", "Warning"] = "Normal"
    after: bool = False


Tolds = tuple[Told, ...]
"""What a move tells, in order."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every event payload of one Canary at one moment carries."""

    name: str
    namespace: str
    phase: str
    checksum: str
    now: datetime


def emits(told: tuple[Told, ...]) -> tuple[Emit, ...]:
    return tuple(Emit(item.reason, item.message, item.type, item.token) for item in told)


def deliveries(
    told: tuple[Told, ...],
    envelopes: tuple[Envelope, Envelope],
    hooks: tuple[Webhook, ...],
    event_webhook: str,
) -> tuple[Deliver, ...]:
    """Render the deliveries of *told* to the Canary's event *hooks*.

    Without such hooks the controller's own *event_webhook* gets them, if there is one.
    *envelopes* are those before and after the move.
    """
    receivers = hooks
    if not hooks and event_webhook:
        receivers = (Webhook(name="event-webhook", url=event_webhook),)
    return tuple(
        _delivery(item, envelopes[item.after], hook) for item in told for hook in receivers
    )


def payload(envelope: Envelope, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Return the body of a webhook as Flagger sends it; *metadata* is left out when empty."""
    body: dict[str, Any] = {
        "name": envelope.name,
        "namespace": envelope.namespace,
        "phase": envelope.phase,
        "checksum": envelope.checksum,
    }
    if metadata:
        body["metadata"] = dict(metadata)
    return body


def _delivery(item: Told, envelope: Envelope, hook: Webhook) -> Deliver:
    metadata = {
        **(hook.metadata or {}),
        "eventMessage": item.message,
        "eventType": item.type,
        "timestamp": str(int(envelope.now.timestamp() * 1000)),
    }
    request = Request(
        method="POST",
        url=hook.url,
        headers={"Content-Type": "application/json"},
        body=json.dumps(payload(envelope, metadata)).encode(),
        timeout_s=duration_s(hook.timeout or "10s"),
        retries=hook.retries or 0,
        verify_tls=not hook.disable_tls,
    )
    key = token(item.token, item.reason, item.message, hook.name)
    return Deliver(request, f"event webhook {hook.name}", key)
