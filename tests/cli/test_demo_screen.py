"""How the demo looks on terminals of different sizes, and what of it stays."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from rich.console import Console

from flagger_cli.demo import report
from flagger_cli.demo.chronicle import Chronicle, Said
from flagger_cli.demo.manifests import CANARY, WHERE, canary
from flagger_cli.demo.report import Release
from flagger_cli.demo.screen import (
    COLUMNS_MIN,
    ROWS_MIN,
    LineScreen,
    LiveScreen,
    Scene,
    picture,
    screen_for,
)
from flagger_cli.demo.stage import new_store
from flagger_cli.demo.users import Tally

START = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCE = "Check 1 of 2 failed at 20%: request-success-rate 80.3 (>= 99) of the last 2 s " * 2


def a_console(columns: int, rows: int) -> Console:
    terminal = {"TERM": "xterm", "NO_COLOR": "1"}
    return Console(
        file=io.StringIO(), width=columns, height=rows, force_terminal=True, _environ=terminal
    )


def a_scene() -> Scene:
    store = new_store()
    scene = Scene(Chronicle(store, lambda: START), Tally(), lambda: 0, START)
    store.create(canary())
    ready = {"type": "Ready", "status": "Unknown", "message": SENTENCE}
    status = {"phase": "Progressing", "canaryWeight": 40, "conditions": [ready]}
    store.set_status(CANARY, WHERE, status)
    scene.chronicle.said += [
        Said(START + timedelta(seconds=nth), "Advanced", f"{nth}. {SENTENCE}", False)
        for nth in range(20)
    ]
    return scene


@pytest.mark.parametrize(
    ("columns", "rows"), [(COLUMNS_MIN, ROWS_MIN), (80, 24), (200, 60)], ids=str
)
def test_a_picture_leaves_a_row_free_and_cuts_no_fact(columns: int, rows: int) -> None:
    console = a_console(columns, rows)

    with console.capture() as captured:
        console.print(picture(a_scene(), console))

    lines = captured.get().splitlines()
    assert len(lines) < rows
    (weights,) = (line for line in lines if "weights" in line)
    assert "primary 60 %, canary 40 %" in weights
    assert weights.count("█") >= 10
    assert "…" not in weights


def test_a_larger_terminal_shows_more_decisions() -> None:
    counts = []
    for rows in (ROWS_MIN, 24):
        console = a_console(80, rows)
        with console.capture() as captured:
            console.print(picture(a_scene(), console))
        counts.append(captured.get().count("Check 1 of 2") - 1)

    assert counts[0] < counts[1]


@pytest.mark.parametrize(
    ("columns", "rows"),
    [(40, 24), (COLUMNS_MIN - 1, 24), (80, ROWS_MIN - 1), (80, 8)],
    ids=str,
)
def test_a_terminal_that_is_too_small_gets_lines(columns: int, rows: int) -> None:
    assert isinstance(screen_for(a_console(columns, rows)), LineScreen)


def test_a_terminal_that_cannot_be_redrawn_gets_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, _environ={"TERM": "dumb"})

    assert isinstance(screen_for(console), LineScreen)


def test_a_terminal_that_shrinks_gets_lines_from_then_on() -> None:
    console, scene = a_console(80, 24), a_scene()
    screen = screen_for(console)
    assert isinstance(screen, LiveScreen)
    screen.open()
    screen.show(scene)
    assert not screen.lasting

    console.size = (40, 8)
    with console.capture() as captured:
        screen.show(scene)
    screen.close()

    assert screen.lasting
    lines = captured.get().rpartition("== starting")[2]
    assert lines.count("Check 1 of 2") == 2 * 20
    assert "weights" not in lines


@pytest.mark.parametrize("told", [True, False])
def test_decisions_that_were_told_when_they_were_taken_are_not_told_again(told: bool) -> None:
    release = Release("2.0.0", "Succeeded", "Succeeded", "2.0.0", "2.0.0", 9.0, ("Advance",))
    out = io.StringIO()

    report.show(Console(file=out, width=80), (release,), Tally(), told=told)

    assert ("Why 2.0.0 succeeded\n  Advance\n" in out.getvalue()) is not told
