"""The Gate controller: its part, its flags, its process."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from flagger_py.runtime.options import RuntimeOptions, switch
from flagger_py.runtime.part import Part

from .api import GATE, GateSpec, GateStatus
from .decide import Seen, decide
from .observe import observe
from .settings import GatingSettings

PROGRAM = "flagger-gating"
FINALIZER = "finalizers.flagger.app/gating"

GatingPart = Part[GateSpec, GateStatus, Seen]


def part(settings: GatingSettings) -> GatingPart:
    """Return the part that owns every Gate."""
    return Part(
        name="gating",
        kind=GATE,
        spec=GateSpec,
        status=GateStatus,
        observe=partial(observe, settings=settings),
        decide=decide,
        finalizer=FINALIZER,
        default_account=settings.default_account,
    )


def add_flags(parser: ArgumentParser) -> None:
    """Teach *parser* the flags of this part."""
    switch(
        parser,
        "require-authenticated-approval",
        default=False,
        help="Ignore approvals by annotation, whose author is only a claim.",
    )


def settings_from(options: RuntimeOptions, flags: Namespace) -> GatingSettings:
    """Collect this part's choices from those of the process and from parsed *flags*."""
    return GatingSettings(
        require_authenticated_approval=flags.require_authenticated_approval,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, flags: Namespace) -> Sequence[GatingPart]:
    """Return the one part of a process of its own."""
    return (part(settings_from(options, flags)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)
