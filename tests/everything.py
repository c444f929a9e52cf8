"""Runs every test there is, in the order in which a fault is cheapest to find, and counts them.

The unit tests, laws and scenarios need nothing but Python. The control plane runs in a network
namespace of its own. The closing line sums up what the runs reported.
"""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from flagger_py.clock import monotonic_s

ROOT = Path(__file__).parent.parent
WORKERS = str(min(4, os.cpu_count() or 1))
OUTCOMES = ("failure", "error", "skipped")


@dataclass(frozen=True, slots=True)
class Suite:
    """A run of pytest: *paths* of tests, in this process's network or in one of its own."""

    name: str
    paths: tuple[str, ...]
    namespace: bool = False
    parallel: bool = True

    def command(self, report: Path) -> list[str]:
        enter = ["-m", "tests.cluster.namespace", "--", sys.executable] if self.namespace else []
        workers = ["-n", WORKERS] if self.parallel else []
        pytest = ["-m", "pytest", "-q", *workers, f"--junitxml={report}", *self.paths]
        return [sys.executable, *enter, *pytest]


SUITES = (
    Suite(
        "unit",
        tuple(f"tests/{p}" for p in ("kernel", "metrics", "routing", "gating", "rollout", "cli")),
    ),
    Suite("scenarios", ("tests/scenarios", "tests/compat", "tests/docs", "tests/packaging")),
    Suite("laws", ("tests/laws",)),
    Suite("cluster", ("tests/cluster",), namespace=True, parallel=False),
)


def main() -> int:
    counted: Counter[str] = Counter()
    failed = []
    with TemporaryDirectory() as folder:
        for suite in SUITES:
            began_s = monotonic_s()
            report = Path(folder) / f"{suite.name}.xml"
            print(f"== {suite.name}", flush=True)
            code = subprocess.run(suite.command(report), cwd=ROOT, check=False).returncode
            found = counts(report)
            counted += found
            if code != 0 or not found["tests"]:
                failed.append(suite.name)
            print(
                f"== {suite.name}: {spoken(found)} in {monotonic_s() - began_s:.0f} s", flush=True
            )
    if failed:
        print(f"failed: {', '.join(failed)}")
    skipped = counted["skipped"]
    if skipped and os.environ.get("CI"):
        print(f"{skipped} tests were skipped, which CI does not allow")
    print(spoken(counted))
    return 1 if failed or (skipped and os.environ.get("CI")) else 0


def counts(report: Path) -> Counter[str]:
    """Read how many tests ran and how they ended; none when pytest did not get that far."""
    if not report.exists():
        return Counter()
    text = re.sub(r"[^\x09\x0a\x0d\x20-\ufffd]", "", report.read_text())
    cases = ElementTree.fromstring(text).iter("testcase")
    found: Counter[str] = Counter()
    for case in cases:
        found["tests"] += 1
        outcome = next((o for o in OUTCOMES if case.find(o) is not None), "passed")
        found["failed" if outcome in ("failure", "error") else outcome] += 1
    return found


def spoken(found: Counter[str]) -> str:
    return f"{found['passed']} passed, {found['failed']} failed, {found['skipped']} skipped"


if __name__ == "__main__":
    sys.exit(main())
