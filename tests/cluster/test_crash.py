"""Killed after any of its writes and started again, the process ends the release as it should.

`FLAGGER_PY_CRASHES=all` tries every write of a release; without it as many as fit in the time,
spread over the whole release.
"""

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from flagger_py import clock
from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import crds, release
from tests.cluster.answering import MetricsServer, Webhooks, serving
from tests.cluster.controllers import PARTS, SYSTEM, grant, install_kinds, user_of
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crashing import Trap, Watcher, Zygote, word
from tests.cluster.processes import UNPROXIED
from tests.cluster.release import PACE, Release
from tests.cluster.waiting import eventually, let_pass

ALL = os.environ.get("FLAGGER_PY_CRASHES") == "all"
BUDGET_S = 120.0
SIDE_BY_SIDE = 6
RANDOM_RELEASES, RANDOM_MOMENTS = 4, 20
PATIENCE_S = 120.0
HOOKS = (
    "confirm-rollout",
    "pre-rollout",
    "rollout",
    "confirm-traffic-increase",
    "confirm-promotion",
    "post-rollout",
)


@dataclass(slots=True)
class Bed:
    """What all releases share."""

    plane: ControlPlane
    zygote: Zygote
    watcher: Watcher
    metrics: str
    hooks: Webhooks


@dataclass(slots=True)
class Life:
    """One release and the process that leads it, which watches its namespace alone."""

    bed: Bed
    name: str
    pid: int = 0
    killed_after: list[str] = field(default_factory=list)

    @property
    def app(self) -> Release:
        return Release(self.bed.plane, self.name)

    def begin(self) -> None:
        self.bed.plane.create_namespace(self.name)
        grant(self.bed.plane, self.name, *PARTS)
        self.app.push("1")
        hooks = [
            {"name": kind, "type": kind, "url": f"{self.bed.hooks.url}/{self.name}/{kind}"}
            for kind in HOOKS
        ]
        spec = release.spec(self.bed.metrics, hooks, stepWeight=30)
        self.app.ask({**spec, "progressDeadlineSeconds": 120})

    def start(self) -> None:
        plane = self.bed.plane
        words = (
            "run",
            f"--kubeconfig={plane.kubeconfig_for(SYSTEM, self.name)}",
            f"--namespace={self.name}",
            "--metrics-addr=0",
            "--health-addr=0",
            "--scrape-interval=1s",
            *PACE,
        )
        self.pid = self.bed.zygote.spawn(words, UNPROXIED, plane.folder / f"{self.name}.log")

    def kill(self) -> None:
        pid, self.pid = self.pid, 0
        if pid:
            self.bed.zygote.kill(pid)

    def crash_after(self, write: int) -> None:
        """Kill the process after its next *write*-th write and start it again."""

        def spring(record: Any) -> None:
            self.killed_after.append(word(record))
            self.kill()
            self.start()

        self.bed.watcher.traps[user_of(self.name)] = Trap(write, spring)

    def release(self) -> None:
        self.app.until("Initialized", PATIENCE_S)
        self.app.push("2")
        self.app.until_closed(PATIENCE_S)

    def end(self) -> None:
        self.kill()
        self.bed.plane.api.delete("v1", "Namespace", self.name)

    def check(self) -> None:
        """The primary runs what was analysed and has all users, and the target is idle."""
        assert self.app.version() == "2"
        assert self.app.weights() == {"app-primary": 100}
        eventually(lambda: self.app.replicas() == 0, "the target is idle")

    def keys(self) -> dict[str, Counter[str]]:
        """Return how often each idempotency key was seen, by the type of the webhook."""
        found: dict[str, Counter[str]] = {}
        for poll in list(self.bed.hooks.polls):
            _, name, kind = poll.path.split("/")
            if name == self.name:
                found.setdefault(kind, Counter())[poll.key] += 1
        return found


