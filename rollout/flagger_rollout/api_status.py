"""Where a Canary stands: Flagger's status, Flux's, and our own progress beside them."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

from flagger_py.conditions import FluxStatus
from flagger_py.contracts import Moment
from flagger_py.crd_marks import whole_map
from flagger_py.wire import Wire


class LastDecision(Wire):
    """What was decided last, and why."""

    at: Moment = Field(description="When it was decided.")
    sentence: str = Field(description="What was decided, with the answer that it rests on.")
    reason: str = Field(default="", description="The same as one CamelCase word.")


class Ending(StrEnum):
    """How a release under way comes to its end before Succeeded or Failed can be said."""

    ROLL_BACK = "RollBack"
    TAKE_BACK = "TakeBack"
    SKIP = "Skip"


class Progress(Wire):
    """Our own memory of the release under way; Flagger has nothing of the kind.

    Fields that only this controller needs belong here and nowhere else.
    """

    revision: str | None = Field(default=None, description="Hash of the revision last seen.")
    promoted: str | None = Field(
        default=None, description="Hash of the revision that the primary runs."
    )
    target: str | None = Field(
        default=None, description="Name of the workload that was initialised."
    )
    declared: str | None = Field(default=None, description="The spec.revision that was seen last.")
    declared_at: Moment | None = Field(default=None, description="When it was seen first.")
    copied: str | None = Field(
        default=None, description="Hash of the revision that the first primary was made from."
    )
    run: int = Field(default=0, description="Number of the analysis; every start makes another.")
    tick: int = Field(default=0, description="Number of the check under way in this analysis.")
    begun_at: Moment | None = Field(
        default=None, description="When this run's revision was first given traffic."
    )
    weighted_at: Moment | None = Field(
        default=None, description="When the present weight was asked for, by our own clock."
    )
    next_check_at: Moment | None = Field(
        default=None, description="When the next check is due, where it is not for the split."
    )
    checked: bool = Field(
        default=False, description="The last check passed; only a gate holds the release up."
    )
    emptying: bool = Field(
        default=False,
        description="The canary's pods are replaced: a config that they read has changed.",
    )
    ending: Ending | None = Field(
        default=None, description="How the release under way is being ended."
    )
    rested: str | None = Field(default=None, description="The phase before Waiting.")
    retry: bool = Field(
        default=False, description="A revision that was rolled back is to be tried once more."
    )
    closing: bool = Field(
        default=False, description="Webhooks after the release have still to be asked."
    )
    primary_lost: bool = Field(
        default=False,
        description="A promotion broke the primary; the target serves all users instead.",
    )
    primary_replicas: int | None = Field(
        default=None, description="Replicas that the primary had when it was last seen."
    )
    decision: LastDecision | None = Field(
        default=None, description="What was decided last, and why."
    )


class CanaryStatus(FluxStatus):
    """Where the release stands."""

    phase: str = Field(default="", description="Phase of the release, by Flagger's names.")
    canary_weight: int = Field(default=0, description="Percent of the requests at the canary.")
    failed_checks: int = Field(default=0, description="Failed readings of this analysis so far.")
    iterations: int = Field(default=0, description="Steps done of a blue/green or A/B release.")
    tracked_configs: Mapping[str, str] = Field(
        default_factory=dict,
        description="Checksums of the ConfigMaps and Secrets that the target uses.",
        json_schema_extra=whole_map(),
    )
    last_applied_spec: str | None = Field(
        default=None, description="Hash of the revision that was last seen."
    )
    last_promoted_spec: str | None = Field(
        default=None, description="Hash of the revision that was last promoted."
    )
    last_transition_time: Moment | None = Field(
        default=None, description="When this status last changed."
    )
    session_affinity_cookie: str | None = Field(
        default=None, description="Cookie of the canary's users in this release."
    )
    primary_session_affinity_cookie: str | None = Field(
        default=None, description="Cookie of the primary's users in this release."
    )
    previous_session_affinity_cookie: str | None = Field(
        default=None, description="Cookie of the canary's users in the release before."
    )
    progress: Progress | None = Field(
        default=None, description="What the controller itself remembers of the release."
    )
