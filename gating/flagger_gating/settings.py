"""What an operator chooses for this part."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GatingSettings:
    """Choices that hold for every Gate of this controller."""

    require_authenticated_approval: bool = False
    """No annotation approves or denies: its author is only a claim."""
    default_account: str | None = None
    """Impersonated where an object names no ServiceAccount."""
