"""What is said where a program of the machine's own is missing."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cluster import binaries, namespace, programs
from tests.cluster.lab import edge
from tests.cluster.programs import MissingProgram

ROOT = Path(__file__).parents[2]
WITHOUT_LAB = ("go", "ip", "setpriv", "true", "unshare")


@pytest.mark.parametrize("name", programs.PACKAGES)
def test_a_missing_program_is_named_with_its_package(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingProgram, match=f"^the bed needs `{name}`: put it on PATH") as caught:
        programs.find(name, "the bed")

    assert f"(apt-get install {programs.PACKAGES[name]})" in str(caught.value)


def test_a_missing_traefik_is_named_with_the_lab_that_needs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingProgram, match=r"^the lab needs the program traefik") as caught:
        edge.binary()

    assert f"neither {tmp_path}/traefik nor one on PATH" in str(caught.value)


def test_without_prometheus_the_lab_fails_with_one_sentence(tmp_path: Path) -> None:
    """No stack trace, no skip, and nothing was started."""
    for name in WITHOUT_LAB:
        if found := shutil.which(name):
            (tmp_path / name).symlink_to(found)
    pytest_words = (sys.executable, "-m", "pytest", "-q", "-rN", "-p", "no:cacheprovider")
    command = (sys.executable, "-m", "tests.cluster.namespace", "--", *pytest_words)

    done = subprocess.run(
        [*command, "tests/cluster/test_lab.py"],
        cwd=ROOT,
        env={**os.environ, "PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    said = done.stdout + done.stderr
    assert done.returncode == 1
    assert "the lab needs `prometheus`: put it on PATH (apt-get install prometheus)" in said
    assert said.count("the lab needs") == 1
    assert "Traceback" not in said
    assert "skipped" not in said


def test_without_a_tool_nothing_is_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The namespace's tools are looked for first: building takes ten minutes."""

    def build() -> None:
        raise AssertionError("it was begun to build")

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(namespace, "inside", lambda: False)
    monkeypatch.setattr(binaries, "prepare", build)

    with pytest.raises(SystemExit) as ended:
        namespace.main(["--", "true"])

    assert ended.value.code == (
        "the bed's network namespace needs `unshare`: put it on PATH (apt-get install util-linux)"
    )
