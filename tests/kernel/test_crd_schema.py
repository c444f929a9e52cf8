"""Schemas made from models: structural, and saying what the model says."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagger_py import crd
from flagger_py.crd_schema import schema_of
from flagger_py.errors import SpecError
from flagger_py.wire import Wire
from tests.compat.stored import fields, schema_in
from tests.kernel.bicycles import BICYCLE, BicycleSpec, BicycleStatus


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
