"""How the figures are written down: `docs/reference/benchmarks.md`, made anew by each run."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Sequence[object]

REQUESTS_MAX = 8
BACK_S_MAX = 1.0
RESIDENT_MIB_MAX = 1024.0
START_S_MAX = 30.0
LATE_P99_S_MAX = 1.0

_HEAD = """\
<!-- Made by `make bench`: run it, do not edit this page. -->

# Benchmarks

What the four controllers cost and how prompt they are.
Everything is of one manifest: provider traefik, the two built-in metrics, no webhooks, 10 % more at
each step up to 50 %.
Measured on {date}: {machine}.
The machine is shared and not always as fast; the last row under Many Canaries tells how fast a
core was.

A figure in bold is over its budget.
"""

_REQUESTS = """\
## Requests to the API server

An advancing step takes the split from one weight to the next: the question, the verdict, the new
split, the route, the statuses, and one Event.
The budget is {budget} requests for all four controllers together, and none when nothing happens.
Watches and renewals of Leases are left out.
"""

_PROMPT = """\
## From cause to effect

Interval 10 s, two failed checks end a release, over HTTP on loopback, {count} releases.
The pods are imitated; how long they take to be ready is in the first row alone.
"""

_SCALE = """\
## Many Canaries

Each Canary has eleven children: two Deployments, three Services with an EndpointSlice each, a
TrafficRoute, a MetricAnalysis and a TraefikService.
All four controllers are one process, the served [World](../develop/testing.md) and its façade
are another, interval 30 s.
Progressing ones are pushed to within one interval, and all are promoted; meanwhile /metrics is
scraped every 15 seconds.
Lateness is how long after its due time a step was written.
Start-up begins with the process and ends when the controllers do nothing any more.
"""

_FLAGGER = """\
## Beside Flagger

