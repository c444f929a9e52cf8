"""What a Markdown page holds for a machine: its fenced blocks, what is said of them, its links.

A comment on the line before a block says what a test does with it: `<!-- file: NAME -->` saves it,
`<!-- run -->` runs it, `<!-- run, exits 1 -->` expects another exit code. A `text` block right
after one that runs shows what comes out: its lines appear in this order, `…` stands for anything.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
READMES = (ROOT / "README.md", *sorted(ROOT.glob("*/README.md")))
PAGES = (*sorted((ROOT / "docs").rglob("*.md")), *READMES, ROOT / "examples/own_rollout/README.md")

_FENCE = re.compile(r"^( *)(`{3,})(\S*)\s*$")
_COMMENT = re.compile(
    r"^ *<!-- (?P<what>file|run)(?:: (?P<name>\S+))?(?:, exits (?P<code>\d+))? -->$"
)
_LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ +(.*?) *$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its *language*, its text without indentation, and what is said before it.

    *expected* is what a `text` block right after it shows.
    """

    page: Path
    line: int
    language: str
    text: str
    file: str = ""
    runs: bool = False
    exits: int = 0
    expected: str = ""

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> tuple[Block, ...]:
    """Return the blocks of *page* in their order."""
    found = tuple(_blocks(page, page.read_text(encoding="utf-8").splitlines()))
    shown = []
    for nth, block in enumerate(found):
        after = found[nth + 1] if nth + 1 < len(found) else None
        expected = after.text if after and after.language == "text" and block.runs else ""
        shown.append(replace(block, expected=expected))
    return tuple(shown)


def links(page: Path) -> tuple[str, ...]:
    """Return the targets of the links of *page* that stay in this repository."""
    text = re.sub(r"^( *)```.*?^\1```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    return tuple(target for target in _LINK.findall(text) if "://" not in target)


def anchors(page: Path) -> frozenset[str]:
    """Return the anchors that the headings of *page* make, as GitHub forms them."""
    titles = _HEADING.findall(page.read_text(encoding="utf-8"))
    return frozenset(re.sub(r"[^\w\- ]", "", t.lower()).replace(" ", "-") for t in titles)


def missing(expected: str, output: str) -> str:
    """Return the first line of *expected* that *output* lacks at or after its place, or ``""``."""
    rest = " ".join(output.split())
    for line in expected.splitlines():
        for piece in filter(None, (" ".join(p.split()) for p in line.split("…"))):
            _, found, rest = rest.partition(piece)
            if not found:
                return line
    return ""


def _blocks(page: Path, lines: list[str]) -> Iterator[Block]:
    number = 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        number += 1
        if fence is None:
            continue
        begun, (indent, ticks, language) = number, fence.groups()
        while number < len(lines) and lines[number].strip() != ticks:
            number += 1
        text = "\n".join(line.removeprefix(indent) for line in lines[begun:number]) + "\n"
        number += 1
        said = _COMMENT.match(lines[begun - 2]) if begun > 1 else None
        what = said.groupdict() if said else {}
        yield Block(
            page,
            begun,
            language,
            text,
            file=what.get("name") or "",
            runs=what.get("what") == "run",
            exits=int(what.get("code") or 0),
        )
