"""What the Dockerfile says is true of this repository: what it copies, installs, and runs as.

No container engine is needed: the steps are read, and its installation is done in a virtual
environment of a scratch folder instead.
"""

import json
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from .charts import ROOT, render
from .test_wheels import uv

SOURCE, HOME = "/src", "/opt/flagger-py"


@dataclass(frozen=True, slots=True)
class Step:
    """One instruction and the number of the stage it belongs to, from 0."""

    stage: int
    word: str
    rest: str


def steps() -> tuple[Step, ...]:
    return tuple(_steps((ROOT / "Dockerfile").read_text()))


def last(word: str) -> str:
    """Return what the image itself says: the last instruction of that word."""
    return [step.rest for step in steps() if step.word == word][-1]


def copies() -> tuple[tuple[str, PurePosixPath], ...]:
    """Return each source that comes from the repository, and the place it is copied to."""
    found: list[tuple[str, PurePosixPath]] = []
    for step in steps():
        if step.word != "COPY" or step.rest.startswith("--from="):
            continue
        *sources, place = step.rest.split()
        inside = [PurePosixPath(place) / (name if place.endswith("/") else "") for name in sources]
        found += zip(sources, inside, strict=True)
    return tuple(found)


def test_what_is_copied_is_in_the_repository() -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    tops = {name.partition("/")[0] for name in tracked}

    assert copies()
    assert {source for source, _ in copies()} <= tops


def test_what_is_copied_is_sent_to_the_builder_and_nothing_else() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()

    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == {name for name, _ in copies()}


def test_the_image_has_the_python_that_we_support() -> None:
    assert {step.rest.split()[0] for step in steps() if step.word == "FROM"} == {"python:3.11-slim"}


def test_the_image_runs_as_the_user_that_the_chart_says() -> None:
    contexts = [pod["spec"]["containers"][0]["securityContext"] for pod in render().pods().values()]

    assert {f"{c['runAsUser']}:{c['runAsGroup']}" for c in contexts} == {last("USER")}
    assert not last("USER").startswith("0")


def test_what_is_installed_runs_away_from_the_repository(installed: Path) -> None:
    """The entry point, and every command by which the chart starts a controller."""
    (entry,) = json.loads(last("ENTRYPOINT"))
    pods = (*render().pods().values(), *render("allInOne=true").pods().values())
    commands = {pod["spec"]["containers"][0]["command"][0] for pod in pods}

    assert len(commands) == 5
    for command in {entry, *commands}:
        done = subprocess.run(
            [installed / "bin" / command, "--help"],
            capture_output=True,
            text=True,
            check=False,
            cwd=installed,
            env={"PATH": str(installed / "bin")},
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The environment that the build stage makes, by its own words and uv's cache of wheels."""
    folder = tmp_path_factory.mktemp("image")
    source, home = folder / "src", folder / "home"
    for name, place in copies():
        there = source / place.relative_to(SOURCE)
        there.parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, there, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / name, there)
    made, filled = (shlex.split(step.rest) for step in steps() if step.word == "RUN")
    assert made == ["python", "-m", "venv", HOME]
    assert filled[:2] == [f"{HOME}/bin/pip", "install"]
    words = [word.replace(SOURCE, str(source), 1) for word in filled[2:]]
    uv("venv", "--quiet", "--python", sys.executable, str(home))
    uv("pip", "install", "--quiet", "--python", str(home / "bin" / "python"), *words)
    return home


def _steps(text: str) -> Iterator[Step]:
    stage = -1
    for line in text.splitlines():
        word, _, rest = line.strip().partition(" ")
        if not word or word.startswith("#"):
            continue
        stage += word == "FROM"
        yield Step(stage, word, rest)
