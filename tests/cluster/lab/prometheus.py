"""The lab's Prometheus: a real one that scrapes the edge and every pod each second.

It is told of the pods over HTTP, since Debian builds it without the discovery of Kubernetes.
"""

import json

import httpx

from tests.cluster import programs
from tests.cluster.controlplane import ControlPlane
from tests.cluster.lab.addresses import ADMIN, Addresses
from tests.cluster.processes import UNPROXIED, Child
from tests.cluster.waiting import eventually

SCRAPE = "1s"


def binary() -> str:
    """Return where Prometheus is; raises `MissingProgram` if nowhere."""
    return programs.find("prometheus", "the lab")


def prometheus(plane: ControlPlane) -> Child:
    """Describe the process; its configuration and its data are in the control plane's folder."""
    config = plane.folder / "prometheus.yaml"
    config.write_text(json.dumps(_configuration(plane)))
    words = (
        binary(),
        f"--config.file={config}",
        f"--storage.tsdb.path={plane.folder / 'prometheus'}",
        f"--web.listen-address={Addresses(plane.subnet).prometheus}",
    )
    return Child("prometheus", words, plane.folder / "prometheus.log", UNPROXIED)


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
    addresses = Addresses(plane.subnet)
    edge = {"targets": [f"{addresses.edge}:{ADMIN}"]}
    pods = {"url": f"http://{addresses.targets}", "refresh_interval": SCRAPE}
    return {
        "global": {"scrape_interval": SCRAPE, "scrape_timeout": SCRAPE},
        "scrape_configs": [
            {"job_name": "edge", "static_configs": [edge]},
            {"job_name": "pods", "http_sd_configs": [pods]},
        ],
    }
