"""The Gate kind: one question, asked for a run or for its own sake, and what was answered."""

import re
from collections.abc import Mapping
from typing import Self

from pydantic import Field, field_validator, model_validator

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.contracts import Answer, GateAnswer, GateRun, Moment
from flagger_py.crd_marks import Duration, Rule, refusal, validated
from flagger_py.quantities import duration_s
from flagger_py.refs import Kind
from flagger_py.wire import Wire

GATE = Kind("gating.flagger.app", "v1alpha1", "Gate", "gates")

QUESTIONS = ("webhook", "manual", "window")
ONE_QUESTION = Rule(
    "[has(self.webhook), has(self.manual), has(self.window)].exists_one(asked, asked)",
    "name exactly one of webhook, manual and window",
)
RETRY_S = 10.0
"""How long a hindered question waits where no interval says otherwise."""

INTERVAL_S_MIN = 1.0
HISTORY_MAX = 10
TEXT_CHARS_MAX = 1024
HISTORY_TEXT_CHARS_MAX = 256

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""A token after RFC 9110, section 5.6.2."""


class SecretRef(Wire):
    """A Secret in the Gate's own namespace."""

    name: str = Field(min_length=1, max_length=253, description="Name of the Secret.")


class Webhook(Wire):
    """Ask an HTTP endpoint: a 2xx status approves; a redirect or a fault is no answer."""

    url: str = Field(
        pattern=r"^https?://[^\s]+$", max_length=2048, description="Where the payload is posted."
    )
    timeout: Duration = Field(default="10s", description="How long one attempt may take.")
    retries: int = Field(
        default=0,
        ge=0,
        description=(
            "Further attempts after a connection error, a 429 or a 5xx status; none past the "
            "deadline of the run, or an hour after the first."
        ),
    )
    # Flagger spells the field this way, which no rule of camel case gives.
    disable_tls: bool = Field(
        default=False, alias="disableTLS", description="Do not verify the server's certificate."
    )
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Further request headers; no place for secrets."
    )
    secret_ref: SecretRef | None = Field(
        default=None,
        description="Secret with a `token`, sent as bearer token, or a `username` and `password`.",
    )

    @property
    def timeout_s(self) -> float:
        return duration_s(self.timeout)

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: Mapping[str, str]) -> Mapping[str, str]:
        for name, value in headers.items():
            if not _HEADER_NAME.fullmatch(name) or "\r" in value or "\n" in value:
                raise refusal(f"{name!r} cannot be sent as a header; use one line of plain text")
        return headers


class Manual(Wire):
    """Ask a person, who answers by annotating the Gate."""


class Window(Wire):
    """Ask the clock: open for *duration* from each moment that *schedule* names."""

    schedule: str = Field(
        min_length=1,
        max_length=256,
        description="Five cron fields: minute, hour, day of month, month, day of week.",
    )
    duration: Duration = Field(description="How long the gate stays open from each start.")
    time_zone: str = Field(
        default="UTC", max_length=64, description="IANA name of the zone the schedule is in."
    )

    @property
    def duration_s(self) -> float:
        return duration_s(self.duration)


class Question(Wire):
    """What is asked; exactly one of the fields is set."""

    model_config = validated(ONE_QUESTION)

    webhook: Webhook | None = Field(
        default=None, description="Ask an HTTP endpoint: 2xx approves, 4xx denies."
    )
    manual: Manual | None = Field(
        default=None, description="Ask a person, who answers by annotating the Gate."
    )
    window: Window | None = Field(
        default=None, description="Ask the clock: open inside a window, closed outside."
    )

    @model_validator(mode="after")
    def _is_one_question(self) -> Self:
        asked = [name for name in QUESTIONS if getattr(self, name) is not None]
        if len(asked) != 1:
            found = " and ".join(asked) if asked else "none that is known"
            raise refusal(f"name exactly one of {', '.join(QUESTIONS)}; found {found}")
        return self


class Payload(Wire):
    """What a webhook is told, in Flagger's shape; the Gate's own names stand in for empty ones."""

    name: str = Field(default="", description="Name of what is released.")
    namespace: str = Field(default="", description="Its namespace.")
    phase: str = Field(default="", description="Phase the release is in, as Flagger names it.")
    checksum: str = Field(default="", description="Tells one revision from another.")
    metadata: Mapping[str, str] = Field(
        default_factory=dict, description="Whatever the endpoint was made to read."
    )


class GateSpec(FluxSpec):
    """One question, how often a closed gate asks it again, and for which run."""

    question: Question = Field(description="What is asked; exactly one of the fields is set.")
    payload: Payload = Field(default=Payload(), description="What a webhook is told.")
    interval: Duration | None = Field(
        default=None,
        description=(
            "How long a webhook gate waits before it asks again; at least 1s. Without it its "
            "first answer to a run is final, and nothing is asked where there is no run."
        ),
    )
    run: GateRun | None = Field(
        default=None,
        description="The question of one asker; without it the gate answers for whoever reads.",
    )

    @property
    def interval_s(self) -> float:
        """Return the seconds between two polls, and between two attempts where it asks once."""
        if self.interval is None:
            return RETRY_S
        return max(duration_s(self.interval), INTERVAL_S_MIN)

    @property
    def asked_once(self) -> bool:
        """Tell whether a webhook's first answer to a run is its last."""
        return self.question.webhook is not None and self.interval is None

    @property
    def unasked(self) -> bool:
        """Tell whether a webhook waits for somebody to ask: no run, and no interval of its own."""
        return self.asked_once and self.run is None

    @property
    def token(self) -> str | None:
        return self.run.token if self.run else None


class GateRunStatus(Wire):
    """How far the question of a run has got.

    Poll number *polls* may have left; it is unanswered while *answered* is smaller. The numbers
    of a Gate go on from one run to the next.
    """

    token: str | None = Field(default=None, description="Token of the run, if there is one.")
    polls: int = Field(default=0, description="Number of the poll that was asked last.")
    answered: int = Field(default=0, description="Number of the poll that was answered last.")
    asked_at: Moment = Field(description="When the number of the last poll was written.")
    attempts: int = Field(
        default=0, description="Requests of the open poll that brought no answer so far."
    )
    tried_at: Moment | None = Field(
        default=None, description="When the last of these attempts began."
    )


class GateRecord(Wire):
    """One remembered answer: to which run, and to which of its polls."""

    token: str | None = Field(default=None, description="Token of the run, if there was one.")
    poll: int = Field(default=0, description="Number of the poll that was answered.")
    value: Answer = Field(description="What was answered.")
    at: Moment = Field(description="When it was answered.")
    by: str | None = Field(default=None, description="Who is said to have answered.")
    text: str = Field(default="", description="What came with the answer.")


class GateReply(GateAnswer):
    """An answer, and the status of the response that gave it where one came."""

    http_status: int | None = Field(
        default=None, description="Status of the webhook's response, where one came."
    )


class GateStatus(FluxStatus):
    """What was asked last and what was answered; newest first in the history."""

    run: GateRunStatus | None = Field(default=None, description="Which question was asked.")
    answer: GateReply | None = Field(default=None, description="What was answered to it.")
    history: tuple[GateRecord, ...] = Field(
        default=(),
        description="The last ten answers, newest first; approvals of runs leave it last.",
    )
