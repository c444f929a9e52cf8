"""Tests wait for what they claim, by asking again and again, and say what was seen last."""

import threading
from collections.abc import Callable
from typing import TypeVar

from flagger_py import clock

T = TypeVar("T")

_pause = threading.Event()  # Never set: its timed wait yields the processor between two questions.


def eventually(
    ask: Callable[[], T], what: str, timeout_s: float = 20.0, every_s: float = 0.05
) -> T:
    """Return the first true answer of *ask*; raises `AssertionError` with *what* and the last."""
    deadline = clock.monotonic_s() + timeout_s
    while not (answer := ask()):
        if clock.monotonic_s() > deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}; last seen: {answer!r}")
        _pause.wait(every_s)
    return answer


def let_pass(seconds: float) -> None:
    """Let time pass, for the claim that something does not happen in it."""
    _pause.wait(seconds)
