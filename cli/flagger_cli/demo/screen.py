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
_BAR_CELLS = 40
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
    """Shows a scene, again and again, between `open` and `close`."""

    def open(self) -> None: ...

    def show(self, scene: Scene) -> None: ...

    def close(self) -> None: ...


@dataclass(slots=True)
class LiveScreen:
    """Redraws in place."""

    console: Console
    _live: Live | None = None

    def open(self) -> None:
        self._live = Live(console=self.console, auto_refresh=False, transient=True)
        self._live.start()

    def show(self, scene: Scene) -> None:
        if self._live is not None:
            self._live.update(picture(scene), refresh=True)

    def close(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


@dataclass(slots=True)
class LineScreen:
    """Prints each thing once, when it happens."""

    console: Console
    _headline: str = ""
    _told: int = 0

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


def screen_for(console: Console) -> Screen:
    return LiveScreen(console) if console.is_terminal else LineScreen(console)


def picture(scene: Scene) -> RenderableType:
    """Draw the phase, who gets how much, what users see, and the last decisions."""
    chronicle = scene.chronicle
    facts = Table.grid(padding=(0, 2))
    facts.add_row("phase", Text(chronicle.phase, style=_STYLES.get(chronicle.phase, "bold")))
    facts.add_row("weights", bar(chronicle.weight))
    facts.add_row("failed checks", str(chronicle.failed_checks))
    facts.add_row("answered by", rates_text(scene.tally.rates(scene.clock_s())))
    facts.add_row("dropped", Text(str(scene.tally.dropped.total())))
    facts.add_row("decision", Text(chronicle.sentence, overflow="fold"))
    lines = [_line(scene, said) for said in chronicle.said[-LINES_MAX:]]
    return Panel(Group(facts, Text(), *lines), title=scene.headline, title_align="left")


def bar(weight: int) -> Text:
    """Draw the primary's and the canary's share of the requests."""
    cells = round(weight * _BAR_CELLS / 100)
    found = Text("█" * (_BAR_CELLS - cells), style="green")
    found.append("█" * cells, style="yellow")
    return found.append(f"  primary {100 - weight} %, canary {weight} %", style="default")


def rates_text(rates: dict[str, float]) -> str:
    return ", ".join(f"{version} {rate:.0f}/s" for version, rate in rates.items()) or "nobody"


def _line(scene: Scene, said: Said) -> Text:
    style = "yellow" if said.warning else "dim"
    return Text(f"{scene.since(said.at):6.1f}s  {said.text}", style=style, overflow="ellipsis")
