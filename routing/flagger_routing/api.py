"""The TrafficRoute kind: which split is asked for, and which split requests really follow."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field, model_validator

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.contracts import ALL_TO_PRIMARY, InForce, Moment, Split
from flagger_py.crd_marks import AnyObject, Duration
from flagger_py.refs import CANARY, PRIMARY, Kind
from flagger_py.wire import Wire

from .api_service import Service
from .objects import ident

TRAFFIC_ROUTE = Kind("routing.flagger.app", "v1alpha1", "TrafficRoute", "trafficroutes")
PART = "routing"
MANAGER = f"flagger-{PART}"
"""The field manager of everything this part writes."""
FINALIZER = f"finalizers.flagger.app/{PART}"

Selector = Mapping[str, str]
Name = Annotated[str, Field(min_length=1, max_length=253)]


class ServiceNames(Wire):
    """Names of the three Services; what is missing follows from `service.name`."""

    apex: Name | None = Field(default=None, description="Name of the Service that users ask for.")
    primary: Name | None = Field(default=None, description="Name of the primary's Service.")
    canary: Name | None = Field(default=None, description="Name of the canary's Service.")


class Selectors(Wire):
    """Which pods are the primary's and which the canary's.

    Without selectors no Service is made or changed: the named ones are somebody else's.
    """

    primary: Selector = Field(min_length=1, description="Labels of the primary's pods.")
    canary: Selector = Field(min_length=1, description="Labels of the canary's pods.")


class Verify(Wire):
    """A request that must succeed before a split counts as in force."""

    url: str = Field(pattern=r"^https?://[^\s]+$", max_length=2048, description="Where to ask.")
    headers: Mapping[str, str] = Field(
        default_factory=dict, description="Headers to send, such as Host."
    )
    timeout: Duration = Field(default="5s", description="How long an answer may take.")


class ScheduledSplit(Wire):
    """A split that is asked for *after* a time since the schedule was first seen."""

    after: Duration = Field(description="Time since the schedule was first seen.")
    split: Split = Field(description="The split that is asked for from then on.")


class TrafficRouteSpec(FluxSpec):
    """A service, its two sides and who gets which share of its requests."""

    provider: str | None = Field(
        default=None,
        max_length=253,
        description=(
            "Router that puts the split in force; a domain-qualified name leaves this object to "
            "the controller of that name. The controller has a default."
        ),
    )
    service: Service = Field(description="What is served, and how requests are treated on the way.")
    names: ServiceNames = Field(default=ServiceNames(), description="Names of the three Services.")
    selectors: Selectors | None = Field(
        default=None, description="Which pods are whose; without them no Service is made."
    )
    split: Split = Field(
        default=ALL_TO_PRIMARY,
        description="Percent of the requests for each side; all to the primary by default.",
    )
    apex_ready: bool = Field(
        default=True,
        description="False leaves the apex Service and the route alone until the primary serves.",
    )
    verify: Verify | None = Field(
        default=None, description="A request that must succeed before a split counts as in force."
    )
    revert_on_deletion: bool = Field(
        default=False, description="Hand route and Services back as they were on deletion."
    )
    schedule: tuple[ScheduledSplit, ...] = Field(
        default=(), max_length=64, description="Splits by time, for use without a rollout."
    )

    @model_validator(mode="before")
    @classmethod
    def _leave_to_its_controller(cls, value: Any) -> Any:
        """Count an object of another controller as suspended: it is neither read nor written."""
        if isinstance(value, Mapping) and left_to_another(value.get("provider")):
            return {**value, "suspend": True}
        return value


class Written(Wire):
    """An object we wrote.

    *digest* tells whether we would write the same again; *over* is the resourceVersion that the
    write replaced, empty where it made the object.
    """

    api_version: str = Field(description="API version of the object.")
    kind: str = Field(description="Kind of the object.")
    name: str = Field(description="Name of the object.")
    digest: str = Field(description="Hash of what was written.")
    over: str = Field(
        default="",
        description="The resourceVersion that the write replaced; empty where it made the object.",
    )
    at: Moment = Field(description="When it was written.")

    @property
    def ident(self) -> str:
        """The object's name within its namespace, as `objects.ident` gives it."""
        return ident(self.api_version, self.kind, self.name)


class Refused(Wire):
    """What the API server said when it would not store what this service is rendered to."""

    digest: str = Field(description="Hash of the spec without its shares.")
    reason: str = Field(description="The same as one CamelCase word.")
    message: str = Field(description="What the API server said.")


class Applied(Wire):
    """The split that the route was last made to say, and when."""

    split: Split = Field(description="The split that the route says.")
    at: Moment = Field(description="Since when it says so.")


class Adopted(Wire):
    """What an object that was there before us said in the fields that we changed."""

    api_version: str = Field(description="API version of the object.")
    kind: str = Field(description="Kind of the object.")
    name: str = Field(description="Name of the object.")
    uid: str = Field(description="The object it was; one made anew is another one.")
    fields: AnyObject = Field(description="What it said before us in the fields that we changed.")

    @property
    def ident(self) -> str:
        """The object's name within its namespace, as `objects.ident` gives it."""
        return ident(self.api_version, self.kind, self.name)


class ScheduleStart(Wire):
    """When the schedule of this *digest* was first seen."""

    digest: str = Field(description="Hash of the schedule.")
    at: Moment = Field(description="When it was first seen.")


class TrafficRouteStatus(FluxStatus):
    """The split in force, what the router can do, and what was written for it."""

    in_force: InForce | None = Field(
        default=None, description="The split that requests really follow, and since when."
    )
    router: str | None = Field(default=None, description="Router that puts the split in force.")
    capabilities: tuple[str, ...] = Field(default=(), description="What that router can do.")
    ignored: tuple[str, ...] = Field(
        default=(), description="Fields that are set and that this router cannot express."
    )
    applied: Applied | None = Field(
        default=None, description="The split that the route was last made to say."
    )
    objects: tuple[Written, ...] = Field(
        default=(), description="Objects that were written for the split."
    )
    adopted: tuple[Adopted, ...] = Field(
        default=(), description="What objects that were there before said until we changed them."
    )
    judged_by: tuple[str, ...] = Field(
        default=(),
        description=(
            "Who of those that the route attaches to has judged it: from then on their silence "
            "is no consent."
        ),
    )
    refused: Refused | None = Field(
        default=None,
        description="What the API server would not store; until that changes only shares move.",
    )
    schedule: ScheduleStart | None = Field(
        default=None, description="Which schedule runs, and since when."
    )


@dataclass(frozen=True, slots=True)
class Names:
    """The three Services' names, resolved."""

    apex: str
    primary: str
    canary: str


def names_of(spec: TrafficRouteSpec, own_name: str) -> Names:
    """Resolve the Services' names; without `service.name` they follow from *own_name*."""
    base = spec.names.apex or spec.service.name or own_name
    return Names(
        apex=base,
        primary=spec.names.primary or f"{base}{PRIMARY}",
        canary=spec.names.canary or f"{base}{CANARY}",
    )


def left_to_another(provider: object) -> bool:
    """Tell whether *provider* is domain-qualified, such as `example.com/edge`."""
    return isinstance(provider, str) and "/" in provider
