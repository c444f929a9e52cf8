"""Which reasons the code can write into conditions and events, found in its source."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from flagger_cli.orders import Deed
from flagger_py.contracts import Verdict
from flagger_rollout.phases import Phase

from .blocks import ROOT

SECTIONS = {
    "Every kind": ROOT / "flagger_py",
    "Canary": ROOT / "rollout" / "flagger_rollout",
    "TrafficRoute": ROOT / "routing" / "flagger_routing",
    "MetricAnalysis": ROOT / "metrics" / "flagger_metrics",
    "Gate": ROOT / "gating" / "flagger_gating",
    "Command line": ROOT / "cli" / "flagger_cli",
}
"""The sections of the page, and the package whose reasons each of them lists."""

COMPUTED = {
    "Canary": {str(phase) for phase in Phase if phase is not Phase.NEW},
    "MetricAnalysis": {str(verdict) for verdict in Verdict},
    "Command line": {str(deed) for deed in Deed},
}
"""Reasons that are values of something else: of phases in `Promoted`, of verdicts in `Ready`."""

INNER = frozenset({"Failed", "Conflict", "Expired"})
"""Reasons of errors of the kernel that end no pass: the base class's, a lost race that is run
again, a watch that begins anew."""

SPOKEN = frozenset({"ready", "progressing", "retrying", "stalled", "warned", "told"})
"""Functions whose second argument is the reason of a standing, or the first that of an event."""

NOT_OURS = frozenset({"testing", "demo"})


@cache
def reasons_of(section: str) -> frozenset[str]:
    """Return the reasons that the package of *section* declares or writes."""
    home = SECTIONS[section]
    modules = [m for m in home.rglob("*.py") if not NOT_OURS & set(m.relative_to(home).parts)]
    sources = [module.read_text("utf-8") for module in modules]
    constants = {name: text for one in sources for name, text in _constants(ast.parse(one).body)}
    found = {reason for one in sources for reason in reasons_in(one, constants)}
    inner = INNER if section == "Every kind" else frozenset()
    return frozenset((found - inner) | COMPUTED.get(section, set()))


@cache
def unused() -> frozenset[str]:
    """Return the reasons that an enumeration declares and no code of ours writes."""
    sources = [m.read_text("utf-8") for home in SECTIONS.values() for m in home.rglob("*.py")]
    trees = [ast.parse(source) for source in sources]
    read = {n.attr for tree in trees for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return frozenset(
        value
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name.endswith("Reason")
        for name, value in _constants(node.body)
        if name not in read
    )


def reasons_in(source: str, constants: Mapping[str, str]) -> Iterator[str]:
    """Yield the reasons in a module: enumerated, and given as keyword, argument or attribute.

    *constants* are the values of names that arguments may have.
    """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.ClassDef(name=name, body=body) if name.endswith("Reason"):
                yield from (value for _, value in _constants(body))
            case ast.ClassDef(body=body):
                yield from (value for name, value in _constants(body) if name == "reason")
            case ast.Call(func=func, args=args, keywords=keywords):
                given = [k.value for k in keywords if k.arg == "reason"]
                called = func.attr if isinstance(func, ast.Attribute) else getattr(func, "id", "")
                if called in SPOKEN:
                    given += args[1:2]
                elif called in ("Emit", "Told", "Trouble"):
                    given += args[:2]
                yield from (text for one in given for text in _texts(one, constants))


def _constants(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node in body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)], value=ast.Constant(value=str() as value)
            ) if _is_reason(value):
                yield name, value


def _texts(node: ast.expr, constants: Mapping[str, str]) -> Iterator[str]:
    match node:
        case ast.Constant(value=str() as text) if _is_reason(text):
            yield text
        case ast.Name(id=name) if name in constants:
            yield constants[name]
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, constants)
            yield from _texts(other, constants)


def _is_reason(text: str) -> bool:
    return text[:1].isupper() and text.isalpha()


def page_rows(page: Path) -> Iterator[tuple[str, str]]:
    """Yield section and reason of each row of the page's tables; one row may name several."""
    section = ""
    for line in page.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line.removeprefix("## ")
        elif line.startswith("| `"):
            cell = line.split("|")[1]
            yield from ((section, name.strip("` ")) for name in cell.split(","))
