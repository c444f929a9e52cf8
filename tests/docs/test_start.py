"""Every way in is followed as a reader would: its files are saved, its commands are run."""

import re
from pathlib import Path

import pytest

from .blocks import ROOT, blocks, missing
from .cluster import cluster

START = ROOT / "docs" / "start"


OF_A_USER = ("canary-per-app", "reuse-the-parts", "router-install", "with-flux")
PAGES = ("first-canary", *OF_A_USER)


@pytest.mark.parametrize("page", PAGES)
def test_what_a_page_says_happens(page: str, tmp_path: Path) -> None:
    """Nothing is there but what the page makes; nobody sends requests but as it says."""
    found = blocks(START / f"{page}.md")

    with cluster(tmp_path) as reader:
        reader.four.simulation.run_for(10)
        for block in found:
            reader.follow(block)


def test_every_start_page_is_followed() -> None:
    assert set(PAGES) == {page.stem for page in START.glob("*.md")}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_first_what_it_needs_and_where_the_command_is(page: str) -> None:
    text = (START / f"{page}.md").read_text(encoding="utf-8")
    command = re.search(r"^ *flagger-py ", text, re.MULTILINE)

    before = text[: command.start()] if command else ""
    assert "export PATH=$PWD/.venv/bin:$PATH" in before
    assert "kubectl" in text.partition("\n## ")[0]
    assert "helm install" not in text or "Helm" in text.partition("\n## ")[0]


@pytest.mark.parametrize("page", OF_A_USER)
def test_every_kind_of_user_has_commands_with_what_they_print(page: str) -> None:
    shown = [block for block in blocks(START / f"{page}.md") if block.runs and block.expected]

    assert len(shown) >= 2


@pytest.mark.parametrize(
    ("expected", "output", "lacking"),
    [
        ("two\nthree", "one\ntwo\nthree\n", ""),
        ("three\ntwo", "one\ntwo\nthree\n", "two"),
        ("a …  d", "a b c\nd", ""),
        ("four", "one", "four"),
    ],
    ids=["in order", "out of order", "anything between", "not at all"],
)
def test_expected_lines_are_looked_for_in_their_order(
    expected: str, output: str, lacking: str
) -> None:
    assert missing(expected, output) == lacking
