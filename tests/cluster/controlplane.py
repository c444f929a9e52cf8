"""A real control plane is ours to start, to break and to audit: four processes, one address."""

import socket
from dataclasses import dataclass, field
from ipaddress import IPv4Network
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from tests.cluster import audit, namespace
from tests.cluster.api import Api, ApiError, connect
from tests.cluster.credentials import Credentials, issue
from tests.cluster.launch import API_PORT, Launch
from tests.cluster.processes import Child
from tests.cluster.waiting import eventually

_CLAIM_PORT = 10250
_TOKEN_LIFETIME_S = 8 * 3600


@dataclass(slots=True)
class ControlPlane:
    """etcd, the API server, the controllers and our kubelet; everything it writes is in *folder*.

    A `with` block runs it. The processes die with the thread that entered the block.
    """

    folder: Path
    credentials: Credentials
    subnet: IPv4Network
    etcd: Child
    apiserver: Child
    controllers: Child
    kubelet: Child
    api: Api
    _claim: socket.socket = field(repr=False)

    @property
    def kubeconfig(self) -> Path:
        """The kubeconfig of an administrator."""
        return self.credentials.folder / "admin.kubeconfig"

    @property
    def audit_log(self) -> Path:
        return self.folder / "audit.log"

    def __enter__(self) -> Self:
        try:
            self.etcd.start()
            self.start_apiserver()
            self.kubelet.start()
            eventually(self._populated, f"controllers and kubelet work; see {self.folder}")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End the processes, clients before servers, and give the subnet back."""
        for child in (self.kubelet, self.controllers):
            child.stop(grace_s=3.0)
        self.apiserver.kill()  # It would wait for every watch; nothing outlives it but its log.
        self.etcd.kill()
        self.api.client.close()
        self._claim.close()

    def start_apiserver(self) -> None:
        """Start the API server unless it runs; returns when it is ready.

        The controllers start anew: those that had met an outage would ask again only after a pause
        that doubles with each outage, up to a minute.
        """
        self.apiserver.start()
        eventually(self._ready, f"the API server is ready; see {self.apiserver.log}", 60.0, 0.02)
        self.controllers.start()

    def stop_apiserver(self) -> None:
        """Take the API server away at once, as a crash would; connections break."""
        self.apiserver.kill()
        self.controllers.kill()

    def create_namespace(self, name: str) -> None:
        """Create a namespace and wait for its ServiceAccount, without which it refuses pods."""
        self.api.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        eventually(
            lambda: self.api.find("v1", "ServiceAccount", "default", name),
            f"namespace {name} has its default ServiceAccount",
        )

    def token_for(self, namespace: str, account: str) -> str:
        """Mint a token for a ServiceAccount, as the API server does for pods."""
        path = self.api.path("v1", "ServiceAccount", namespace, account) + "/token"
        spec = {"expirationSeconds": _TOKEN_LIFETIME_S}
        request = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        token: str = self.api.request("POST", path, request)["status"]["token"]
        return token

    def kubeconfig_for(self, namespace: str, account: str) -> Path:
        """Write a kubeconfig with which a controller acts as the ServiceAccount."""
        token = self.token_for(namespace, account)
        return self.credentials.kubeconfig(f"{namespace}-{account}", token, namespace)

    def audit(self, **wanted: object) -> list[audit.AuditRecord]:
        """Return the requests answered so far whose fields equal all of *wanted*, in order."""
        records, _ = audit.read(self.audit_log)
        return list(audit.matching(records, **wanted))

    def _ready(self) -> bool:
        self.etcd.check()
        self.apiserver.check()
        try:
            return self.api.client.get("/readyz").is_success
        except httpx.TransportError:
            return False

    def _populated(self) -> bool:
        """Tell whether pods can be made: they need their ServiceAccount, and a node."""
        for child in (self.apiserver, self.controllers, self.kubelet):
            child.check()
        try:
            accounts = self.api.find("v1", "ServiceAccount", "default", "default")
            return accounts is not None and bool(self.api.select("v1", "Node"))
        except ApiError:
            return False


def prepare(folder: Path) -> ControlPlane:
    """Describe a control plane on a subnet that no other uses, with new keys; nothing runs yet."""
    if not namespace.inside():
        raise RuntimeError("run it as `python -m tests.cluster.namespace -- …`")

    folder.mkdir(parents=True, exist_ok=True)
    subnet, claim = _claim_subnet()
    credentials = issue(folder, subnet[1], API_PORT)
    credentials.kubeconfig("admin", credentials.token("admin"))
    launch = Launch(folder, subnet[1], credentials)
    return ControlPlane(
        folder=folder,
        credentials=credentials,
        subnet=subnet,
        etcd=launch.etcd(),
        apiserver=launch.apiserver(),
        controllers=launch.controllers(),
        kubelet=launch.kubelet(subnet),
        api=connect(credentials),
        _claim=claim,
    )


def _claim_subnet() -> tuple[IPv4Network, socket.socket]:
    """Take the first subnet whose claim port nobody holds; test workers run side by side."""
    for subnet in namespace.SUBNETS[:-1]:
        claim = socket.socket()
        try:
            claim.bind((str(subnet[1]), _CLAIM_PORT))
        except OSError:
            claim.close()
            continue
        claim.listen()
        return subnet, claim
    raise RuntimeError(f"{len(namespace.SUBNETS) - 1} control planes run already")
