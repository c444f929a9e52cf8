"""How long after its cause a split is in force, in real time over HTTP, interval 10 s."""

import argparse
import asyncio
import json
import statistics
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from flagger_py.clock import monotonic_s, wall_clock
from flagger_py.contracts import Verdict
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.testing.collector import Collector
from flagger_py.testing.facade.driving import drive
from flagger_py.testing.history import Change
from flagger_py.testing.pods import Pods
from flagger_py.testing.served import TRAEFIK_SERVICE
from flagger_py.testing.workloads import Workloads
from flagger_rollout.api import KIND
from flagger_rollout.children import METRIC_ANALYSIS, TRAFFIC_ROUTE

from . import canonical
from .ground import Ground, ground, run

NAMESPACE = "prompt"
LIMIT_S = 90.0
APART_S = 0.7
"""Pushes are so far apart that each is seen by itself."""


@dataclass(frozen=True, slots=True)
class Spread:
    """The median and the longest of some seconds, and how many there were."""

    median_s: float
    max_s: float
    count: int


@dataclass(frozen=True, slots=True)
class Promptness:
    """*pushed* counts from the push until the first traffic, *first_traffic* from when the pods
    were ready, *seen* from the push until the target was scaled up, *written* from the last failed
    verdict until 100/0 was written, *back* until it was in force, *whole* from the first traffic
    until then.
    """

    pushed: Spread
    seen: Spread
    first_traffic: Spread
    written: Spread
    back: Spread
    whole: Spread


@dataclass(slots=True)
class Moments:
    """When what was written of one release, in seconds."""

    at_s: dict[str, float] = field(default_factory=dict)

    def note(self, what: str) -> None:
        self.at_s.setdefault(what, monotonic_s())

    def between(self, first: str, second: str) -> float | None:
        if first in self.at_s and second in self.at_s:
            return self.at_s[second] - self.at_s[first]
        return None


class Noticed:
    """Hears of every write, and notes those that matter once a version was pushed."""

    def __init__(self) -> None:
        self.releases: dict[Key, Moments] = {}

    def heard(self, change: Change) -> None:
        release = self.releases.get(change.key)
        if release is None:
            return
        found = change.object
        status: Any = found.get("status") or {}
        if change.kind == DEPLOYMENT:
            _note_target(release, found, status)
        elif change.kind == TRAEFIK_SERVICE:
            weights = {s["name"]: s["weight"] for s in found["spec"]["weighted"]["services"]}
            shared = weights.get(f"{change.key.name}-canary", 0) > 0
            if shared:
                release.note("traffic")
            elif "failed" in release.at_s:
                release.note("written")
        elif change.kind == METRIC_ANALYSIS and status.get("verdict") == Verdict.FAILED:
            release.at_s["failed"] = monotonic_s()
        elif change.kind == TRAFFIC_ROUTE and "written" in release.at_s:
            split: Any = (status.get("inForce") or {}).get("split") or {}
            if split.get("canary") == 0:
                release.note("back")


def _note_target(release: Moments, found: Any, status: Any) -> None:
    wanted = found["spec"].get("replicas", 1)
    if wanted > 0:
        release.note("scaled")
        current = status.get("observedGeneration") == found["metadata"]["generation"]
        if current and status.get("updatedReplicas") == status.get("availableReplicas") == wanted:
            release.note("ready")


async def measure(releases: int) -> Promptness:
    """Roll *releases* of them back, one after the other, whose requests fail from the start."""
    keys = [Key(NAMESPACE, f"app-{canonical.BAD}-{nth}") for nth in range(releases)]

    def stock(_store: object, _url: str) -> None:
        """Begin with nothing: all is made by those whose business it is."""

    async with ground(stock, wall_clock) as here:
        actors = (Workloads(Pods()), Collector(here.store))
        driving = asyncio.create_task(drive(here.store, actors, wall_clock))
        try:
            await _initialise(here, keys)
            noticed = Noticed()
            here.store.listen(noticed.heard)
            await _push(here, noticed, keys)
            await _until(here, keys, "Failed")
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)
    return _summed(noticed.releases.values())


async def _initialise(here: Ground, keys: Iterable[Key]) -> None:
    for key in keys:
        here.store.create(canonical.target(key.name, key.namespace))
    await asyncio.sleep(1)
    for key in keys:
        asked = canonical.canary(key.name, key.namespace, metrics_server=here.prometheus_url)
        here.store.create(asked)
    await _until(here, keys, "Initialized")


async def _push(here: Ground, noticed: Noticed, keys: Iterable[Key]) -> None:
    for key in keys:
        release = noticed.releases[key] = Moments()
        release.note("pushed")
        here.store.patch(DEPLOYMENT, key, canonical.version(2), "kubectl")
        await asyncio.sleep(APART_S)


async def _until(here: Ground, keys: Iterable[Key], phase: str) -> None:
    limit_s = monotonic_s() + LIMIT_S
    while any(_phase(here, key) != phase for key in keys):
        if monotonic_s() > limit_s:
            raise TimeoutError(f"not all Canaries are {phase} within {LIMIT_S:g} s")
        await asyncio.sleep(0.2)


def _phase(here: Ground, key: Key) -> str:
    found = here.store.get(KIND, key) or {}
    return str((found.get("status") or {}).get("phase", ""))


def _summed(releases: Iterable[Moments]) -> Promptness:
    def spread(first: str, second: str) -> Spread:
        found = [release.between(first, second) for release in releases]
        known = [seconds for seconds in found if seconds is not None]
        if not known:
            return Spread(float("nan"), float("nan"), 0)
        return Spread(statistics.median(known), max(known), len(known))

    return Promptness(
        pushed=spread("pushed", "traffic"),
        seen=spread("pushed", "scaled"),
        first_traffic=spread("ready", "traffic"),
        written=spread("failed", "written"),
        back=spread("failed", "back"),
        whole=spread("traffic", "back"),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--releases", type=int, default=20)
    args = parser.parse_args()
    print(json.dumps(asdict(run(measure(args.releases)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
