"""How the demo ends where nothing can be written, and where it is told to."""

import asyncio
import errno
import io
import os
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from flagger_cli.demo import story
from flagger_cli.demo.output import Output
from flagger_py.errors import Unavailable


class File(io.StringIO):
    """Does *act* when *words* are written."""

    def __init__(self, act: Callable[[], None], words: str = "") -> None:
        super().__init__()
        self._act = act
        self._words = words

    def write(self, text: str) -> int:
        if self._words in text:
            self._act()
        return super().write(text)


def play(file: File, folder: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """Play the demo on *file*; the folders it makes are in *folder*."""
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return story.run(Output(file=file))


def fail(number: int) -> Callable[[], None]:
    def act() -> None:
        raise OSError(number, os.strerror(number))

    return act


def test_a_reader_that_has_gone_ends_the_demo_quietly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert play(File(fail(errno.EPIPE)), tmp_path, monkeypatch) == 128 + signal.SIGPIPE
    assert capfd.readouterr() == ("", "")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sentence = "the standard output cannot be written: No space left on device"

    with pytest.raises(Unavailable, match=sentence):
        play(File(fail(errno.ENOSPC)), tmp_path, monkeypatch)

    assert list(tmp_path.iterdir()) == []


def test_a_demo_that_is_told_to_end_ends_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = File(lambda: os.kill(os.getpid(), signal.SIGTERM), "is installed")

    assert play(file, tmp_path, monkeypatch) == 143
    assert file.getvalue().endswith("told to stop; everything was ended\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_the_exit_code_and_lets_the_work_clean_up(number: signal.Signals) -> None:
    """However often it is sent."""
    cleaned = []

    async def work() -> int:
        try:
            os.kill(os.getpid(), number)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), number)
            await asyncio.sleep(0.01)
            cleaned.append(number)
        return 0

    code = asyncio.run(story.until_told(work(), Output(file=io.StringIO())))

    assert code == 128 + number
    assert cleaned == [number]
