"""How many requests a release takes on a real control plane, by its own audit log.

It needs the bed's network: `python -m tests.cluster.namespace -- python -m tests.bench.plane`.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from flagger_py import clock
from tests.cluster import controlplane, crds, release
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

NAMESPACE, ACCOUNT = "bench", "flagger-bench"
IDLE_S = 30.0
METRICS_PORT = 9090


@dataclass(frozen=True, slots=True)
class Audited:
    """Requests of each advancing step by the weight it began at, those of all of them by what
    was done, and those of `IDLE_S` seconds after the release.
    """

    steps: dict[int, int]
    by_request: dict[str, int]
    idle: int


def measure() -> Audited:
    """Promote one good revision of the canonical manifest, all controllers in one process."""
    server = MetricsServer()
    with TemporaryDirectory() as folder, controlplane.prepare(Path(folder)) as plane:
        here = serving(str(plane.subnet[12]), METRICS_PORT, server.respond)
        with here as server.url, _controllers(plane) as ours:
            plane.create_namespace(NAMESPACE)
            app = Release(plane, NAMESPACE)
            app.push("1")
            app.ask(release.spec(server.url, stepWeight=10, maxWeight=50))
            app.until("Initialized")
            app.push("2")
            seen = _weights_until(app, "Succeeded")
            steps = dict(_steps(plane, ours, seen))
            let_pass(IDLE_S / 2)
            before = len(requests_of(plane, (ours.user,)))
            let_pass(IDLE_S)
            idle = len(requests_of(plane, (ours.user,))) - before
    asked = Counter(_told(record) for records in steps.values() for record in records)
    return Audited({weight: len(found) for weight, found in steps.items()}, dict(asked), idle)


@contextmanager
def _controllers(plane: ControlPlane) -> Iterator[Controller]:
    install_kinds(plane, *PARTS)
    crds.install_permissive(plane.api, TRAEFIK_SERVICE)
    grant(plane, ACCOUNT, *PARTS)
    process = controller(plane, 0, ACCOUNT, ("flagger-py", "--enable-leader-election", *PACE))
    with running(process):
        yield process


def _weights_until(app: Release, phase: str) -> list[tuple[float, int]]:
    """Follow a release; returns when each weight was first seen, in seconds of the wall clock."""
    seen: list[tuple[float, int]] = []

    def arrived() -> bool:
        status = app.status
        weight = status.get("canaryWeight", 0)
        if not seen or seen[-1][1] != weight:
            seen.append((clock.wall_clock().timestamp(), weight))
        return bool(status.get("phase") == phase)

    eventually(arrived, f"phase {phase}", 120.0, every_s=0.02)
    return seen


def _steps(
    plane: ControlPlane, ours: Controller, seen: list[tuple[float, int]]
) -> Iterator[tuple[int, list[AuditRecord]]]:
    """Yield each advance but the first, which also takes what starts an analysis.

    A step lasts from one write of the Canary's status to the next. Another part may be a moment
    before or after that, so that one request less here is one more there.
    """
    asked = requests_of(plane, (ours.user,))
    written = [
        r.stage_time.timestamp()
        for r in asked
        if (r.resource, r.subresource) == ("canaries", "status")
    ]
    advances = [
        (max(at for at in written if at <= seen_at), weight)
        for seen_at, weight in seen
        if weight > 0
    ]
    for (begun, weight), (ended, _) in pairwise(advances[1:]):
        yield weight, [r for r in asked if begun < r.stage_time.timestamp() <= ended]


def _told(record: AuditRecord) -> str:
    return f"{record.verb} {record.resource}/{record.subresource}".rstrip("/")


def main() -> int:
    print(json.dumps(asdict(measure())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
