"""How the demo ended, and what users had of it: the closing tables."""

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from .users import Tally


@dataclass(frozen=True, slots=True)
class Release:
    """One release of the story: what was expected of it, what came, and the words for it.

    *users_get* is the version in the primary afterwards, *users_want* the one that should be.
    """

    version: str
    expected: str
    came: str
    users_want: str
    users_get: str
    took_s: float
    decisions: tuple[str, ...]

    @property
    def fine(self) -> bool:
        return self.came == self.expected and self.users_get == self.users_want


def exit_code(releases: tuple[Release, ...], tally: Tally, wanted: int) -> int:
    """Return 0 if all *wanted* releases ended as they should and no request was dropped."""
    fine = len(releases) == wanted and all(release.fine for release in releases)
    return 0 if fine and not tally.dropped and tally.total else 1


def show(
    console: Console, releases: tuple[Release, ...], tally: Tally, *, told: bool = False
) -> None:
    """Print the closing tables, and every decision unless that was *told* when it was taken."""
    console.print(_releases(releases))
    for release in () if told else releases:
        console.print(Text(f"Why {release.version} {release.came.lower()}"), style="bold")
        for text in release.decisions:
            console.print(Text(f"  {text}"), soft_wrap=True)
    console.print(_users(releases, tally))
    dropped = tally.dropped.total()
    why = ", ".join(f"{count}x {reason}" for reason, count in tally.dropped.items())
    console.print(
        Text(f"{tally.total} requests, {dropped} dropped by routing{f' ({why})' if why else ''}")
    )


def _releases(releases: tuple[Release, ...]) -> Table:
    table = Table(title="Releases", title_justify="left")
    for name in ("version", "expected", "got", "users are on", "seconds"):
        table.add_column(name, overflow="fold")
    for release in releases:
        came = Text(release.came, style="green" if release.fine else "red")
        took = f"{release.took_s:.1f}"
        table.add_row(release.version, release.expected, came, release.users_get, took)
    return table


def _users(releases: tuple[Release, ...], tally: Tally) -> Table:
    table = Table(title="Users", title_justify="left")
    for name in ("version", "requests", "errors of the application"):
        table.add_column(name, justify="left" if name == "version" else "right")
    for version in sorted({*tally.answers, *(release.version for release in releases)}):
        table.add_row(version, str(tally.answers[version]), str(tally.failures[version]))
    return table
