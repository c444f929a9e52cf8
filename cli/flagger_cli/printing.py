"""How tables look: as kubectl's in a pipe, in colours and within the width of a terminal."""

import shutil
import sys
from collections.abc import Mapping, Sequence
from io import StringIO

import click
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from .rows import Table

_WIDE = 10_000
_STYLES: Mapping[str, str] = {
    "True": "green",
    "Passed": "green",
    "Approved": "green",
    "Succeeded": "green",
    "Initialized": "green",
    "False": "red",
    "Failed": "red",
    "Error": "red",
    "Denied": "red",
    "Unknown": "yellow",
    "Pending": "yellow",
    "Inconclusive": "yellow",
    "NoData": "yellow",
    "Unreachable": "yellow",
    "Progressing": "cyan",
    "Promoting": "cyan",
    "Finalising": "cyan",
    "Waiting": "yellow",
    "WaitingPromotion": "yellow",
}
_PLAIN_COLUMNS = ("SUSPENDED", "OPEN")


def print_table(table: Table) -> None:
    """Write *table* to stdout; a terminal's last column wraps, a pipe gets one line per row."""
    Sheet().add(table)


class Sheet:
    """A table on stdout that grows; the heading is written once, and columns stay where they are.

    A column gets wider where a later cell needs it.
    """

    def __init__(self) -> None:
        self._widths: tuple[int, ...] = ()

    def add(self, table: Table) -> None:
        """Write the rows of *table*, which always has the same columns."""
        terminal = sys.stdout.isatty()
        width = shutil.get_terminal_size().columns if terminal else _WIDE
        text = rendered(table, width, coloured=terminal, above=self._widths)
        click.echo(text, nl=False)
        self._widths = _widths(table, self._widths)


def rendered(table: Table, width: int, *, coloured: bool = False, above: Sequence[int] = ()) -> str:
    """Return *table* as text of at most *width* characters a line, without trailing blanks.

    *above* are the widths of columns that stand there already, heading included.
    """
    shown = RichTable(
        box=None, pad_edge=False, padding=(0, 3, 0, 0), header_style="bold", show_header=not above
    )
    *columns, last = table.columns
    for column, least in zip(columns, above or (0,) * len(columns), strict=False):
        shown.add_column(column, no_wrap=True, min_width=least)
    shown.add_column(last, overflow="fold")
    for row in table.rows:
        pairs = zip(table.columns, row, strict=True)
        shown.add_row(*(Text(cell, style=_style(column, cell)) for column, cell in pairs))
    out = StringIO()
    Console(
        file=out, width=width, force_terminal=coloured, no_color=not coloured, highlight=False
    ).print(shown)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())


def _widths(table: Table, before: Sequence[int]) -> tuple[int, ...]:
    cells = (table.columns, *table.rows)
    longest = (max(cell_len(row[nth]) for row in cells) for nth in range(len(table.columns)))
    return tuple(map(max, longest, before or (0,) * len(table.columns)))


def _style(column: str, cell: str) -> str:
    return "" if column in _PLAIN_COLUMNS else _STYLES.get(cell, "")
