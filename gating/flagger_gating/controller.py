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
FINALIZER = "gating.flagger.app/finalizer"

GatingPart = Part[GateSpec, GateStatus, Seen]


def part(settings: GatingSettings | None = None) -> GatingPart:
    """Return the part that owns every Gate."""
    chosen = settings or GatingSettings()
    return Part(
        name="gating",
        kind=GATE,
        spec=GateSpec,
        status=GateStatus,
        observe=partial(observe, settings=chosen),
        decide=decide,
        finalizer=FINALIZER,
        default_account=chosen.default_account,
    )


def add_flags(parser: ArgumentParser) -> None:
    """Teach *parser* the flags of this part."""
    switch(
        parser,
        "require-authenticated-approval",
        default=False,
        help="Ignore approvals by annotation, whose author is only a claim.",
    )


def settings_from(options: RuntimeOptions, args: Namespace) -> GatingSettings:
    """Collect this part's choices from those of the process and from parsed *args*."""
    return GatingSettings(
        require_authenticated_approval=args.require_authenticated_approval,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, args: Namespace) -> Sequence[GatingPart]:
    return (part(settings_from(options, args)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the controller until it is told to stop; return the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)
