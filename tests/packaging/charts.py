"""The chart as Helm renders it: the real program, pinned and built as the control plane is."""

import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster import binaries

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "flagger-py"
RELEASE, NAMESPACE, KUBERNETES = "flagger-py", "flagger-system", "1.36.0"
IMAGE = "image.repository=registry.example.com/team/flagger-py"
Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rendered:
    """What Helm makes of the chart, or what it says instead."""

    manifests: tuple[Manifest, ...]
    refusal: str

    def of(self, kind: str) -> tuple[Manifest, ...]:
        assert not self.refusal, self.refusal
        return tuple(found for found in self.manifests if found["kind"] == kind)

    def pods(self) -> dict[str, Manifest]:
        """Return the pod templates by the names of their Deployments."""
        deployments = self.of("Deployment")
        return {found["metadata"]["name"]: found["spec"]["template"] for found in deployments}


@cache
def render(*values: str) -> Rendered:
    """Render with *values*, each `path=value` as of `--set-json` when it is JSON, else `--set`."""
    flags = [
        word for value in (IMAGE, *values) for word in (_flag(value), value.removeprefix("json:"))
    ]
    words = ["template", RELEASE, str(CHART), "-n", NAMESPACE, "--kube-version", KUBERNETES]
    done = subprocess.run([_helm(), *words, *flags], capture_output=True, text=True, check=False)
    if done.returncode:
        return Rendered((), done.stderr)
    return Rendered(tuple(m for m in yaml.safe_load_all(done.stdout) if m), "")


def _flag(value: str) -> str:
    return "--set-json" if value.startswith("json:") else "--set"


def _helm() -> str:
    """Return where Helm is; a test fails with one sentence where it cannot be built."""
    try:
        return str(binaries.find("helm"))
    except binaries.BuildError as error:
        missing = str(error)
    pytest.fail(missing, pytrace=False)
