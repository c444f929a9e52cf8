"""What a recipe says to whoever calls it wrongly."""

import shutil
import subprocess

import pytest

from .blocks import ROOT


@pytest.mark.parametrize("given", [(), ("SEED=",), ("SEED=seven",), ("SEED=-1",), ("SEED=7 8",)])
def test_a_story_is_asked_for_by_its_number(given: tuple[str, ...]) -> None:
    make = shutil.which("make")
    assert make is not None, "this test needs make"

    # The set-up counts as done, so that nothing is installed while others test.
    command = [make, "-s", "-o", ".venv/.ready", "sim", *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    said = done.stderr.splitlines()
    assert done.returncode != 0
    assert said[0] == ("make sim needs the SEED of a story, a whole number, as in: make sim SEED=7")
    assert done.stdout == ""
