"""What an operator may set for all Gates of a controller."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatingSettings:
    """*require_authenticated_approval*: an annotation's author is a claim, so none counts.

    *default_account* is impersonated for a Gate that names no ServiceAccount of its own.
    """

    require_authenticated_approval: bool = False
    default_account: str | None = None
