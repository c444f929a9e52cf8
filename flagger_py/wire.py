"""How values are written on the wire: snake_case here, camelCase in the Kubernetes API."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

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
    """Say in one sentence a user can act on which fields are wrong and why."""
    findings = []
    for item in error.errors(include_url=False):
        path = ".".join([where, *(str(part) for part in item["loc"])])
        findings.append(f"{path}: {item['msg']}")
    return "; ".join(findings)