Flagger's figures are quoted from earlier measurements of Flagger 1.44 on a control plane of the
same kind, with the same manifest; they were not measured again for this page.
"""


@dataclass(frozen=True, slots=True)
class Findings:
    """What was measured; each part is what its module prints, None where it was not run."""

    date: str
    machine: str
    counts: Mapping[str, Any] | None = None
    plane: Mapping[str, Any] | None = None
    prompt: Mapping[str, Any] | None = None
    scales: tuple[Mapping[str, Any], ...] = ()


def page(found: Findings) -> str:
    """Return the page; a part that was not measured says so."""
    head = _HEAD.format(date=found.date, machine=found.machine)
    return "\n".join((head, _requests(found), _prompt(found), _scale(found), _flagger(found)))


def _requests(found: Findings) -> str:
    rows: list[Row] = []
    if counts := found.counts:
        steps = counts["steps"].values()
        rows.append(("in a World", *_steps(steps), counts["idle"], "20 minutes"))
    if plane := found.plane:
        steps = plane["steps"].values()
        rows.append(("a real API server's audit log", *_steps(steps), plane["idle"], "30 seconds"))
    text = _REQUESTS.format(budget=REQUESTS_MAX)
    head = ("counted", "a step", "each of them", "when idle", "idle for")
    parts = [text, _table(head, rows)]
    if found.plane:
        asked = sorted(found.plane["by_request"].items())
        parts.append(
            f"The requests of the {len(found.plane['steps'])} steps in the audit log: "
            + ", ".join(f"{count} × {what}" for what, count in asked)
            + ".\n"
        )
    else:
        parts.append("The control plane's programs are not built here; its log was not counted.\n")
    return "\n".join(parts)


def _steps(steps: Iterable[int]) -> tuple[str, str]:
    each = list(steps)
    mean = sum(each) / len(each)
    return _judged(f"{mean:.3g}", mean <= REQUESTS_MAX), ", ".join(map(str, each))


def _prompt(found: Findings) -> str:
    if found.prompt is None:
        return "## From cause to effect\n\nNot measured in this run.\n"
    told = (
        ("pushed", "a version is pushed", "its pods have their share of the traffic", None),
        ("seen", "a version is pushed", "its pods are being started", None),
        ("first_traffic", "the pods are ready", "they have their share of the traffic", None),
        ("written", "the verdict on the last failed check", "100/0 is written", BACK_S_MAX),
        ("back", "the verdict on the last failed check", "100/0 is in force", BACK_S_MAX),
        ("whole", "the first traffic of a bad version", "100/0 is in force", None),
    )
    rows = [
        (since, until, _seconds(spread["median_s"]), _within(spread["max_s"], budget))
        for name, since, until, budget in told
        for spread in (found.prompt[name],)
    ]
    text = _PROMPT.format(count=found.prompt["back"]["count"])
    return "\n".join((text, _table(("from", "until", "median", "longest"), rows)))


def _scale(found: Findings) -> str:
    if not found.scales:
        return "## Many Canaries\n\nNot measured in this run.\n"
    head = ("", *(_title(scale) for scale in found.scales))
    rows = [(what, *(tell(scale) for scale in found.scales)) for what, tell in _SCALE_ROWS]
    return "\n".join((_SCALE, _table(head, rows)))


def _title(scale: Mapping[str, Any]) -> str:
    progressing = f", {scale['progressing']:,} progressing" if scale["progressing"] else ""
    return f"{scale['canaries']:,} Canaries{progressing}"


def _if_released(scale: Mapping[str, Any], text: str) -> str:
    return text if scale["progressing"] else "–"


_SCALE_ROWS: tuple[tuple[str, Any], ...] = (
    ("objects", lambda s: f"{s['objects']:,}"),
    ("start-up", lambda s: _within(s["start_s"], START_S_MAX)),
    ("CPU of the start-up", lambda s: _seconds(s["start_cpu_s"])),
    ("requests of the start-up", lambda s: s["start_requests"]),
    ("resident when idle", lambda s: _mib(s["resident_mib"])),
    ("CPU a minute when idle", lambda s: _seconds(s["idle_cpu"])),
    ("requests when idle", lambda s: _judged(str(s["idle_requests"]), not s["idle_requests"])),
    ("a scrape of /metrics", lambda s: f"{_seconds(s['scrape_s'])}, {s['scrape_mib']:.1f} MiB"),
    ("steps taken", lambda s: _if_released(s, f"{s['steps']:,}")),
    ("promoted", lambda s: _if_released(s, f"{s['promoted']:,}")),
    ("lateness, median", lambda s: _if_released(s, _seconds(s["late_p50_s"]))),
    ("lateness, p99", lambda s: _if_released(s, _within(s["late_p99_s"], LATE_P99_S_MAX))),
    ("lateness, longest", lambda s: _if_released(s, _seconds(s["late_max_s"]))),
    ("CPU a minute when progressing", lambda s: _if_released(s, _seconds(s["busy_cpu"]))),
    (
        "CPU a minute of the World and its façade",
        lambda s: _if_released(s, _seconds(s["bed_cpu"])),
    ),
    ("most ever resident", lambda s: _mib(s["peak_mib"])),
    ("a core of its own", lambda s: "one" if s["own_core"] else "no"),
    (
        "million turns of an empty loop a second, before and after",
        lambda s: f"{s['speed_before']:.0f}, {s['speed_after']:.0f}",
    ),
)


def _flagger(found: Findings) -> str:
    head = ("", "Flagger 1.44 (quoted)", "ours (measured)")
    return "\n".join((_FLAGGER, _table(head, list(_beside(found)))))


def _beside(found: Findings) -> Iterable[Row]:
    counts, prompt = found.counts, found.prompt
    big = found.scales[-1] if found.scales else None
    none = "not measured"
    step = _steps(counts["steps"].values())[0] if counts else none
    yield ("requests a working tick or step", "14–19", step)
    yield ("requests an idle tick", "10", counts["idle"] if counts else none)
    seen = _seconds(prompt["seen"]["median_s"]) if prompt else none
    pushed = _seconds(prompt["pushed"]["median_s"]) if prompt else none
    yield ("a push is seen after", "up to 10 s", seen)
    yield ("its first traffic after the push", "20 s", pushed)
    whole = _seconds(prompt["whole"]["median_s"]) if prompt else none
    yield ("a bad release is back at 100/0, threshold 2, interval 10 s", "50 s", whole)
    late = "from 125 Canaries on with 10 s intervals; ticks of 40 s at 500"
    ours = f"p99 {_seconds(big['late_p99_s'])} at {big['canaries']:,}" if big else none
    yield ("lateness", late, ours if big and big["progressing"] else none)
    start = f"{_seconds(big['start_s'])} at {big['canaries']:,}" if big else none
    yield ("start-up", "40 s at 500", start)
    resident = f"{big['resident_mib']:.0f} MiB at {big['canaries']:,}" if big else none
    yield ("resident", "60 MB, 87 MB at 500", resident)


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"


def _seconds(value: float) -> str:
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _within(value: float, budget: float | None) -> str:
    return _judged(_seconds(value), budget is None or value < budget)


def _mib(value: float) -> str:
    return _judged(f"{value:.0f} MiB", value < RESIDENT_MIB_MAX)


def _judged(text: str, good: bool) -> str:
    return text if good else f"**{text}**"
