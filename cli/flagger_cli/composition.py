"""Which controllers there are, and how they share one process and its flags."""

import argparse
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import click

from flagger_gating import controller as gating
from flagger_metrics import controller as metrics
from flagger_py.runtime.options import RuntimeOptions, add_runtime_flags, flag
from flagger_py.runtime.part import Part
from flagger_rollout import controller as rollout
from flagger_routing import controller as routing

from .flagger_flags import add_flagger_flags, refuse_later
from .flags import FlagParser
from .program import BINARY

AnyPart = Part[Any, Any, Any]
AddFlags = Callable[[argparse.ArgumentParser], None]


@dataclass(frozen=True, slots=True)
class Controller:
    """One part: its name, the flags it adds, and how it is made from them."""

    name: str
    add_flags: AddFlags
    make: Callable[[RuntimeOptions, argparse.Namespace], Sequence[AnyPart]]


CONTROLLERS = (
    Controller("rollout", rollout.add_flags, rollout.parts),
    Controller("routing", routing.add_flags, routing.parts),
    Controller("gating", gating.add_flags, gating.parts),
    Controller("metrics", metrics.add_flags, metrics.parts),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """What a process is to run: its name, its controllers, and its flags as `--name=value`."""

    program: str
    controllers: tuple[Controller, ...]
    argv: tuple[str, ...]

    def parts(self, options: RuntimeOptions, _flags: argparse.Namespace) -> tuple[AnyPart, ...]:
        """Make the parts; each reads the flags it shares with others with its own default."""
        return tuple(
            part
            for controller in self.controllers
            for part in controller.make(options, _flags_of(controller, self.argv))
        )

    @property
    def shared(self) -> tuple[str, ...]:
        """The flags that are the process's own, whatever runs in it."""
        parser = FlagParser(self.program)
        add_runtime_flags(parser)
        add_shared_flags(parser)
        return tuple(word for word in self.argv if _name(word) in parser.flags)


def plan(argv: Sequence[str]) -> Plan:
    """Read the flags of a process.

    Raises `click.UsageError` for flags that cannot be read and for an unknown controller,
    `SpecError` for a flag of Flagger's that nothing would act on.
    """
    parser = run_parser()
    given = parser.normal(argv)
    flags = parser.parse_args(given)
    refuse_later(flags, os.environ)
    controllers = _chosen(flags.controllers)
    return Plan(_program(controllers), controllers, given)


def run_parser() -> FlagParser:
    """Return the parser of every flag that `run` understands."""
    parser = FlagParser(f"{BINARY} run")
    add_runtime_flags(parser)
    add_shared_flags(parser)
    add_flagger_flags(parser)
    flag(
        parser,
        "controllers",
        default=",".join(controller.name for controller in CONTROLLERS),
        help="Comma-separated controllers that run in this process.",
    )
    for controller in CONTROLLERS:
        controller.add_flags(parser)
    return parser


def add_shared_flags(parser: argparse.ArgumentParser) -> None:
    """Teach *parser* what the process itself reads beside the runtime's flags."""
    flag(parser, "mesh-provider", default="", help="Provider of objects that name none.")


def _flags_of(controller: Controller, argv: Sequence[str]) -> argparse.Namespace:
    parser = FlagParser(controller.name)
    add_runtime_flags(parser)
    controller.add_flags(parser)
    return parser.parse_known_args(argv)[0]


def _name(word: str) -> str:
    return word.lstrip("-").partition("=")[0]


def _chosen(text: str) -> tuple[Controller, ...]:
    known = {controller.name: controller for controller in CONTROLLERS}
    names = dict.fromkeys(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in known]
    if unknown or not names:
        what = f"{', '.join(unknown)} is unknown" if unknown else "no controller is named"
        raise click.UsageError(f"--controllers: {what}; choose from {', '.join(known)}")
    return tuple(known[name] for name in names)


def _program(controllers: tuple[Controller, ...]) -> str:
    """Name the process after what it runs: its Lease must not be that of another composition."""
    if len(controllers) == len(CONTROLLERS):
        return BINARY
    if len(controllers) == 1:
        return f"flagger-{controllers[0].name}"
    return "-".join((BINARY, *sorted(controller.name for controller in controllers)))
