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

from flagger_py.testing.served import TRAEFIK_SERVICE
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
from tests.cluster.release import PACE, Release
from tests.cluster.waiting import let_pass

WEIGHTS = (10, 20, 30, 40, 50)
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
            app.ask(release.spec(server.url, stepWeight=WEIGHTS[0], maxWeight=WEIGHTS[-1]))
            app.until("Initialized")
            before = len(requests_of(plane, (ours.user,)))
            app.push("2")
            app.until_closed()
            steps = _steps(requests_of(plane, (ours.user,))[before:])
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


def _steps(asked: list[AuditRecord]) -> dict[int, list[AuditRecord]]:
    """Cut what was *asked* in a release where a new split is asked for; the first cut is at 10 %.

    The first step also takes what starts an analysis, and the last one ends it: neither counts.
    """
    splits = [
        number
        for number, record in enumerate(asked)
        if (record.verb, record.resource, record.subresource) == ("patch", "trafficroutes", "")
    ]
    steps = zip(WEIGHTS[1:], pairwise(splits[1 : len(WEIGHTS)]), strict=False)
    return {weight: asked[begun:ended] for weight, (begun, ended) in steps}


def _told(record: AuditRecord) -> str:
    return f"{record.verb} {record.resource}/{record.subresource}".rstrip("/")


def main() -> int:
    print(json.dumps(asdict(measure())))
    return 0


if __name__ == "__main__":
    sys.exit(main())
