"""The tools look at all of our packages: one that is forgotten would be checked by nobody."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
OURS = {
    *(path.parent.name for path in ROOT.glob("*/*/py.typed")),
    *(path.parent.name for path in ROOT.glob("*/py.typed")),
}
RUNNABLE = {"tests", "examples"}


@pytest.fixture(scope="module")
def configured() -> Any:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]


def test_there_are_the_kernel_four_parts_and_the_command_line() -> None:
    assert len(OURS) == 6


def test_types_are_checked_in_everything_that_runs(configured: Any) -> None:
    assert set(configured["mypy"]["packages"]) == OURS | RUNNABLE


def test_imports_of_ours_are_sorted_as_ours(configured: Any) -> None:
    assert set(configured["ruff"]["lint"]["isort"]["known-first-party"]) == OURS | RUNNABLE


def test_every_package_is_looked_at_by_import_linter(configured: Any) -> None:
    assert set(configured["importlinter"]["root_packages"]) == OURS
