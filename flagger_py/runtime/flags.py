"""How the flags of a controller process are spelled, read and shown: as Go's flag package does.

One dash or two, `-flag value` or `-flag=value`; a boolean flag stands alone or has `=value`. Help
shows two dashes only.
"""

import argparse
import difflib
import re
import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from flagger_py.egress import sendable
from flagger_py.errors import SpecError
from flagger_py.quantities import duration_s, duration_text

MISUSED = 2
"""The exit code for flags that cannot be understood."""

_TRUE = ("1", "t", "true")
_FALSE = ("0", "f", "false")
_PORT_MAX = 65535
_HELP = ("h", "help")
_WIDTH_MAX = 100
_INDENT = " " * 6
_ARGUMENT = re.compile(r"^argument (--[\w-]+)[^:]*: ")


@dataclass(frozen=True, slots=True)
class FlagLine:
    """What a reader is told of a flag: its spelling, its default as text, and what it does."""

    name: str
    also: tuple[str, ...]
    takes_value: bool
    default: str
    about: str

    @property
    def spelled(self) -> str:
        """The flag with its other names, as help shows it."""
        names = ", ".join(f"--{name}" for name in (self.name, *self.also))
        return f"{names} VALUE" if self.takes_value else names

    @property
    def told(self) -> str:
        """What the flag does, and its default."""
        default = f"[default: {self.default}]" if self.default else ""
        return " ".join(part for part in (self.about, default) if part)


_GENERAL = (
    FlagLine("help", (), False, "", "Show the flags and exit."),
    FlagLine("version", (), False, "", "Show the version and exit."),
)


class FlagParser(argparse.ArgumentParser):
    """Remembers its flags by name, and says in one sentence what is wrong.

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

    def read(self, argv: Sequence[str] | None) -> argparse.Namespace:
        """Read *argv*, or the words of this process; exits where only help was asked for."""
        words = sys.argv[1:] if argv is None else argv
        if asks_for_help(words):
            self.print_help()
            self.exit()
        if asks_for_version(words):
            sys.stdout.write(f"{_version(self.prog)}\n")
            self.exit()
        return self.parse_args(self.normal(words))

    def normal(self, argv: Sequence[str]) -> tuple[str, ...]:
        """Rewrite *argv* so that every item is `--name=value`.

        An unknown flag is an error that names the nearest known one; so is a flag without its
        value, and a word that belongs to no flag.
        """
        found = []
        rest = iter(argv)
        for word in rest:
            if not word.startswith("-") or word in ("-", "--"):
                self.error(f"{word!r} belongs to no flag")
            name, equals, value = word.lstrip("-").partition("=")
            action = self.flags.get(name)
            if action is None:
                self.error(f"unrecognised flag {word.partition('=')[0]}{self._nearest(name)}")
            if not equals:
                value = "true" if action.nargs is not None else self._next(rest, word)
            found.append(f"--{name}={value}")
        return tuple(found)

    def format_help(self) -> str:
        """Show every flag once, with what it does and its default."""
        width = min(shutil.get_terminal_size().columns, _WIDTH_MAX)
        found = [f"usage: {self.prog} [FLAGS]", "", "Every flag takes one dash or two.", ""]
        for line in (*flag_lines(self), *_GENERAL):
            told = textwrap.wrap(
                line.told, width, initial_indent=_INDENT, subsequent_indent=_INDENT
            )
            found += [f"  {line.spelled}", *told]
        return "\n".join((*found, ""))

    def error(self, message: str) -> NoReturn:
        self.exit(MISUSED, f"error: {plain(message)}; see --help\n")

    def _next(self, rest: Iterator[str], word: str) -> str:
        value = next(rest, None)
        if value is None:
            self.error(f"{word} needs a value")
        return value

    def _nearest(self, name: str) -> str:
        near = difflib.get_close_matches(name, self.flags, n=1)
        return f" (did you mean --{near[0]}?)" if near else ""


def flag(
    parser: argparse.ArgumentParser, name: str, *also: str, default: object, **how: object
) -> None:
    """Add the flag *name*, also known as *also*, each with one dash or two."""
    spellings = [dashes + each for each in (name, *also) for dashes in ("--", "-")]
    parser.add_argument(*spellings, default=default, **how)  # type: ignore[arg-type]  # passed on


def switch(parser: argparse.ArgumentParser, name: str, *, default: bool, help: str) -> None:
    """Add a boolean flag: bare it is true, with `=false` it is not."""
    spellings = ("--" + name, "-" + name)
    parser.add_argument(*spellings, default=default, nargs="?", const=True, type=boolean, help=help)


def boolean(text: str) -> bool:
    """Read a boolean as Go's flag package does."""
    if text.lower() in _TRUE:
        return True
    if text.lower() in _FALSE:
        return False
    raise argparse.ArgumentTypeError(f"{text!r} is neither true nor false")


def seconds(text: str) -> float:
    """Read a Go duration given as a flag."""
    try:
        return duration_s(text)
    except SpecError as error:
        raise argparse.ArgumentTypeError(error.message) from error


def port(text: str) -> str:
    """Read the number of a TCP port given as a flag; 0 is any that is free."""
    if not text.isdecimal() or int(text) > _PORT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; write for example 8080")
    return text


def address(text: str) -> str:
    """Read a Go listen address given as a flag; empty or 0 listens nowhere."""
    if text in ("", "0"):
        return text
    _, colon, number = text.rpartition(":")
    if not colon:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address to listen on; write for example :8080"
        )
    port(number)
    return text


def url(text: str) -> str:
    """Read an http or https URL given as a flag; empty is none."""
    if text and not sendable(text):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no http or https URL; write for example http://prometheus:9090"
        )
    return text


def asks_for_help(argv: Sequence[str]) -> bool:
    """Tell whether a reader wants the list of flags."""
    return any(word.startswith("-") and word.lstrip("-") in _HELP for word in argv)


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


def plain(message: str) -> str:
    """Return an error of argparse with the flag's first name alone before it."""
    return _ARGUMENT.sub(r"\1: ", message)


def _default(action: argparse.Action) -> str:
    value = action.default
    if isinstance(value, bool):
        return str(value).lower()
    if value is None or value in ("", []):
        return ""
    if action.type is seconds:
        return duration_text(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _version(program: str) -> str:
    """Return the version of the distribution called *program*, else that of the runtime."""
    try:
        return version(program)
    except PackageNotFoundError:
        return f"flagger-py {version('flagger-py')}"
