"""What a process takes of the machine, and what kind of machine it is (Linux)."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from flagger_py.clock import monotonic_s

_TURNS = 5_000_000
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process had used *at_s*: seconds of CPU, and resident MiB."""

    at_s: float
    cpu_s: float
    resident_mib: float

    def cpu_per_minute(self, later: "Usage") -> float:
        """Return the CPU seconds a minute between this and a *later* look."""
        return 60 * (later.cpu_s - self.cpu_s) / (later.at_s - self.at_s)


def usage(pid: int) -> Usage:
    """Look at a process; the field numbers are those of proc(5)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return Usage(monotonic_s(), ticks / _TICKS, _status_mib(pid, "VmRSS"))


def peak_mib(pid: int) -> float:
    """Return the most that a process ever had resident, in MiB."""
    return _status_mib(pid, "VmHWM")


def apart(pid: int) -> bool:
    """Give *pid* one core of its own and this process the others; False where there is but one."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2:
        return False
    os.sched_setaffinity(0, cores[:-1])
    os.sched_setaffinity(pid, cores[-1:])
    return True


def described() -> str:
    """Say what kind of machine this is, and nothing that would tell which."""
    kind = f"{os.cpu_count() or 1} cores ({platform.machine()}), {platform.system()}"
    return f"{kind}, Python {platform.python_version()}"


def speed() -> float:
    """Return how many million turns of an empty loop a core makes in a second, at this moment.

    A shared machine is not always as fast: what is measured is worth as much as this says.
    """
    began_s = monotonic_s()
    for _ in range(_TURNS):
        pass
    return _TURNS / 1e6 / (monotonic_s() - began_s)


def _status_mib(pid: int, name: str) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return 0.0