@pytest.fixture(scope="module")
def bed(plane: ControlPlane) -> Iterator[Bed]:
    install_kinds(plane, *PARTS)
    crds.install_permissive(plane.api, TRAEFIK_SERVICE)
    metrics, hooks, zygote = MetricsServer(), Webhooks(), Zygote()
    watcher = Watcher(plane.audit_log)
    host = str(plane.subnet[12])
    try:
        with (
            serving(host, 9093, metrics.respond) as url,
            serving(host, 9094, hooks.respond) as hooks.url,
            watcher.following(),
        ):
            yield Bed(plane, zygote, watcher, url, hooks)
    finally:
        zygote.close()


@pytest.fixture(scope="module")
def whole(bed: Bed) -> tuple[list[str], Mapping[str, int]]:
    """The writes of a release that nothing disturbs, and how many questions each webhook got."""
    life = Life(bed, "crash-none")
    life.begin()
    life.start()
    try:
        life.release()
        life.check()
    finally:
        life.end()
    return bed.watcher.writes[user_of(life.name)], _questions(life)


def test_a_crash_after_any_write_changes_nothing(
    bed: Bed, whole: tuple[list[str], Mapping[str, int]]
) -> None:
    """The release ends right, and no question is put under a second idempotency key."""
    writes, questions = whole
    begun = clock.monotonic_s()
    done: list[int] = []

    def crash(point: int) -> str:
        if not ALL and clock.monotonic_s() - begun > BUDGET_S:
            return ""
        done.append(point)
        return _one_crash(bed, point, questions)

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        faults = [fault for fault in pool.map(crash, _spread(len(writes))) if fault]

    print(f"\nkilled after {len(done)} of {len(writes)} writes:")
    for point, write in enumerate(writes, 1):
        print(f"  {point:3} {'x' if point in done else ' '} {write}")
    assert not faults, "\n".join(faults)
    assert len(done) > SIDE_BY_SIDE


def test_crashes_at_random_moments_change_nothing(
    bed: Bed, whole: tuple[list[str], Mapping[str, int]]
) -> None:
    """Whatever it was doing when it was killed, again and again, the release ends right."""
    _, questions = whole
    with ThreadPoolExecutor(RANDOM_RELEASES) as pool:
        ended = pool.map(lambda seed: _random(bed, seed, questions), range(RANDOM_RELEASES))
        faults = [fault for fault in ended if fault]
    assert not faults, "\n".join(faults)


def _one_crash(bed: Bed, point: int, questions: Mapping[str, int]) -> str:
    life = Life(bed, f"crash-{point}")
    life.begin()
    life.crash_after(point)
    life.start()
    return _finished(life, questions)


def _random(bed: Bed, seed: int, questions: Mapping[str, int]) -> str:
    """Kill the process after random stretches of its life while its release goes on."""
    chance = clock.seeded(seed)
    life = Life(bed, f"random-{seed}")
    life.begin()
    life.start()
    for _ in range(RANDOM_MOMENTS // RANDOM_RELEASES):
        let_pass(chance.uniform(0.3, 3.0))
        if life.app.status.get("phase") == "Initialized":
            life.app.push("2")
        life.kill()
        life.start()
    return _finished(life, questions)


def _finished(life: Life, questions: Mapping[str, int]) -> str:
    """Bring the release to its end; returns what is wrong with it, empty when nothing is."""
    try:
        if life.app.status.get("phase") in (None, "", "Initializing", "Initialized"):
            life.release()
        life.app.until_closed(PATIENCE_S)
        life.check()
        assert _questions(life) == questions
        often = max(count for keys in life.keys().values() for count in keys.values())
        assert often <= 2, f"one poll was sent {often} times"
    except AssertionError as error:
        return f"{life.name}, killed after {life.killed_after}: {error}"
    finally:
        life.end()
    return ""


def _questions(life: Life) -> dict[str, int]:
    """Return how many different polls each webhook was asked."""
    return {kind: len(keys) for kind, keys in life.keys().items()}


def _spread(count: int) -> list[int]:
    """Order the points 1 to *count* so that any beginning of the list is spread over them all."""
    points = list(range(1, count + 1))
    if ALL:
        return points
    stride = next(s for s in (17, 13, 11, 7) if count % s)
    return [points[i * stride % count] for i in range(count)]
