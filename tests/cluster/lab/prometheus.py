"""The lab's Prometheus: a real one that scrapes the edge and every pod each second."""

import json
import shutil

import httpx

from tests.cluster.controlplane import ControlPlane
from tests.cluster.lab.addresses import ADMIN, Addresses
from tests.cluster.processes import Child
from tests.cluster.waiting import eventually
from tests.cluster.workloads import PORT

SCRAPE = "1s"
_PORTS = f"{PORT}|9898"
"""The ports of the tests' applications and of the recorded ones."""


def prometheus(plane: ControlPlane) -> Child:
    """Describe the process; its configuration and its data are in the control plane's folder."""
    found = shutil.which("prometheus")
    if found is None:
        raise RuntimeError(
            "the lab needs Prometheus: put `prometheus` on PATH (apt-get install prometheus)"
        )
    config = plane.folder / "prometheus.yaml"
    config.write_text(json.dumps(_configuration(plane)))
    words = (
        found,
        f"--config.file={config}",
        f"--storage.tsdb.path={plane.folder / 'prometheus'}",
        f"--web.listen-address={Addresses(plane.subnet).prometheus}",
    )
    env = {"NO_PROXY": "*", "no_proxy": "*"}
    return Child("prometheus", words, plane.folder / "prometheus.log", env)


def until_scraping(child: Child, address: str) -> None:
    """Wait until there is something to be queried."""

    def scraped() -> bool:
        child.check()
        try:
            answer = httpx.get(
                f"http://{address}/api/v1/query", params={"query": "up == 1"}, trust_env=False
            )
        except httpx.TransportError:
            return False
        return answer.is_success and bool(answer.json()["data"]["result"])

    eventually(scraped, f"Prometheus scrapes the edge; see {child.log}", 60.0)


def _configuration(plane: ControlPlane) -> dict[str, object]:
    edge = {"targets": [f"{Addresses(plane.subnet).edge}:{ADMIN}"]}
    pods = {"role": "pod", "kubeconfig_file": str(plane.kubeconfig)}
    meta = "__meta_kubernetes"
    return {
        "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE},
        "scrape_configs": [
            {"job_name": "edge", "static_configs": [edge]},
            {
                "job_name": "pods",
                "kubernetes_sd_configs": [pods],
                "relabel_configs": [
                    _keep(f"{meta}_pod_container_port_number", _PORTS),
                    _keep(f"{meta}_pod_ready", "true"),
                    _copy(f"{meta}_namespace", "kubernetes_namespace"),
                    _copy(f"{meta}_pod_name", "kubernetes_pod_name"),
                ],
            },
        ],
    }


def _keep(label: str, values: str) -> dict[str, object]:
    return {"source_labels": [label], "regex": values, "action": "keep"}


def _copy(label: str, name: str) -> dict[str, object]:
    return {"source_labels": [label], "target_label": name}
