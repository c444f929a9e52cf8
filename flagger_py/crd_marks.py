"""What a model can say to a CustomResourceDefinition beyond its types."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, WithJsonSchema
from pydantic_core import PydanticCustomError

from flagger_py.errors import SpecError
from flagger_py.quantities import duration_s

STORED_DEFAULT = "x-flagger-stored-default"
"""Key in a field's `json_schema_extra`: the API server writes this default into stored objects."""

DURATION_PATTERN = r"^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$"
"""What Flux accepts as a duration."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule in CEL over `self`; *message* tells what to do where it does not hold.

    *at* is the field, relative to `self` and with a leading dot, that the API server blames.
    """

    cel: str
    message: str
    at: str | None = None

    def validation(self) -> dict[str, Any]:
        """Return the item of `x-kubernetes-validations`."""
        blamed = {} if self.at is None else {"fieldPath": self.at}
        return {"rule": self.cel, "message": self.message, **blamed}


def validated(*rules: Rule) -> ConfigDict:
    """Return the `model_config` of a model whose objects must keep *rules*."""
    return ConfigDict(
        json_schema_extra={"x-kubernetes-validations": [rule.validation() for rule in rules]}
    )


def exactly_one_field() -> ConfigDict:
    """Return the `model_config` of a model of which exactly one field is set."""
    return ConfigDict(json_schema_extra={"minProperties": 1, "maxProperties": 1})


def at_most_one_field() -> ConfigDict:
    """Return the `model_config` of a model of which no more than one field is set."""
    return ConfigDict(json_schema_extra={"maxProperties": 1})


def stored(default: str | int | bool) -> dict[str, Any]:
    """Return the `json_schema_extra` of a field whose *default* is written into stored objects.

    Every other default stays in the model: a stored object says what its user wrote.
    """
    return {STORED_DEFAULT: default}


def map_list(*keys: str) -> dict[str, Any]:
    """Return the `json_schema_extra` of a list whose items are told apart by *keys*.

    Server-side apply then merges such a list by item instead of replacing it.
    """
    return {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": list(keys)}


def whole_map() -> dict[str, Any]:
    """Return the `json_schema_extra` of a map that is owned as a whole.

    Of any other map, applied as an empty one over its last entry, the API server makes null, which
    no schema takes.
    """
    return {"x-kubernetes-map-type": "atomic"}


def refusal(message: str) -> PydanticCustomError:
    """Return what a validator raises; the user reads *message* after the field's path."""
    return PydanticCustomError("refused", "{message}", {"message": message})


def duration_like(pattern: str) -> WithJsonSchema:
    """Return the schema of a duration that the API server matches against *pattern*."""
    return WithJsonSchema({"type": "string", "pattern": pattern})


def readable_duration(text: str) -> str:
    """Return *text* if it is a duration, else refuse it with an example of one."""
    try:
        duration_s(text)
    except SpecError as error:
        raise no_duration(text) from error
    return text


def no_duration(text: str) -> PydanticCustomError:
    """Return what a validator raises for *text* that is no duration, with examples of some."""
    return refusal(f"{text!r} is no duration; write for example 30s, 1m or 1m30s")


def _flux_duration(text: str) -> str:
    if re.fullmatch(DURATION_PATTERN, text) is None:
        raise no_duration(text)
    return text


Duration = Annotated[str, AfterValidator(_flux_duration), duration_like(DURATION_PATTERN)]
"""A duration as Flux's own kinds accept it: `30s`, `1m30s`, `1.5h`."""

IntOrString = Annotated[int | str, WithJsonSchema({"x-kubernetes-int-or-string": True})]
"""A number or a name, such as a port."""

AnyObject = Annotated[
    Mapping[str, Any],
    WithJsonSchema({"type": "object", "x-kubernetes-preserve-unknown-fields": True}),
]
"""An object of which the API server keeps every field."""
