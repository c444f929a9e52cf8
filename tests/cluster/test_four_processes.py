"""Four processes under four accounts, with the chart's rights only, make a whole release."""

from collections.abc import Iterator
from itertools import pairwise
from statistics import mean

import pytest

from flagger_py import clock
from tests.cluster import crds, release
from tests.cluster.answering import MetricsServer, serving
from tests.cluster.audit import AuditRecord
from tests.cluster.controllers import (
    PARTS,
    Controller,
    controller,
    grant,
    install_kinds,
    requests_of,
    running,
)
from tests.cluster.controlplane import ControlPlane
from tests.cluster.release import PACE, TRAEFIK_SERVICE, Release
from tests.cluster.waiting import eventually, let_pass

QUIET_S = 8.0
REQUESTS_PER_STEP_MAX = 8
FLAGS = {"rollout": PACE, "metrics": ("--scrape-interval=1s",)}


@pytest.fixture(scope="module")
def server(plane: ControlPlane) -> Iterator[MetricsServer]:
    metrics = MetricsServer()
    with serving(str(plane.subnet[12]), 9090, metrics.respond) as metrics.url:
        yield metrics


@pytest.fixture(scope="module")
def four(plane: ControlPlane) -> Iterator[tuple[Controller, ...]]:
    """The four console scripts, each with its own account, each striving for its own Lease."""
    install_kinds(plane, *PARTS)
    crds.install_permissive(plane.api, TRAEFIK_SERVICE)
    processes = []
    for slot, part in enumerate(PARTS):
        grant(plane, f"flagger-{part}", part)
        flags = ("--enable-leader-election", *FLAGS.get(part, ()))
        command = (f"flagger-{part}", *flags)
        processes.append(controller(plane, slot, f"flagger-{part}", command))
    with running(*processes):
        yield tuple(processes)


def test_a_good_revision_is_promoted_and_a_bad_one_rolled_back(
    plane: ControlPlane, namespace: str, four: tuple[Controller, ...], server: MetricsServer
) -> None:
    """The whole release, no request refused, few requests a step, and none when idle."""
    app = Release(plane, namespace)
    users = tuple(process.user for process in four)
    app.push("1")
    app.ask(release.spec(server.url))
    app.until("Initialized")

    app.push("2")
    seen = _weights_until(app, "Succeeded")
    assert app.version() == "2"
    assert app.weights() == {"app-primary": 100}
    _print_steps(plane, users, seen)
    assert mean(_requests_per_step(plane, users, seen)) <= REQUESTS_PER_STEP_MAX

    server.success_rate = 50.0
    app.push("3")
    status = app.until("Failed")
    assert app.version() == "2"
    assert app.weights() == {"app-primary": 100}
    assert release.condition(status, "Ready")["reason"] == "RolloutFailed"
    assert "50" in release.condition(status, "Ready")["message"]

    eventually(lambda: app.find("apps/v1", "Deployment")["spec"]["replicas"] == 0, "v3 is idle")
    assert _refused(plane, users) == []
    assert _asked_while_idle(plane, users) == []


def _weights_until(app: Release, phase: str) -> list[tuple[float, int]]:
    """Follow a release; returns when each weight was first seen, in seconds of the wall clock."""
    seen: list[tuple[float, int]] = []

    def arrived() -> bool:
        status = app.status
        weight = status.get("canaryWeight", 0)
        if not seen or seen[-1][1] != weight:
            seen.append((clock.wall_clock().timestamp(), weight))
        return bool(status.get("phase") == phase)

    eventually(arrived, f"phase {phase}", 90.0, every_s=0.02)
    return seen


def _between(
    plane: ControlPlane, users: tuple[str, ...], seen: list[tuple[float, int]]
) -> Iterator[tuple[int, list[AuditRecord]]]:
    """Yield the requests between two increases, with the weight before the second one."""
    advances = [(at, weight) for at, weight in seen if weight > 0]
    asked = requests_of(plane, users)
    for (begun, weight), (ended, _) in pairwise(advances):
        yield weight, [r for r in asked if begun <= r.stage_time.timestamp() < ended]


def _requests_per_step(
    plane: ControlPlane, users: tuple[str, ...], seen: list[tuple[float, int]]
) -> list[int]:
    return [len(records) for _, records in _between(plane, users, seen)]


def _print_steps(
    plane: ControlPlane, users: tuple[str, ...], seen: list[tuple[float, int]]
) -> None:
    for weight, records in _between(plane, users, seen):
        print(f"\nthe step from {weight} % on: {len(records)} requests")
        for record in records:
            subject = f"{record.resource}/{record.subresource}".rstrip("/")
            print(f"  {record.user.rpartition(':')[2]:16} {record.verb} {subject} {record.name}")


def _refused(plane: ControlPlane, users: tuple[str, ...]) -> list[AuditRecord]:
    return [record for user in users for record in plane.audit(user=user, code=403)]


def _asked_while_idle(plane: ControlPlane, users: tuple[str, ...]) -> list[AuditRecord]:
    """Return what was asked in a stretch of time in which nothing happened to any object."""

    def calm() -> bool:
        last = requests_of(plane, users)[-1].stage_time
        return (clock.wall_clock() - last).total_seconds() > QUIET_S / 2

    eventually(calm, "the last release has calmed down", 30.0)
    before = len(requests_of(plane, users))
    let_pass(QUIET_S)
    return requests_of(plane, users)[before:]
