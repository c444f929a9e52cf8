"""Our controllers as processes of the bed, each under an account with what the chart grants it."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from tests.cluster import crds
from tests.cluster.api import Manifest
from tests.cluster.audit import AuditRecord
from tests.cluster.controlplane import ControlPlane
from tests.cluster.processes import UNPROXIED, Child
from tests.cluster.waiting import eventually

SYSTEM = "flagger-system"
PARTS = ("metrics", "routing", "gating", "rollout")
CHART = Path(__file__).parents[2] / "charts" / "flagger-py"
DEFINITIONS = {
    "metrics": ("metrics.flagger.app_metricanalyses", "flagger.app_metrictemplates"),
    "routing": ("routing.flagger.app_trafficroutes",),
    "gating": ("gating.flagger.app_gates",),
    "rollout": (
        "flagger.app_canaries",
        "flagger.app_alertproviders",
        "rollout.flagger.app_shadowpolicies",
    ),
}
"""The files in the chart's `crds` that hold each part's own kinds."""
_RBAC = "rbac.authorization.k8s.io/v1"
_SLOTS = 10
_READY_S = 60.0


@dataclass(frozen=True, slots=True)
class Controller:
    """A process of ours and where it tells whether it is ready."""

    child: Child
    account: str
    health: str

    @property
    def user(self) -> str:
        """The name under which the audit log knows it."""
        return user_of(self.account)

    @property
    def ready(self) -> bool:
        """Ask `/readyz`; raises when the process has ended by itself."""
        self.child.check()
        try:
            return httpx.get(f"http://{self.health}/readyz", trust_env=False).is_success
        except httpx.TransportError:
            return False

    def until_ready(self) -> None:
        eventually(
            lambda: self.ready, f"{self.child.name} is ready; see {self.child.log}", _READY_S
        )

    @property
    def log(self) -> str:
        return self.child.log.read_text(errors="replace") if self.child.log.exists() else ""


def rules(*parts: str, roles: Iterable[str] = ("", "-tenant", "-cluster")) -> list[Manifest]:
    """Read what the chart grants *parts*, of those of its files that *roles* name.

    With all of them no tenant's account need be impersonated.
    """
    files = (CHART / "rbac" / f"{part}{role}.yaml" for part in parts for role in roles)
    return [rule for file in files if file.exists() for rule in yaml.safe_load(file.read_text())]


def install_kinds(plane: ControlPlane, *parts: str) -> None:
    """Install the CustomResourceDefinitions of *parts*, as the chart has them."""
    folder = CHART / "crds"
    crds.install(plane.api, *(folder / f"{f}.yaml" for part in parts for f in DEFINITIONS[part]))


def remove_kinds(plane: ControlPlane, *parts: str) -> None:
    """Remove the definitions of *parts* and with them every object; returns when they are gone."""
    names = [".".join(reversed(f.split("_"))) for part in parts for f in DEFINITIONS[part]]
    for name in names:
        crds.remove(plane.api, name)


def grant(plane: ControlPlane, account: str, *parts: str, also: Sequence[Manifest] = ()) -> None:
    """Make *account* and give it the rights of *parts*, those in *also*, and nothing else."""
    if plane.api.find("v1", "Namespace", SYSTEM) is None:
        plane.create_namespace(SYSTEM)
    name = f"test-{account}"
    metadata = {"name": account, "namespace": SYSTEM}
    plane.api.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})
    _bind(plane, "ClusterRole", name, account, [*rules(*parts), *also])
    _bind(plane, "Role", name, account, yaml.safe_load((CHART / "rbac/election.yaml").read_text()))


def controller(plane: ControlPlane, slot: int, account: str, command: Iterable[str]) -> Controller:
    """Describe the process *command* of *account*, on the address that *slot* stands for."""
    program, *flags = command
    address = plane.subnet[2 + slot % _SLOTS]
    ports = (f"--metrics-addr={address}:8080", f"--health-addr={address}:9440")
    words = (
        str(Path(sys.executable).with_name(program)),
        *(("run",) if program == "flagger-py" else ()),
        f"--kubeconfig={plane.kubeconfig_for(SYSTEM, account)}",
        *ports,
        *flags,
    )
    log = plane.folder / f"{account}.log"
    env = {"RUNTIME_NAMESPACE": SYSTEM, "POD_NAME": account, **UNPROXIED}
    child = Child(account, words, log, env)
    return Controller(child, account, f"{address}:9440")


@contextmanager
def running(*processes: Controller) -> Iterator[None]:
    """Run *processes* from when all of them are ready until the end of the block."""
    try:
        for process in processes:
            process.child.start()
        for process in processes:
            process.until_ready()
        yield
    finally:
        for process in processes:
            process.child.stop()


def user_of(account: str) -> str:
    return f"system:serviceaccount:{SYSTEM}:{account}"


def requests_of(
    plane: ControlPlane, users: Iterable[str], namespace: str = ""
) -> list[AuditRecord]:
    """Return what *users* asked about *namespace*, or at all where it is empty.

    Watches and Leases are left out: idle controllers have them, too.
    """
    known = set(users)
    return [
        record
        for record in plane.audit()
        if record.user in known
        and record.verb != "watch"
        and record.resource != "leases"
        and namespace in ("", record.namespace)
    ]


def _bind(plane: ControlPlane, role: str, name: str, account: str, granted: list[Manifest]) -> None:
    """Make a role with what is *granted* and bind it to *account*."""
    metadata = {"name": name, **({"namespace": SYSTEM} if role == "Role" else {})}
    plane.api.apply({"apiVersion": _RBAC, "kind": role, "metadata": metadata, "rules": granted})
    subject = {"kind": "ServiceAccount", "name": account, "namespace": SYSTEM}
    plane.api.apply(
        {
            "apiVersion": _RBAC,
            "kind": f"{role}Binding",
            "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": name},
            "subjects": [subject],
        }
    )
