"""How the demo looks while it runs: a live picture on a terminal, plain lines elsewhere."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from .chronicle import Chronicle, Said
from .users import Tally

LINES_MAX = 8
COLUMNS_MIN = 60
ROWS_MIN = 16
_BAR_CELLS_MAX = 40
_BESIDE_BAR = 50
"""The columns that the frame, the names of the facts and the words beside the bar take."""
_STYLES = {"Succeeded": "bold green", "Failed": "bold red", "Progressing": "bold cyan"}


@dataclass(slots=True)
class Scene:
    """What is to be seen; *headline* says in words what goes on at present."""

    chronicle: Chronicle
    tally: Tally
    clock_s: Callable[[], float]
    started: datetime
    headline: str = "starting"

    def since(self, at: datetime) -> float:
        return (at - self.started).total_seconds()


class Screen(Protocol):
    """Shows a scene, again and again, between `open` and `close`.

    What was shown on a *lasting* screen can still be read afterwards.
    """

    @property
    def lasting(self) -> bool: ...

    def open(self) -> None: ...

    def show(self, scene: Scene) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class LineScreen:
    """Prints each thing once, when it happens."""

    console: Console
    _headline: str = ""
    _told: int = 0

    @property
    def lasting(self) -> bool:
        return True

    def open(self) -> None:
        pass

    def show(self, scene: Scene) -> None:
        if scene.headline != self._headline:
            self._headline = scene.headline
            self.console.print(f"== {scene.headline}", markup=False, highlight=False)
        for said in scene.chronicle.said[self._told :]:
            line = f"{scene.since(said.at):6.1f}s  {said.text}"
            self.console.print(line, markup=False, highlight=False, soft_wrap=True)
        self._told = len(scene.chronicle.said)

    def close(self) -> None:
        pass


@dataclass(slots=True)
class LiveScreen:
    """Redraws in place; once there is no room for that any more it prints lines."""

    console: Console
    _live: Live | None = None
    _size: tuple[int, int] = (0, 0)
    _lines: LineScreen | None = None

    @property
    def lasting(self) -> bool:
        return self._lines is not None

    def open(self) -> None:
        self._size = self.console.size
        self._live = Live(console=self.console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, scene: Scene) -> None:
        self._follow_size()
        if self._lines is not None:
            self._lines.show(scene)
        elif self._live is not None:
            self._live.update(picture(scene, self.console), refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _follow_size(self) -> None:
        """Begin on an empty screen at a new size: the terminal has broken the old lines anew."""
        if self._live is None or self.console.size == self._size:
            return
        self._size = self.console.size
        if roomy(self.console):
            self.console.clear()
            return
        self.close()
        self.console.clear()
        self._lines = LineScreen(self.console)


def screen_for(console: Console) -> Screen:
    return LiveScreen(console) if roomy(console) else LineScreen(console)


def roomy(console: Console) -> bool:
    """Tell whether *console* is a terminal that can be redrawn and is large enough."""
    columns, rows = console.size
    redrawn = console.is_terminal and not console.is_dumb_terminal
    return redrawn and columns >= COLUMNS_MIN and rows >= ROWS_MIN


def picture(scene: Scene, console: Console) -> RenderableType:
    """Draw the phase, who gets how much, what users see, and as many decisions as fit."""
    chronicle = scene.chronicle
    columns, rows = console.size
    facts = Table.grid(padding=(0, 2))
    facts.add_row("phase", Text(chronicle.phase, style=_STYLES.get(chronicle.phase, "bold")))
    facts.add_row("weights", bar(chronicle.weight, columns - _BESIDE_BAR))
    facts.add_row("failed checks", str(chronicle.failed_checks))
    facts.add_row("answered by", rates_text(scene.tally.rates(scene.clock_s())))
    facts.add_row("dropped", Text(str(scene.tally.dropped.total())))
    facts.add_row("decision", Text(chronicle.sentence, overflow="fold"))
    taken = len(console.render_lines(facts, console.options.update_width(columns - 4)))
    # Without a frame, an empty line and the cursor's own that many rows are left.
    left = max(0, min(LINES_MAX, rows - taken - 4))
    lines = [_line(scene, said) for said in chronicle.said[-left:]] if left else []
    return Panel(Group(facts, Text(), *lines), title=scene.headline, title_align="left")


def bar(weight: int, columns: int = _BAR_CELLS_MAX) -> Text:
    """Draw the primary's and the canary's share of the requests in at most *columns*."""
    whole = min(columns, _BAR_CELLS_MAX)
    cells = round(weight * whole / 100)
    found = Text("█" * (whole - cells), style="green")
    found.append("█" * cells, style="yellow")
    return found.append(f"  primary {100 - weight} %, canary {weight} %", style="default")


def rates_text(rates: dict[str, float]) -> str:
    return ", ".join(f"{version} {rate:.0f}/s" for version, rate in rates.items()) or "nobody"


def _line(scene: Scene, said: Said) -> Text:
    style = "yellow" if said.warning else "dim"
    return Text(
        f"{scene.since(said.at):6.1f}s  {said.text}", style=style, overflow="ellipsis", no_wrap=True
    )
