"""How the flags of a controller are written: as Go's flag package reads them.

One dash or two, `-flag value` or `-flag=value`; a boolean flag stands alone or has `=value`.
"""

import argparse
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import click

from flagger_py.quantities import duration_text
from flagger_py.runtime.options import seconds

HELP = ("h", "help")


class FlagParser(argparse.ArgumentParser):
    """Remembers its flags by name, and reports what is wrong as click does.

    Several parts may add a flag of the same name; the last one is the one remembered.
    """

    def __init__(self, program: str) -> None:
        self.flags: dict[str, argparse.Action] = {}
        super().__init__(
            prog=program, allow_abbrev=False, add_help=False, conflict_handler="resolve"
        )

    def add_argument(self, *names: Any, **how: Any) -> argparse.Action:
        action = super().add_argument(*names, **how)
        for name in names:
            self.flags[name.lstrip("-")] = action
        return action

    def error(self, message: str) -> NoReturn:
        raise click.UsageError(message)


@dataclass(frozen=True, slots=True)
class FlagLine:
    """What a reader is told of a flag: its spelling, its default as text, and what it does."""

    name: str
    also: tuple[str, ...]
    takes_value: bool
    default: str
    about: str


def normal(argv: Sequence[str], parser: FlagParser) -> tuple[str, ...]:
    """Rewrite *argv* so that every item is `--name=value`.

    Raises `click.UsageError` for an unknown flag, with the nearest known one, for a flag without
    its value, and for a word that belongs to no flag.
    """
    found = []
    rest = iter(argv)
    for word in rest:
        if not word.startswith("-") or word in ("-", "--"):
            raise click.UsageError(f"{word!r} belongs to no flag")
        name, equals, value = word.lstrip("-").partition("=")
        action = parser.flags.get(name)
        if action is None:
            raise click.UsageError(f"{word!r} is no flag of run{_nearest(name, parser)}")
        if not equals:
            value = "true" if action.nargs is not None else _next(rest, word)
        found.append(f"--{name}={value}")
    return tuple(found)


def asks_for_help(argv: Sequence[str]) -> bool:
    """Tell whether a reader wants the list of flags."""
    return any(word.startswith("-") and word.lstrip("-") in HELP for word in argv)


def asks_for_version(argv: Sequence[str]) -> bool:
    """Tell whether a reader wants the version alone, as `flagger -version` says it."""
    return any(word in ("-version", "--version") for word in argv)


def flag_lines(parser: FlagParser) -> tuple[FlagLine, ...]:
    """Return the flags of *parser* by name, each under its first name."""
    names: dict[int, list[str]] = {}
    for name, action in parser.flags.items():
        names.setdefault(id(action), []).append(name)
    actions = {id(action): action for action in parser.flags.values()}
    lines = (
        FlagLine(first, tuple(also), action.nargs is None, _default(action), action.help or "")
        for action, (first, *also) in ((actions[key], found) for key, found in names.items())
    )
    return tuple(sorted(lines, key=lambda line: line.name))


def _next(rest: Iterator[str], word: str) -> str:
    value = next(rest, None)
    if value is None:
        raise click.UsageError(f"{word} needs a value")
    return value


def _nearest(name: str, parser: FlagParser) -> str:
    near = difflib.get_close_matches(name, parser.flags, n=1)
    return f"; did you mean --{near[0]}?" if near else ""


def _default(action: argparse.Action) -> str:
    value = action.default
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value in ("", []):
        return ""
    if action.type is seconds:
        return duration_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)
