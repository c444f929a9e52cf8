"""With what flags the bed's processes run."""

import json
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from tests.cluster import audit, binaries, namespace
from tests.cluster.credentials import Credentials
from tests.cluster.processes import Child

API_PORT = 6443
_REPOSITORY = Path(__file__).parents[2]
_CONTROLLERS = (
    "clusterrole-aggregation-controller",  # Without it view, edit and admin grant nothing.
    "daemonset-controller",
    "deployment-controller",
    "endpointslice-controller",
    "garbage-collector-controller",
    "namespace-controller",
    "replicaset-controller",
    "root-ca-certificate-publisher-controller",
    "serviceaccount-controller",
    "statefulset-controller",
)


@dataclass(frozen=True, slots=True)
class Launch:
    """Describes the processes of the control plane that keeps its files in *folder*."""

    folder: Path
    address: IPv4Address
    credentials: Credentials

    def etcd(self) -> Child:
        data = self.folder / "etcd"
        shutil.rmtree(data, ignore_errors=True)
        peer, client = (f"http://{self.address}:{port}" for port in (2380, 2379))
        flags = {
            "name": "bed",
            "data-dir": data,
            "unsafe-no-fsync": "true",  # A bed that lost its power would be thrown away anyway.
            "listen-client-urls": client,
            "advertise-client-urls": client,
            "listen-peer-urls": peer,
            "initial-advertise-peer-urls": peer,
            "initial-cluster": f"bed={peer}",
            "heartbeat-interval": 50,
            "election-timeout": 500,  # Alone it elects itself, but only after this time.
            "log-level": "warn",
        }
        return self._child("etcd", flags)

    def apiserver(self) -> Child:
        policy = self.folder / "audit-policy.json"
        policy.write_text(json.dumps(audit.POLICY))
        flags = {
            "etcd-servers": f"http://{self.address}:2379",
            "bind-address": self.address,
            "advertise-address": self.address,
            "secure-port": API_PORT,
            "tls-cert-file": self.credentials.certificate,
            "tls-private-key-file": self.credentials.key,
            "token-auth-file": self.credentials.tokens,
            "authorization-mode": "RBAC",
            "service-account-issuer": "https://kubernetes.default.svc",
            "service-account-key-file": self.credentials.account_key,
            "service-account-signing-key-file": self.credentials.account_key,
            "service-cluster-ip-range": namespace.SUBNETS[-1],
            "endpoint-reconciler-type": "none",
            "audit-policy-file": policy,
            "audit-log-path": self.folder / "audit.log",
            "audit-log-maxsize": 4096,  # MiB: the records must stay in one file.
        }
        return self._child("kube-apiserver", flags)

    def controllers(self) -> Child:
        flags = {
            "kubeconfig": self._kubeconfig("controllers"),
            "controllers": ",".join(_CONTROLLERS),
            "root-ca-file": self.credentials.authority,
            "leader-elect": "false",
            "secure-port": 0,
            "kube-api-qps": 500,
            "kube-api-burst": 1000,
        }
        return self._child("kube-controller-manager", flags)

    def kubelet(self, subnet: IPv4Network) -> Child:
        module = ("-m", "tests.cluster.kubelet", str(self._kubeconfig("kubelet")), str(subnet))
        known = os.environ.get("PYTHONPATH")
        path = os.pathsep.join((str(_REPOSITORY), *([known] if known else [])))
        log = self.folder / "kubelet.log"
        return Child("kubelet", (sys.executable, *module), log, {"PYTHONPATH": path})

    def _kubeconfig(self, role: str) -> Path:
        return self.credentials.kubeconfig(role, self.credentials.token(role))

    def _child(self, name: str, flags: Mapping[str, object]) -> Child:
        words = (f"--{key}={value}" for key, value in flags.items())
        return Child(name, (str(binaries.find(name)), *words), self.folder / f"{name}.log")
