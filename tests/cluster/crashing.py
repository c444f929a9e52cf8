"""Our process is killed the moment the API server has logged a certain write of it."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.cluster import audit
from tests.cluster.audit import AuditRecord

_WRITES = ("create", "update", "patch", "delete")
_POLL_S = 0.001


class Zygote:
    """Makes and ends processes of the all-in-one program; see `tests.cluster.zygote`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            ("setpriv", "--pdeathsig", "KILL", sys.executable, "-m", "tests.cluster.zygote"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )

    def spawn(self, argv: Sequence[str], env: Mapping[str, str], log: Path) -> int:
        return self._order({"argv": list(argv), "env": dict(env), "log": str(log)})

    def kill(self, pid: int) -> None:
        """Kill as the kernel would, and return when the process is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._order({"reap": pid})

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _order(self, order: Mapping[str, object]) -> int:
        with self._lock:
            assert self._process.stdin is not None
            assert self._process.stdout is not None
            print(json.dumps(order), file=self._process.stdin, flush=True)
            return int(self._process.stdout.readline())


@dataclass(slots=True)
class Trap:
    """Springs at a user's write number *left*, counted from when it was set."""

    left: int
    spring: Callable[[AuditRecord], None]


@dataclass(slots=True)
class Watcher:
    """Follows the audit log as it is written."""

    log: Path
    traps: dict[str, Trap] = field(default_factory=dict)
    writes: dict[str, list[str]] = field(default_factory=dict)
    """What each user has written so far, one word each."""

    @contextmanager
    def following(self) -> Iterator[None]:
        stop = threading.Event()
        thread = threading.Thread(target=self._follow, args=(stop,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _follow(self, stop: threading.Event) -> None:
        start = self.log.stat().st_size
        while not stop.wait(_POLL_S):
            if self.log.stat().st_size == start:
                continue
            records, start = audit.read(self.log, start)
            for record in filter(is_write, records):
                self._heard(record)

    def _heard(self, record: AuditRecord) -> None:
        self.writes.setdefault(record.user, []).append(word(record))
        trap = self.traps.get(record.user)
        if trap is None:
            return
        trap.left -= 1
        if trap.left == 0:
            del self.traps[record.user]
            trap.spring(record)


def is_write(record: AuditRecord) -> bool:
    """Tell whether a request of ours has changed something."""
    ours = ":flagger-system:" in record.user and record.resource != "leases"
    return ours and record.verb in _WRITES and record.code < 400


def word(record: AuditRecord) -> str:
    """Name a write as a reader would: `patch canaries/status app`."""
    name = "" if record.resource == "events" else f" {record.name}"
    return f"{record.verb} {record.resource}/{record.subresource}".rstrip("/") + name
