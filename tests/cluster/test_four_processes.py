"""Four processes under four accounts, with the chart's rights only, make a whole release."""

from collections.abc import Iterator
from itertools import pairwise

import pytest

from flagger_py import clock
from flagger_py.testing.served import TRAEFIK_SERVICE
from tests.cluster import crds, release
from tests.cluster.answering import MetricsServer, serving
from tests.cluster.audit import AuditRecord
from tests.cluster.controllers import (
    PARTS,
    SYSTEM,
    Controller,
    controller,
    grant,
    install_kinds,
    requests_of,
    running,
)
from tests.cluster.controlplane import ControlPlane
from tests.cluster.crashing import word
from tests.cluster.release import PACE, Release
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
    app.ask(release.spec(server.url, maxWeight=80))
    app.until("Initialized")

    before = len(requests_of(plane, users, namespace))
    app.push("2")
    app.until_closed()
    steps = _steps(requests_of(plane, users, namespace)[before:])
    assert app.version() == "2"
    assert app.weights() == {"app-primary": 100}
    _print(steps)
    assert len(steps) == 3
    assert max(map(_cost, steps)) <= REQUESTS_PER_STEP_MAX

    server.success_rate = 50.0
    app.push("3")
    status = app.until("Failed")
    assert app.version() == "2"
    assert app.weights() == {"app-primary": 100}
    assert release.condition(status, "Ready")["reason"] == "RolloutFailed"
    assert "50" in release.condition(status, "Ready")["message"]

    eventually(lambda: app.replicas() == 0, "v3 is idle")
    assert _refused(plane, users, namespace) == []
    assert _asked_while_idle(plane, users) == []


def _steps(asked: list[AuditRecord]) -> list[list[AuditRecord]]:
    """Cut what was *asked* where a new split is; returns the steps of 20, 40 and 60 %."""
    route = "patch trafficroutes app"
    cuts = [number for number, record in enumerate(asked) if word(record) == route]
    return [asked[start:end] for start, end in pairwise(cuts[:4])]


def _cost(step: list[AuditRecord]) -> int:
    """Count the requests of a step; what it has to tell beyond one Event is not its fault."""
    events = sum(record.resource == "events" for record in step)
    return len(step) - max(0, events - 1)


def _print(steps: list[list[AuditRecord]]) -> None:
    for records in steps:
        print(f"\none step: {len(records)} requests")
        for record in records:
            print(f"  {record.user.rpartition(':')[2]:16} {word(record)}")


def _refused(plane: ControlPlane, users: tuple[str, ...], namespace: str) -> list[AuditRecord]:
    """Return what was forbidden; in namespaces of earlier tests, which end, everything is."""
    places = ("", namespace, SYSTEM)
    return [r for r in plane.audit(code=403) if r.user in users and r.namespace in places]


def _asked_while_idle(plane: ControlPlane, users: tuple[str, ...]) -> list[AuditRecord]:
    """Return what was asked in a stretch of time in which nothing happened to any object."""

    def calm() -> bool:
        last = requests_of(plane, users)[-1].stage_time
        return (clock.wall_clock() - last).total_seconds() > QUIET_S / 2

    eventually(calm, "the last release has calmed down", 30.0)
    before = len(requests_of(plane, users))
    let_pass(QUIET_S)
    return requests_of(plane, users)[before:]
