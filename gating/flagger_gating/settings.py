"""What an operator may set for all Gates of a controller, and the flags that set it."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass

from flagger_py.runtime.options import switch


@dataclass(frozen=True, slots=True)
class GatingSettings:
    """*require_authenticated_approval*: an annotation's author is a claim, so none counts.

    *default_account* is impersonated for a Gate that names no ServiceAccount of its own.
    """

    require_authenticated_approval: bool = False
    default_account: str | None = None


def add_flags(parser: ArgumentParser) -> None:
    """Add the flags of this part to those of the process."""
    switch(
        parser,
        "require-authenticated-approval",
        default=False,
        help="Ignore approvals by annotation, whose author is only a claim.",
    )


def settings_from(flags: Namespace) -> GatingSettings:
    """Read the flags of this part, and the --default-service-account of every controller."""
    return GatingSettings(
        require_authenticated_approval=flags.require_authenticated_approval,
        default_account=flags.default_service_account or None,
    )
