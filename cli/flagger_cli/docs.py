"""The generated pages, and that of the command line: `python -m flagger_cli.docs [--check]`."""

import inspect
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import click

from flagger_py.runtime.flags import flag_lines

from . import field_page
from .composition import run_parser
from .program import BINARY, COMMANDS, FAILED, cli

PAGE = Path("docs/reference/command-line.md")

_INTRODUCTION = """\
<!-- Made from the parsers by `make docs`: edit those, not this page. -->

# The command line

`flagger-py` runs the controllers, looks at what they do and talks to them.
Installed beside kubectl and flux it answers as `kubectl flagger` and `flux flagger`, too:
the same commands with the same flags.

`--kubeconfig`, `--context` and `-n` of the commands that ask a cluster go before or after the
command; the last one counts.
Without them the kubeconfig that kubectl would take is taken, and the namespace of its context.
In a pod it is the pod's own account and namespace.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | refused or failed, a check found something, or a release did not come to rest |
| 2 | not understood: an unknown command, flag or value |
| 130 | interrupted |
| 129, 143 | `demo`: told to end by SIGHUP or SIGTERM; everything it started was ended |
| 141 | `demo`: whoever read its output has gone; everything it started was ended |

What went wrong is one sentence on the standard error that says what to do; `--debug` adds where
in the program it came from.

Whoever approves, pauses, resumes, promotes or rolls back is named in an Event on the object.
The name is that of the kubeconfig's user, which is a claim; the API server's audit log has the
identity.

## Completion

`flagger-py completion bash` (or `zsh`, `fish`) prints a script for the shell.
kubectl finds `kubectl_complete-flagger` on the path by itself, and flux asks the plugin through
Cobra's `__complete`.
"""

_RUN = """\
Every flag takes one dash or two, as `-flag value` or `-flag=value`.
A flag without a value in this table is true when it stands alone; `=false` turns it off.
Flags before the command (`flagger-py -n apps run`) are those of the process.
A flag of Flagger's that nothing would act on is refused, and so are the environment variables
`SLACK_URL`, `SLACK_TOKEN`, `SLACK_PROXY_URL`, `MSTEAMS_URL` and `MSTEAMS_PROXY_URL`.
A mesh provider that nobody knows is refused, and so is a metrics server that is no URL.
A mesh provider that only Flagger routes is warned of, because Canaries may name their own.
Without `--controllers` all four run in this process.
"""


def page() -> str:
    """Return the whole page; equal parsers give equal bytes."""
    root = click.Context(cli, info_name=BINARY, **cli.context_settings)
    sections = [_INTRODUCTION, _options("Flags of every command", cli, root)]
    for name in COMMANDS:
        command = cli.get_command(root, name)
        if command is None:
            raise AssertionError(f"{name} is listed and missing")
        sections.append(_run() if name == "run" else _command(command, root))
    return "\n".join(sections)


def pages() -> Mapping[Path, str]:
    """Return every generated page by where it is in the repository."""
    return {PAGE: page(), field_page.PAGE: field_page.page()}


def main(argv: Sequence[str]) -> int:
    """Write the pages, or with `--check` fail when one says something else."""
    if list(argv) == ["--check"]:
        stale = [path for path, text in pages().items() if not _says(path, text)]
        for path in stale:
            sys.stderr.write(f"{path} is stale; run make docs\n")
        return FAILED if stale else 0
    for path, text in pages().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


def _says(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _command(command: click.Command, root: click.Context) -> str:
    context = click.Context(command, info_name=command.name, parent=root)
    usage = " ".join((context.command_path, *command.collect_usage_pieces(context)))
    text = inspect.cleandoc(command.help or "")
    return (
        f"## {command.name}\n\n```console\n{usage}\n```\n\n{text}\n{_options('', command, context)}"
    )


def _options(title: str, command: click.Command, context: click.Context) -> str:
    rows = tuple(_option_rows(command, context))
    if not rows:
        return ""
    heading = f"## {title}\n" if title else ""
    table = "\n".join(("| flag | what it says |", "|---|---|", *rows))
    return f"{heading}\n{table}\n"


def _option_rows(command: click.Command, context: click.Context) -> Iterator[str]:
    everywhere = {param.name for param in cli.params} if command is not cli else set()
    for param in command.get_params(context):
        record = param.get_help_record(context)
        known = param.name in everywhere or param.name == "help"
        if isinstance(param, click.Option) and record and not known:
            yield _row(*record)


def _run() -> str:
    rows = (_row(line.spelled, line.told) for line in flag_lines(run_parser()))
    table = "\n".join(("| flag | what it says |", "|---|---|", *rows))
    return f"## run\n\n```console\n{BINARY} run [FLAGS]\n```\n\n{_RUN}\n{table}\n"


def _row(flag: str, about: str) -> str:
    cells = (cell.replace("|", r"\|") for cell in (f"`{flag}`", about))
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
