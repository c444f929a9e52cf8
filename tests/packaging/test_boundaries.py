"""Imports are relative inside a part and absolute across, so that an absolute one is a boundary."""

import ast
from collections.abc import Iterator
from pathlib import Path, PurePath

import pytest

ROOT = Path(__file__).parents[2]
MEMBERS = ("metrics", "routing", "gating", "rollout", "cli")
COMPOSER = "cli"
KERNEL = "flagger_py"


def imports(text: str) -> Iterator[tuple[int, int, str]]:
    """Yield line, level and module of each import; level 0 is absolute."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom):
            yield node.lineno, node.level, node.module or ""
        elif isinstance(node, ast.Import):
            for name in node.names:
                yield node.lineno, 0, name.name


def faults(member: str, place: PurePath, text: str) -> list[str]:
    """Return what is wrong with the imports of a module at *place* inside its package."""
    package = f"flagger_{member}"
    found = []
    for line, level, module in imports(text):
        said = f"{package}/{place}:{line} imports {'.' * level}{module}"
        top = module.partition(".")[0]
        if level > len(place.parts):
            found.append(f"{said}, which is outside of {package}")
        elif level == 0 and top == package:
            found.append(f"{said}; inside a part imports are relative")
        elif level == 0 and top.startswith("flagger_") and top != KERNEL and member != COMPOSER:
            found.append(f"{said}; parts meet in the cluster")
    return found


@pytest.mark.parametrize("member", MEMBERS)
def test_only_another_package_is_imported_by_its_full_name(member: str) -> None:
    home = ROOT / member / f"flagger_{member}"
    modules = sorted(home.rglob("*.py"))

    found = [f for m in modules for f in faults(member, m.relative_to(home), m.read_text("utf-8"))]

    assert modules
    assert found == []


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("import flagger_gating.api", "inside a part imports are relative"),
        ("from flagger_routing.api import Split", "parts meet in the cluster"),
        ("from ...metrics import api", "outside of flagger_gating"),
        ("from ..api import Gate", ""),
        ("from flagger_py.refs import Kind", ""),
    ],
    ids=["itself", "a sibling", "beyond the package", "above", "the kernel"],
)
def test_an_import_across_a_boundary_is_found(line: str, fault: str) -> None:
    found = faults("gating", PurePath("inner/module.py"), line)

    assert [fault in one for one in found] == ([True] if fault else [])
