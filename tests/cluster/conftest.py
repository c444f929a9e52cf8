"""One control plane for the session, one namespace for each test."""

from collections.abc import Iterator
from itertools import count

import pytest

from tests.cluster import binaries, controlplane, crds
from tests.cluster import namespace as network
from tests.cluster.controlplane import ControlPlane
from tests.cluster.lab import edge, prometheus, running
from tests.cluster.lab.running import Lab
from tests.cluster.programs import MissingProgram

_GATEWAY_API = "config/crd/standard"
_FLAGGER = "artifacts/flagger/crd.yaml"
_numbers = count(1)


@pytest.fixture(scope="session")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A running control plane with a node; tests that break it put it right again."""
    _skip_outside()
    with controlplane.prepare(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A running lab, on a control plane of its own."""
    _skip_outside()
    if missing := _missing():
        pytest.fail(missing, pytrace=False)
    with running.running(tmp_path_factory.mktemp("lab")) as begun:
        yield begun


@pytest.fixture
def namespace(plane: ControlPlane) -> Iterator[str]:
    """A namespace of the test's own, where pods can be made; deleted after, without waiting."""
    name = f"test-{next(_numbers)}"
    plane.create_namespace(name)
    yield name
    plane.api.delete("v1", "Namespace", name)


@pytest.fixture(scope="session")
def gateway_api_crds(plane: ControlPlane) -> tuple[str, ...]:
    """The names of the Gateway API's standard CRDs, installed from its module."""
    return crds.install(plane.api, binaries.module_dir(binaries.GATEWAY_API) / _GATEWAY_API)


@pytest.fixture(scope="session")
def flagger_crds(plane: ControlPlane) -> tuple[str, ...]:
    """The names of the real Flagger's CRDs, installed from its module."""
    return crds.install(plane.api, binaries.module_dir(binaries.FLAGGER) / _FLAGGER)


def _skip_outside() -> None:
    """Skip what needs the bed's network where that is not there."""
    if not network.inside():
        pytest.skip("start it as `python -m tests.cluster.namespace -- pytest tests/cluster`")


def _missing() -> str:
    """Say which program of the lab's is missing, "" where none is."""
    try:
        edge.binary()
        prometheus.binary()
    except MissingProgram as error:
        return str(error)
    return ""
