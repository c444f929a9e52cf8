"""What runs in the lab, in the order in which it needs one another; `running` is all of it."""

from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, SECRET, SERVICE, Kind
from flagger_py.testing.served import EVENT, HTTP_ROUTE, POD, TRAEFIK_SERVICE
from flagger_rollout.api import KIND as CANARY
from tests.cluster import binaries, controllers, controlplane, crds
from tests.cluster.controllers import PARTS, Controller
from tests.cluster.controlplane import ControlPlane
from tests.cluster.kubelet_api import KubeletApi
from tests.cluster.lab import collecting, edge, prometheus
from tests.cluster.lab.addresses import WEB, Addresses
from tests.cluster.lab.background import Background
from tests.cluster.lab.servers import Sink, Targets, Tester, serving
from tests.cluster.lab.users import Users
from tests.cluster.lab.watching import Watching, path_of
from tests.cluster.waiting import let_pass

ACCOUNT = "flagger-py"
DRAIN_S = "5"
"""Pods serve on for longer than the edge takes, on a busy machine, to hear that they must go."""

WATCHED: tuple[Kind, ...] = (
    CANARY,
    TRAEFIK_SERVICE,
    HTTP_ROUTE,
    DEPLOYMENT,
    SERVICE,
    CONFIG_MAP,
    SECRET,
    EVENT,
    POD,
)


@dataclass(frozen=True, slots=True)
class Lab:
    """The running lab; *controller* is one process with all four parts and Flagger's flags."""

    plane: ControlPlane
    addresses: Addresses
    background: Background
    watching: Watching
    sink: Sink
    tester: Tester
    users: Users
    controller: Controller

    def check(self) -> None:
        """Raise when the controllers, or anything in the background, have ended by themselves."""
        self.background.check()
        self.controller.child.check()

    def exported(self) -> str:
        """Return what the controllers tell Prometheus."""
        host = self.controller.health.partition(":")[0]
        return httpx.get(f"http://{host}:8080/metrics", trust_env=False).text

    def kill(self, down_s: float) -> None:
        """Crash the controllers and start them again; call it from a thread that lasts."""
        self.controller.child.kill()
        let_pass(down_s)
        self.controller.child.start()
        self.controller.until_ready()


@contextmanager
def running(folder: Path) -> Iterator[Lab]:
    """Run a lab with a control plane of its own until the end of the block.

    Flagger's own definitions come first and ours replace them, as for a user who changes over.
    """
    # Without them nothing need be started at all.
    edge.binary()
    prometheus.binary()
    with ExitStack() as stack:
        plane = controlplane.prepare(folder)
        plane.kubelet.env = {**plane.kubelet.env, "BED_DRAIN_S": DRAIN_S}
        stack.enter_context(plane)
        crds.install(
            plane.api, binaries.module_dir(binaries.FLAGGER) / "artifacts/flagger/crd.yaml"
        )
        controllers.install_kinds(plane, *PARTS)
        edge.install(plane)
        collecting.begin(plane)
        addresses = Addresses(plane.subnet)
        background = stack.enter_context(Background())
        lab = Lab(
            plane,
            addresses,
            background,
            _watching(plane, background, stack),
            Sink(),
            Tester(),
            Users(f"http://{addresses.edge}:{WEB}/"),
            _controller(plane, addresses),
        )
        _serve(lab, stack)
        _start(lab, stack)
        yield lab


def _watching(plane: ControlPlane, background: Background, stack: ExitStack) -> Watching:
    async def begin() -> tuple[Watching, dict[Kind, str]]:
        await api.__aenter__()
        versions = {
            kind: str((await api.list(path_of(kind)))["metadata"]["resourceVersion"])
            for kind in WATCHED
        }
        return Watching(api, WATCHED), versions

    api = KubeletApi(plane.kubeconfig)
    watching, versions = background.run(begin())
    stack.callback(lambda: background.run(api.__aexit__()))
    for kind, version in versions.items():
        background.keep(watching.follow(kind, version))
    return watching


def _serve(lab: Lab, stack: ExitStack) -> None:
    """Let the servers answer and the users be ready to come."""
    servers = AsyncExitStack()

    async def begin() -> None:
        await servers.enter_async_context(serving(lab.sink, lab.addresses.sink))
        await servers.enter_async_context(serving(lab.tester, lab.addresses.tester))
        pods = Targets(lambda: lab.watching.all("Pod"))
        await servers.enter_async_context(serving(pods, lab.addresses.targets))
        await lab.users.open()
        servers.push_async_callback(lab.users.close)

    lab.background.run(begin())
    stack.callback(lambda: lab.background.run(servers.aclose()))


def _start(lab: Lab, stack: ExitStack) -> None:
    traefik, scraper = edge.edge(lab.plane), prometheus.prometheus(lab.plane)
    for child in (traefik, scraper):
        stack.callback(child.stop)
        child.start()
    edge.until_alive(traefik, lab.addresses.edge)
    prometheus.until_scraping(scraper, lab.addresses.prometheus)
    stack.enter_context(controllers.running(lab.controller))


def _controller(plane: ControlPlane, addresses: Addresses) -> Controller:
    controllers.grant(plane, ACCOUNT, *PARTS)
    flags = (
        "-mesh-provider=traefik",
        f"-metrics-server=http://{addresses.prometheus}",
        "-log-level=info",
        "-enable-leader-election=false",
        f"--scrape-interval={prometheus.SCRAPE}",
    )
    return controllers.controller(plane, 0, ACCOUNT, ("flagger-py", *flags))
