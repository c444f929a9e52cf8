"""Where the demo writes, and how it learns that nothing can be written any more."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console


class Unwritten(Exception):
    """Nothing more can be written for *cause*; *unread* if whoever read it has gone."""

    def __init__(self, cause: OSError) -> None:
        super().__init__(f"the standard output cannot be written: {cause.strerror or cause}")
        self.unread = isinstance(cause, BrokenPipeError)


class Output(Console):
    """A console on the standard output; it leaves a closed pipe to its caller."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


@contextmanager
def writing() -> Iterator[None]:
    """Turn what the operating system refuses inside the block into `Unwritten`."""
    try:
        yield
    except OSError as error:
        raise Unwritten(error) from error


def give_up(console: Console) -> None:
    """Let what *console* still holds go nowhere: the interpreter would try again at its exit."""
    with suppress(OSError, ValueError):  # Not every file is one of the operating system.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, console.file.fileno())
        finally:
            os.close(nowhere)
