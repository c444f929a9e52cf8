"""Where `flagger-py`, `kubectl flagger` and `flux flagger` begin."""

import sys
from typing import NoReturn

from .program import cli, program_name


def main() -> NoReturn:
    """Run the command line on `sys.argv` and exit."""
    argv = sys.argv[1:]
    if argv and argv[0].startswith("__complete"):
        from .cobra import main as complete

        sys.exit(complete(argv[0], argv[1:]))
    cli.main(args=argv, prog_name=program_name(sys.argv[0]))
    raise AssertionError("the program has exited")
