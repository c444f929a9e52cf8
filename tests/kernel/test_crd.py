"""Definitions made from models: structural, deterministic, and saying what the model says."""

from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
import yaml
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
from flagger_py.crd_schema import schema_of
from flagger_py.errors import SpecError
from flagger_py.refs import Kind, ObjectRef
from flagger_py.wire import Wire
from tests.compat.stored import fields, schema_in


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


def spec_field(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = schema_of(BicycleSpec)["properties"][name]
    return found


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("gear", {"type": "string", "enum": ["fixed", "free"]}),
        ("bell", {"type": "string", "enum": ["brass"]}),
        ("size", {"type": "string", "enum": ["Small", "Large"]}),
        ("labels", {"type": "object", "additionalProperties": {"type": "string"}}),
        ("extras", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("config", {"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
        ("anything", {"x-kubernetes-preserve-unknown-fields": True}),
        ("port", {"x-kubernetes-int-or-string": True}),
        ("since", {"type": "string", "format": "date-time"}),
        ("price", {"type": "number", "minimum": 0, "exclusiveMinimum": True}),
        ("maxAge", {"type": "integer", "default": 7}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_field_becomes_the_schema_of_its_type(name: str, schema: Mapping[str, Any]) -> None:
    assert spec_field(name) == schema


def test_a_nested_model_is_written_in_place_with_its_rules() -> None:
    assert spec_field("wheel") == {
        "description": "The front wheel.",
        "type": "object",
        "required": ["spokes"],
        "properties": {
            "spokes": {"description": "Number of spokes.", "type": "integer", "minimum": 1}
        },
        "x-kubernetes-validations": [
            {"rule": "self.spokes > 2", "message": "give it three spokes", "fieldPath": ".spokes"}
        ],
    }


def test_a_list_says_how_its_items_are_told_apart() -> None:
    wheels = spec_field("wheels")

    assert wheels["x-kubernetes-list-type"] == "map"
    assert wheels["x-kubernetes-list-map-keys"] == ["spokes"]
    assert wheels["maxItems"] == 2
    assert wheels["items"]["description"] == "What it rolls on."


def test_only_fields_without_a_default_are_required() -> None:
    assert schema_of(BicycleSpec)["required"] == ["owner"]


def test_a_default_is_stored_only_where_the_model_says_so() -> None:
    with_default = [
        path for path, field in fields(schema_of(BicycleSpec), "spec") if "default" in field
    ]

    assert with_default == ["spec.maxAge"]


def test_conditions_are_merged_by_type() -> None:
    conditions = schema_of(BicycleStatus)["properties"]["conditions"]

    assert conditions["x-kubernetes-list-type"] == "map"
    assert conditions["x-kubernetes-list-map-keys"] == ["type"]


def test_fields_of_the_kernel_are_described() -> None:
    described = schema_of(BicycleSpec)["properties"]["owner"]["properties"]
    standing = schema_of(BicycleStatus)["properties"]["conditions"]["items"]["properties"]

    assert all(field.get("description") for field in (*described.values(), *standing.values()))


def test_a_schema_is_structural() -> None:
    """No references, unions, nulls or titles; a type wherever the API server asks for one."""
    forbidden = {"$ref", "$defs", "title", "anyOf", "oneOf", "allOf", "const", "examples"}
    untyped = {"x-kubernetes-int-or-string", "x-kubernetes-preserve-unknown-fields"}

    for path, field in fields(schema_in(crd.definition(BICYCLE)), "Bicycle"):
        assert not forbidden & set(field), path
        assert isinstance(field.get("type"), str) or untyped & set(field), path


class Choosy(Wire):
    """A union that no structural schema can say."""

    either: int | bool = 0


class Nested(Wire):
    """A model that contains itself."""

    inner: "Nested | None" = None


class Mixed(Wire):
    """A list whose items differ in type."""

    pair: tuple[int, str] = (0, "")


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        (Choosy, r"Choosy\.either: a union has no structural schema"),
        (Nested, r"Nested.*inner: Nested contains itself"),
        (Mixed, r"Mixed\.pair: items of different types"),
    ],
    ids=["union", "recursion", "mixed"],
)
def test_what_no_schema_can_say_is_refused_by_name(model: type[Wire], sentence: str) -> None:
    with pytest.raises(TypeError, match=sentence):
        schema_of(model)


def test_a_reconciled_kind_starts_unobserved() -> None:
    """Otherwise kstatus would call it ready before its controller ever looked at it."""
    definition = crd.definition(BICYCLE)

    assert schema_in(definition)["properties"]["status"]["default"] == {"observedGeneration": -1}
    assert definition["spec"]["versions"][0]["subresources"] == {"status": {}}


def test_a_static_kind_has_no_status() -> None:
    """A status that nobody writes would keep it in progress for ever."""
    definition = crd.definition(replace(BICYCLE, status=None))

    assert "status" not in schema_in(definition)["properties"]
    assert "subresources" not in definition["spec"]["versions"][0]


def test_names_and_annotations_follow_flux() -> None:
    definition = crd.definition(BICYCLE)

    assert definition["metadata"] == {
        "name": "bicycles.garage.example.com",
        "annotations": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"},
    }
    assert definition["spec"]["names"] == {
        "kind": "Bicycle",
        "listKind": "BicycleList",
        "plural": "bicycles",
        "singular": "bicycle",
        "shortNames": ["bi"],
        "categories": ["all", "fluxcd", "fluxcd-delivery"],
    }


def test_helm_keeps_what_asks_to_be_kept() -> None:
    annotations = crd.definition(replace(BICYCLE, kept=True))["metadata"]["annotations"]

    assert annotations["helm.sh/resource-policy"] == "keep"


def test_columns_end_as_those_of_flux() -> None:
    columns = crd.definition(BICYCLE)["spec"]["versions"][0]["additionalPrinterColumns"]

    assert [column["name"] for column in columns] == ["Size", "Age", "Ready", "Status"]
    assert columns[0]["priority"] == 1
    assert "priority" not in columns[1]


def test_rules_of_the_whole_object_stand_at_its_root() -> None:
    ruled = replace(BICYCLE, rules=(Rule("has(self.spec)", "say what you want"),))

    root = schema_in(crd.definition(ruled))

    assert root["x-kubernetes-validations"] == [
        {"rule": "has(self.spec)", "message": "say what you want"}
    ]


def test_an_object_needs_a_spec_unless_declared_otherwise() -> None:
    assert schema_in(crd.definition(BICYCLE))["required"] == ["spec"]
    assert "required" not in schema_in(crd.definition(replace(BICYCLE, spec_required=False)))


def test_the_text_is_the_definition_without_anchors() -> None:
    text = crd.text(BICYCLE)

    assert yaml.safe_load(text) == crd.definition(BICYCLE)
    assert "&id" not in text
    assert text == crd.text(replace(BICYCLE))


def test_a_file_is_stale_when_missing_or_edited(tmp_path: Path) -> None:
    name = "garage.example.com_bicycles.yaml"

    before = crd.stale([BICYCLE], tmp_path)
    crd.write([BICYCLE], tmp_path / "crds")
    written = crd.stale([BICYCLE], tmp_path / "crds")
    (tmp_path / "crds" / name).write_text("kind: Tricycle\n")
    edited = crd.stale([BICYCLE], tmp_path / "crds")

    assert before == (name,)
    assert written == ()
    assert edited == (name,)


@pytest.mark.parametrize("text", ["10s", "1m30s", "1.5h", "250ms"])
def test_durations_of_flux_are_read(text: str) -> None:
    spec = BicycleSpec.read({"owner": _owner(), "pause": text}, "spec")

    assert spec.pause == text


@pytest.mark.parametrize("text", ["", "1d", "10", "s", "-5s", "1m 30s"])
def test_what_is_no_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SpecError, match=r"spec\.pause: .* is no duration; write for example 30s"):
        BicycleSpec.read({"owner": _owner(), "pause": text}, "spec")


def _owner() -> dict[str, str]:
    return {"apiVersion": "v1", "kind": "Person", "name": "ada"}
