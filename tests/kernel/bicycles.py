"""A kind that uses everything a model can say, for the tests of definitions."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field

from flagger_py import crd
from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.contracts import Moment
from flagger_py.crd_marks import (
    AnyObject,
    Duration,
    IntOrString,
    Rule,
    map_list,
    stored,
    validated,
)
from flagger_py.refs import Kind, ObjectRef
from flagger_py.wire import Wire


class Size(StrEnum):
    SMALL = "Small"
    LARGE = "Large"


class Wheel(Wire):
    """What it rolls on.

    A second paragraph that is for readers of the code.
    """

    model_config = validated(Rule("self.spokes > 2", "give it three spokes", at=".spokes"))

    spokes: int = Field(ge=1, description="Number of spokes.")


class BicycleSpec(FluxSpec):
    """What a rider wants."""

    wheel: Wheel | None = Field(default=None, description="The front wheel.")
    wheels: tuple[Wheel, ...] = Field(
        default=(), max_length=2, json_schema_extra=map_list("spokes")
    )
    size: Size = Size.SMALL
    gear: Literal["fixed", "free"] | None = None
    bell: Literal["brass"] = "brass"
    labels: Mapping[str, str] = Field(default_factory=dict)
    spare: Mapping[str, Wheel] = Field(default_factory=dict)
    extras: Mapping[str, Any] = Field(default_factory=dict)
    anything: Any = None
    config: AnyObject | None = None
    port: IntOrString | None = None
    since: Moment | None = None
    pause: Duration = "10s"
    price: float = Field(default=1, gt=0)
    max_age: int = Field(default=7, json_schema_extra=stored(7))
    owner: ObjectRef = Field(description="Who rides it.")


class BicycleStatus(FluxStatus):
    """Where it is."""

    worn: Annotated[int, Field(le=100)] = 0


BICYCLE = crd.CustomResource(
    kind=Kind("garage.example.com", "v1", "Bicycle", "bicycles"),
    about="A Bicycle takes its rider somewhere.",
    spec=BicycleSpec,
    status=BicycleStatus,
    short_names=("bi",),
    printer_columns=(crd.Column("Size", ".spec.size", priority=1), *crd.STANDING),
)
