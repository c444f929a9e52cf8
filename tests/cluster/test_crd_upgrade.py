"""Our definitions over Flagger's: all that is stored stays as it is, and is then led by us."""

from collections.abc import Iterator
from typing import Any

import pytest
from httpx import codes

from tests.cluster import binaries, controlplane, crds
from tests.cluster import namespace as network
from tests.cluster.api import ApiError, Manifest
from tests.cluster.controllers import PARTS, controller, grant, install_kinds, running
from tests.cluster.controlplane import ControlPlane
from tests.cluster.release import FLAGGER, condition
from tests.cluster.waiting import eventually
from tests.compat import stored

NAMESPACE = "stored"
UNSEEN = {"observedGeneration": -1}
"""What our definition, as Flux's do, puts where no controller has written a status yet."""
KINDS = ("Canary", "MetricTemplate", "AlertProvider")


@pytest.fixture(scope="module")
def flaggers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A control plane of its own, with the real Flagger's definitions."""
    if not network.inside():
        pytest.skip("start it as `python -m tests.cluster.namespace -- pytest tests/cluster`")
    with controlplane.prepare(tmp_path_factory.mktemp("flaggers")) as plane:
        crds.install(
            plane.api, binaries.module_dir(binaries.FLAGGER) / "artifacts/flagger/crd.yaml"
        )
        plane.create_namespace(NAMESPACE)
        yield plane


def test_what_flagger_stored_is_served_unchanged_and_led_on(flaggers: ControlPlane) -> None:
    """Every manifest and status that Flagger accepted survives, and our controllers go on."""
    written = _store_all(flaggers)
    before = _served(flaggers)

    install_kinds(flaggers, *PARTS)
    after = eventually(lambda: _served_now(flaggers), "the API server serves them anew")

    assert len(before) == written
    assert after == before
    grant(flaggers, "successor", *PARTS)
    process = controller(flaggers, 0, "successor", ("flagger-py",))
    with running(process):
        eventually(lambda: _unanswered(flaggers) == [], "every Canary is taken up", 60.0)
    assert "unexpectedly" not in process.log
    assert flaggers.audit(user=process.user, code=403) == []


def _store_all(plane: ControlPlane) -> int:
    """Store every known manifest under a name of its own, and the statuses on the first ones."""
    statuses = stored.statuses()
    count = 0
    for kind in KINDS:
        for number, (_, manifest) in enumerate(stored.manifests(kind)):
            name = f"{kind.lower()}-{number}"
            metadata = {**manifest["metadata"], "name": name, "namespace": NAMESPACE}
            plane.api.create({**manifest, "metadata": metadata})
            count += 1
    for number, (_, status) in enumerate(statuses):
        path = plane.api.path(FLAGGER, "Canary", NAMESPACE, f"canary-{number}")
        plane.api.merge(f"{path}/status", {"status": _complete(status)})
    return count


def _complete(status: Manifest) -> Manifest:
    """Put back the times that records leave out and Flagger's schema asks for."""
    conditions: list[Any] = status.get("conditions") or []
    dated = [{"lastTransitionTime": "2026-01-01T00:00:00Z", **found} for found in conditions]
    return {**status, **({"conditions": dated} if dated else {})}


def _served(plane: ControlPlane) -> dict[str, Manifest]:
    """Return what the API server serves, less what every write changes."""
    found = {}
    for kind in KINDS:
        for item in plane.api.select(FLAGGER, kind, NAMESPACE):
            del item["metadata"]["managedFields"]
            if item.get("status") == UNSEEN:
                del item["status"]
            found[item["metadata"]["name"]] = item
    return found


def _served_now(plane: ControlPlane) -> dict[str, Manifest]:
    """Return what is served, nothing while the API server still replaces its storage."""
    try:
        return _served(plane)
    except ApiError as error:
        if error.code == codes.TOO_MANY_REQUESTS:
            return {}
        raise


def _unanswered(plane: ControlPlane) -> list[str]:
    """Name the Canaries that nobody has said anything about; of suspended ones nothing is said."""
    return [
        canary["metadata"]["name"]
        for canary in plane.api.select(FLAGGER, "Canary", NAMESPACE)
        if not canary["spec"].get("suspend") and not condition(canary.get("status") or {}, "Ready")
    ]
