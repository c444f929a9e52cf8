"""How values are written on the wire: snake_case here, camelCase in the Kubernetes API."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import ErrorDetails

from flagger_py.errors import SpecError

Manifest = Mapping[str, Any]
"""A Kubernetes object as JSON: never changed in place, always rebuilt."""


class Wire(BaseModel):
    """A frozen value at the edge of the API.

    Fields that the model does not name are ignored when reading, as the API server prunes them;
    the command line refuses them with `unknown_fields` before anything is sent.
    """

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)

    def wire(self) -> dict[str, Any]:
        """Return the JSON form without unset optional fields."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @classmethod
    def read(cls, value: object, where: str) -> Self:
        """Read *value*, the content of the field named *where*; `SpecError` names what is wrong."""
        try:
            return cls.model_validate(value)
        except ValidationError as error:
            raise SpecError(explain(error, where), reason="InvalidSpec") from error


def explain(error: ValidationError, where: str) -> str:
    """Say in one sentence a user can act on which fields are wrong and why.

    No value is repeated but a number where a time is meant: others may be secret.
    """
    findings = []
    for item in error.errors(include_url=False):
        path = where + "".join(_step(part) for part in item["loc"])
        findings.append(f"{path}: {_wanted(item)}")
    return "; ".join(findings)


def _step(part: int | str) -> str:
    return f"[{part}]" if isinstance(part, int) else f".{part}"


def _wanted(item: ErrorDetails) -> str:
    """Say what a field must be, in the words of manifests instead of Python's."""
    context = item.get("ctx") or {}
    match item["type"]:
        case "missing":
            return "is required"
        case "string_type":
            return _text_wanted(item)
        case "string_too_short" if context.get("min_length") == 1:
            return "must not be empty"
        case "string_pattern_mismatch":
            pattern = context.get("pattern", "")
            return _PATTERNS.get(pattern, f"must match {pattern}")
        case "value_error":
            return item["msg"].removeprefix("Value error, ")
        case "greater_than_equal":
            return f"must be at least {context.get('ge')}"
        case "less_than_equal":
            return f"must be at most {context.get('le')}"
        case "enum" | "literal_error":
            return f"must be {context.get('expected', '')}"
        case kind:
            return _TYPES.get(kind, item["msg"])


def _text_wanted(item: ErrorDetails) -> str:
    given, name = item["input"], item["loc"][-1] if item["loc"] else ""
    if isinstance(given, int | float) and not isinstance(given, bool) and name in _TIMES:
        return f'must be text; quote it, with a unit: "{given:g}s"'
    scalar = isinstance(given, bool | int | float)
    return "must be text; put it in quotes" if scalar else "must be text"


_TIMES = ("after", "duration", "interval", "timeout")
"""Names of fields that hold a duration, which people write as a bare number."""

_PATTERNS: Mapping[str, str] = {
    r"^https?://[^\s]+$": "must be a URL that begins with http:// or https://",
}

_WHOLE, _NUMBER, _SWITCH = "must be a whole number", "must be a number", "must be true or false"
_MAP, _LIST = "must be a map of fields", "must be a list"
_TYPES: Mapping[str, str] = {
    "bool_parsing": _SWITCH,
    "bool_type": _SWITCH,
    "dict_type": _MAP,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "int_from_float": _WHOLE,
    "int_parsing": _WHOLE,
    "int_type": _WHOLE,
    "list_type": _LIST,
    "mapping_type": _MAP,
    "model_attributes_type": _MAP,
    "model_type": _MAP,
    "tuple_type": _LIST,
}
"""By pydantic's names of errors."""
