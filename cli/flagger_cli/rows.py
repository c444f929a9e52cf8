"""What a table says about each kind: its columns, and one row per object."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.contracts import acknowledged, condition_of, read_gated, read_routed, status_of
from flagger_py.refs import Kind
from flagger_py.wire import Manifest

Cells = tuple[str, ...]
NOTHING = "-"


@dataclass(frozen=True, slots=True)
class Table:
    """Headings and rows of one length; the last column is the sentence."""

    columns: Cells
    rows: tuple[Cells, ...]


@dataclass(frozen=True, slots=True)
class _View:
    columns: Cells
    cells: Callable[[Manifest], Cells]


def table(kind: Kind, manifests: Iterable[Manifest], *, namespaced: bool) -> Table:
    """Render *manifests* of *kind*; with *namespaced* their namespace comes first."""
    view = _VIEWS[kind.kind]
    columns = ("NAME", *view.columns, "SUSPENDED", "READY", "MESSAGE")
    rows = tuple(_row(manifest, view, namespaced=namespaced) for manifest in manifests)
    return Table(("NAMESPACE", *columns) if namespaced else columns, rows)


def gone(table: Table) -> Table:
    """Say of every row of *table* that its object is there no more."""
    rows = tuple((*row[:-2], NOTHING, "deleted") for row in table.rows)
    return Table(table.columns, rows)


def standing(manifest: Manifest) -> tuple[str, str]:
    """Return Ready's status and message as Flux's command line shows them."""
    ready = condition_of(status_of(manifest), "Ready")
    if suspended(manifest):
        before = f"; before: {ready.get('message', '')}" if ready else ""
        return str(ready.get("status", "Unknown")), f"suspended{before}"
    if not ready:
        return "Unknown", "waiting to be reconciled"
    if not looked_at(manifest):
        return "Unknown", f"waiting to be reconciled anew; before: {ready.get('message', '')}"
    return str(ready.get("status", "Unknown")), str(ready.get("message", ""))


def suspended(manifest: Manifest) -> bool:
    """Tell whether its controller is told to leave it alone."""
    return bool((manifest.get("spec") or {}).get("suspend"))


def looked_at(manifest: Manifest) -> bool:
    """Tell whether its controller has seen the present spec, be it that it cannot follow it yet.

    `status.observedGeneration` alone stays behind while a dependency is missing.
    """
    ready = condition_of(status_of(manifest), "Ready")
    generation = manifest["metadata"].get("generation", 0)
    return acknowledged(manifest) or ready.get("observedGeneration", -1) >= generation


def _row(manifest: Manifest, view: _View, *, namespaced: bool) -> Cells:
    meta = manifest["metadata"]
    paused = str(suspended(manifest))
    cells = (meta["name"], *view.cells(manifest), paused, *standing(manifest))
    return (meta.get("namespace", ""), *cells) if namespaced else cells


def _canary(manifest: Manifest) -> Cells:
    status = status_of(manifest)
    progress = status.get("progress") or {}
    revision = (manifest.get("spec") or {}).get("revision") or _digest(progress.get("revision"))
    return (
        status.get("phase") or NOTHING,
        str(status.get("canaryWeight", 0)),
        str(status.get("failedChecks", 0)),
        revision,
    )


def _analysis(manifest: Manifest) -> Cells:
    status = status_of(manifest)
    verdicts: list[Mapping[str, Any]] = list(status.get("measurements") or ())
    passed = sum(found.get("verdict") == "Passed" for found in verdicts)
    metrics = len((manifest.get("spec") or {}).get("metrics") or ())
    return status.get("verdict") or NOTHING, f"{passed}/{metrics}"


def _route(manifest: Manifest) -> Cells:
    routed = read_routed(manifest)
    router = status_of(manifest).get("router") or (manifest.get("spec") or {}).get("provider")
    if routed.in_force is None:
        return router or NOTHING, NOTHING, NOTHING
    split = routed.in_force.split
    return router or NOTHING, str(split.primary), str(split.canary)


def _gate(manifest: Manifest) -> Cells:
    gated = read_gated(manifest)
    question = next(iter((manifest.get("spec") or {}).get("question") or ()), NOTHING)
    answer = gated.answer
    told = (answer.value, answer.by or NOTHING) if answer else (NOTHING, NOTHING)
    return question, str(gated.open), *told


def _digest(revision: str | None) -> str:
    return f"sha256:{revision}" if revision else NOTHING


_VIEWS: Mapping[str, _View] = {
    "Canary": _View(("PHASE", "WEIGHT", "FAILED", "REVISION"), _canary),
    "MetricAnalysis": _View(("VERDICT", "PASSED"), _analysis),
    "TrafficRoute": _View(("PROVIDER", "PRIMARY", "CANARY"), _route),
    "Gate": _View(("QUESTION", "OPEN", "ANSWER", "BY"), _gate),
}
