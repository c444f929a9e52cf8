"""The objects of a kind, printed once or as they change, as a table or for a program."""

from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

import click

from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import Scope

from .access import Access
from .following import Seen, follow
from .outputs import Output, listed, single
from .printing import Sheet, print_table
from .rows import Cells, Table, gone, table


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which objects are asked for, of every namespace when that is empty, and in which form."""

    kind: Kind
    namespace: str
    output: Output | None = None
    name: str = ""
    """The one object that is asked for, empty for all."""

    @property
    def none(self) -> str:
        where = f" in namespace {self.namespace}" if self.namespace else ""
        return f"no {self.kind.plural} found{where}"


async def show(access: Access, wanted: Wanted) -> None:
    """Print the objects as they are now."""
    if wanted.name:
        await _show_one(access, wanted)
        return
    found = await access.every(wanted.kind, wanted.namespace)
    if wanted.output is not None and (found or wanted.output is not Output.NAME):
        click.echo(listed(wanted.output, wanted.kind, found), nl=False)
    elif found:
        print_table(table(wanted.kind, found, namespaced=not wanted.namespace))
    else:
        click.echo(wanted.none, err=True)


async def show_on(access: Access, wanted: Wanted) -> None:
    """Print the objects as they are, and each again when it changes; ends by cancellation."""
    roll, first, later = _Roll(wanted), True, False
    async with aclosing(
        follow(access.client, Scope(wanted.kind, wanted.namespace, wanted.name))
    ) as batches:
        async for batch in batches:
            if first and not batch:
                click.echo(f"{wanted.none} yet", err=True)
            first = False
            if wanted.output is None:
                roll.add(batch)
                continue
            for seen in batch:
                click.echo(single(wanted.output, wanted.kind, seen.manifest, later=later), nl=False)
                later = True


async def _show_one(access: Access, wanted: Wanted) -> None:
    found = await access.need(wanted.kind, Key(wanted.namespace, wanted.name))
    if wanted.output is not None:
        click.echo(single(wanted.output, wanted.kind, found), nl=False)
    else:
        print_table(table(wanted.kind, (found,), namespaced=False))


@dataclass(slots=True)
class _Roll:
    """A table to which only rows that say something new are added."""

    wanted: Wanted
    _sheet: Sheet = field(default_factory=Sheet)
    _said: dict[str, Cells] = field(default_factory=dict)

    def add(self, batch: Sequence[Seen]) -> None:
        shown = tuple(self._row(seen) for seen in batch)
        rows = []
        for seen, one in zip(batch, shown, strict=True):
            (row,) = one.rows
            uid = str(seen.manifest["metadata"].get("uid", ""))
            if self._said.get(uid) != row:
                rows.append(row)
                self._said[uid] = row
        if rows:
            self._sheet.add(Table(shown[0].columns, tuple(rows)))

    def _row(self, seen: Seen) -> Table:
        one = table(self.wanted.kind, (seen.manifest,), namespaced=not self.wanted.namespace)
        return gone(one) if seen.gone else one
