"""Measures everything and writes the page: `make bench`, about twelve minutes on two cores."""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from flagger_py.clock import monotonic_s, wall_clock
from tests.cluster import binaries

from . import counting, machine
from .page import Findings, page

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "benchmarks.md"
PIECES = ("counts", "plane", "prompt", "scale")
_NAMESPACE = ("-m", "tests.cluster.namespace", "--", sys.executable)


def main() -> int:
    args = _arguments().parse_args()
    pieces = args.only or PIECES
    found = Findings(
        date=f"{wall_clock():%Y-%m-%d}",
        machine=machine.described(),
        counts=_counts() if "counts" in pieces else None,
        plane=_plane() if "plane" in pieces else None,
        prompt=_ask("promptness", f"--releases={args.releases}") if "prompt" in pieces else None,
        scales=tuple(_scales(args)) if "scale" in pieces else (),
    )
    args.out.write_text(page(found), encoding="utf-8")
    print(f"written: {args.out.name}")
    return 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="1,000 Canaries at most.")
    parser.add_argument("--only", action="append", choices=PIECES, help="Take these figures alone.")
    parser.add_argument("--idle", type=float, default=30.0, help="Seconds to watch when idle.")
    parser.add_argument("--releases", type=int, default=20, help="Releases rolled back.")
    parser.add_argument("--out", type=Path, default=PAGE)
    return parser


def _scales(args: argparse.Namespace) -> list[Mapping[str, Any]]:
    sizes = [(1_000, 100)] if args.quick else [(1_000, 0), (10_000, 1_000)]
    return [
        _ask(
            "scale",
            f"--canaries={canaries}",
            f"--progressing={progressing}",
            f"--idle={args.idle:g}",
        )
        for canaries, progressing in sizes
    ]


def _counts() -> dict[str, Any]:
    return asdict(counting.count())


def _plane() -> Mapping[str, Any] | None:
    """Count on the real control plane, where it was built before."""
    if not all(map(binaries.built, binaries.CONTROL_PLANE)):
        return None
    return _ask("plane", before=_NAMESPACE)


def _ask(module: str, *words: str, before: tuple[str, ...] = ()) -> Mapping[str, Any]:
    """Run a measurement in a process of its own; its last line is what it found."""
    print(f"{module} {' '.join(words)}: ", end="", flush=True)
    began_s = monotonic_s()
    command = (sys.executable, *before, "-m", f"tests.bench.{module}", *words)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    print(f"{monotonic_s() - began_s:.0f} s", flush=True)
    told: Mapping[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


if __name__ == "__main__":
    sys.exit(main())
