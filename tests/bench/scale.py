"""What many idle Canaries cost, and how late steps are while a tenth of them progresses."""

import argparse
import asyncio
import json
import os
import statistics
import sys
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from flagger_py.clock import monotonic_s, wall_clock
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing.history import Change
from flagger_rollout.api import KIND
from flagger_rollout.children import METRIC_ANALYSIS

from . import canonical, herd, machine
from .ground import Ground, ground, run
from .herd import Stocked
from .replicas import Replicas

INTERVAL_S = 30.0
SCRAPE_S = 15.0
START_LIMIT_S = 600.0


@dataclass(slots=True)
class Scale:
    """Figures of one run; CPU in seconds a minute, memory in MiB, speed in million turns of a
    loop a second, the rest in seconds.
    """

    canaries: int
    objects: int
    speed_before: float
    own_core: bool = False
    start_s: float = 0.0
    start_cpu_s: float = 0.0
    start_requests: int = 0
    resident_mib: float = 0.0
    idle_cpu: float = 0.0
    idle_requests: int = 0
    idle_s: float = 0.0
    scrape_s: float = 0.0
    scrape_mib: float = 0.0
    progressing: int = 0
    promoted: int = 0
    steps: int = 0
    late_p50_s: float = 0.0
    late_p99_s: float = 0.0
    late_max_s: float = 0.0
    busy_cpu: float = 0.0
    busy_s: float = 0.0
    busy_requests: int = 0
    bed_cpu: float = 0.0
    peak_mib: float = 0.0
    speed_after: float = 0.0


@dataclass(slots=True)
class Watched:
    """Hears when each step is due and when it was taken, from what is written.

    A step is due at `spec.run.due` of the MetricAnalysis, and taken when the Canary's status has
    another weight, or is promoting.
    """

    due: dict[Key, float] = field(default_factory=dict)
    late_s: list[float] = field(default_factory=list)
    promoted: set[Key] = field(default_factory=set)

    def heard(self, change: Change) -> None:
        if change.kind == METRIC_ANALYSIS:
            due = (change.object["spec"].get("run") or {}).get("due")
            if due is not None:
                self.due[change.key] = _moment(due)
        elif change.kind == KIND and change.before is not None:
            before, after = (o.get("status") or {} for o in (change.before, change.object))
            if _place(before) != _place(after) and change.key in self.due:
                self.late_s.append(wall_clock().timestamp() - self.due.pop(change.key))
            if after.get("phase") == "Succeeded":
                self.promoted.add(change.key)


async def measure(first: herd.Herd, canaries: int, progressing: int, idle_s: float) -> Scale:
    """Take all figures for *canaries* like the *first*; in the end, release *progressing*."""

    def stock(store: Stocked, url: str) -> None:
        for number in range(canaries):
            for item in first.member(number, url):
                store.stock(item)

    found = Scale(canaries, canaries * len(first.texts), machine.speed())
    async with ground(stock, wall_clock) as here:
        found.own_core = here.own_core
        await _start(here, found)
        await _idle(here, found, idle_s)
        if progressing:
            await _release(here, found, progressing)
        found.peak_mib = machine.peak_mib(here.pid)
    found.speed_after = machine.speed()
    return found


async def _start(here: Ground, found: Scale) -> None:
    found.start_s = await here.at_rest(START_LIMIT_S)
    found.start_cpu_s = machine.usage(here.pid).cpu_s
    found.start_requests = here.requests()


async def _idle(here: Ground, found: Scale, idle_s: float) -> None:
    before, asked = machine.usage(here.pid), here.requests()
    await asyncio.sleep(idle_s)
    after = machine.usage(here.pid)
    found.idle_s = idle_s
    found.idle_cpu = before.cpu_per_minute(after)
    found.idle_requests = here.requests() - asked
    found.resident_mib = after.resident_mib
    found.scrape_s, text = await here.scrape()
    found.scrape_mib = len(text) / 2**20
    await asyncio.sleep(2)


async def _release(here: Ground, found: Scale, progressing: int) -> None:
    """Push to *progressing* targets, and wait until all are promoted."""
    watched = Watched()
    stop = here.store.listen(watched.heard)
    Replicas(here.store)
    began, bed, asked = machine.usage(here.pid), machine.usage(os.getpid()), here.requests()
    scraping = asyncio.create_task(_scrape(here))
    await _push(here, progressing, found.canaries // progressing)
    limit_s = monotonic_s() + 12 * INTERVAL_S
    while len(watched.promoted) < progressing and monotonic_s() < limit_s:
        await asyncio.sleep(1.0)
    scraping.cancel()
    ended = machine.usage(here.pid)
    stop()
    found.progressing, found.promoted = progressing, len(watched.promoted)
    found.busy_s = ended.at_s - began.at_s
    found.busy_cpu = began.cpu_per_minute(ended)
    found.bed_cpu = bed.cpu_per_minute(machine.usage(os.getpid()))
    found.busy_requests = here.requests() - asked
    _lateness(found, watched.late_s)


async def _scrape(here: Ground) -> None:
    """Ask for the controllers' metrics as often as a Prometheus does."""
    while True:
        await asyncio.sleep(SCRAPE_S)
        await here.scrape()


async def _push(here: Ground, progressing: int, apart: int) -> None:
    """Push to every *apart*-th target, one after the other within an interval."""
    began_s = monotonic_s()
    for nth in range(progressing):
        namespace, name = herd.name_of(nth * apart)
        here.store.patch(DEPLOYMENT, Key(namespace, name), canonical.version(2), "kubectl")
        due_s = began_s + (nth + 1) * INTERVAL_S / progressing
        await asyncio.sleep(max(0.0, due_s - monotonic_s()))


def _lateness(found: Scale, late_s: list[float]) -> None:
    found.steps = len(late_s)
    if len(late_s) > 1:
        percentiles = statistics.quantiles(late_s, n=100)
        found.late_p50_s, found.late_p99_s = percentiles[49], percentiles[98]
        found.late_max_s = max(late_s)


def _place(status: Any) -> tuple[Any, bool]:
    """Return what a step changes: the weight, or that the copying has begun."""
    return status.get("canaryWeight", 0), status.get("phase") == "Promoting"


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--canaries", type=int, default=1000)
    parser.add_argument("--progressing", type=int, default=0)
    parser.add_argument("--idle", type=float, default=30.0, help="Seconds to watch when idle.")
    args = parser.parse_args()
    first = herd.breed(wall_clock(), f"{INTERVAL_S:g}s")
    found = run(measure(first, args.canaries, args.progressing, args.idle))
    print(json.dumps(asdict(found)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
