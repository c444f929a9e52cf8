"""How the pieces of a controller process are put together, and in which order they are closed."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from uuid import uuid4

from flagger_py.clock import wall_clock
from flagger_py.refs import Key, Kind
from flagger_py.runtime.client import Client
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.deliveries import Deliveries
from flagger_py.runtime.egress import HttpEgress
from flagger_py.runtime.flux_events import FluxEvents
from flagger_py.runtime.guard import Guard
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.kubernetes_cluster import KubernetesCluster
from flagger_py.runtime.leases import Elector, Terms, lease_name
from flagger_py.runtime.meters import QueueMeter
from flagger_py.runtime.options import RuntimeOptions
from flagger_py.runtime.part import Part, Shell
from flagger_py.runtime.queue import WorkQueue
from flagger_py.runtime.servers import Servers, Surface
from flagger_py.runtime.telemetry import Telemetry
from flagger_py.runtime.transport import Transport
from flagger_py.runtime.worker import Bench, Workers


@dataclass(frozen=True, slots=True)
class House:
    """The pieces of one process; made by `build`."""

    options: RuntimeOptions
    parts: tuple[Part[Any, Any, Any], ...]
    credentials: Credentials
    transport: Transport
    cluster: KubernetesCluster
    egresses: tuple[HttpEgress, ...]
    deliveries: Deliveries
    queue: WorkQueue[Reader]
    telemetry: Telemetry
    meter: QueueMeter
    workers: Workers
    elector: Elector | None
    servers: Servers

    async def open(self) -> None:
        """Listen, and begin to watch."""
        await self.servers.open(self.options.metrics_addr, self.options.health_addr)
        self.cluster.start()

    def tidy(self) -> None:
        """Close watches nobody needs, drop series that have ended, measure the oldest pass."""
        self.cluster.sweep()
        self.telemetry.sweep()
        self.meter.longest(self.workers.oldest_s())

    async def close(self) -> None:
        await self.cluster.close()
        await self.servers.close()
        for egress in self.egresses:
            await egress.close()
        await self.transport.close()


async def build(parts: Sequence[Part[Any, Any, Any]], options: RuntimeOptions) -> House:
    """Put the process together; raises `Unavailable` without credentials."""
    credentials = Credentials(Source(options.kubeconfig, options.context, options.master))
    await credentials.load()
    meanings = dict(told for part in parts for told in part.meanings.items())
    telemetry = Telemetry(_version(), options.mesh_provider, meanings=meanings)
    transport = Transport(credentials, telemetry.requested)
    client = Client(transport)
    meter = QueueMeter(telemetry.registry, options.program)
    queue: WorkQueue[Reader] = WorkQueue(
        options.min_retry_delay_s, options.max_retry_delay_s, meter=meter
    )
    cluster = KubernetesCluster(
        client,
        _owners(parts),
        queue.add,
        namespace=options.namespace,
        selector=options.watch_label_selector,
    )
    tenants = HttpEgress(_guard(options))
    # Where our own events go is the operator's choice, which needs no guard.
    house_post = HttpEgress(Guard(allow_link_local=True))
    deliveries = Deliveries(tenants)
    if options.events_addr:
        flux = FluxEvents(options.events_addr, house_post.send, deliveries.hand_over)
        cluster.recorded = flux.post
    shell = Shell(
        cluster, tenants, wall_clock, lambda _: None, deliveries.deliver, options.identity
    )
    bench = Bench(
        shell,
        queue,
        telemetry,
        meter,
        find=lambda part, key: cluster.store(part.kind).get(key),
        forget=cluster.forget,
    )
    return House(
        options=options,
        parts=tuple(parts),
        credentials=credentials,
        transport=transport,
        cluster=cluster,
        egresses=(tenants, house_post),
        deliveries=deliveries,
        queue=queue,
        telemetry=telemetry,
        meter=meter,
        workers=Workers({part.name: part for part in parts}, bench, options.concurrent),
        elector=_elector(client, options) if options.leader_election else None,
        servers=Servers(Surface(telemetry.exposition, lambda: _not_ready(cluster))),
    )


def _owners(parts: Sequence[Part[Any, Any, Any]]) -> dict[Kind, tuple[str, ...]]:
    owners: dict[Kind, tuple[str, ...]] = {}
    for part in parts:
        owners[part.kind] = (*owners.get(part.kind, ()), part.name)
    return owners


def _guard(options: RuntimeOptions) -> Guard:
    return Guard(
        options.insecure_allow_http, options.egress_allow_link_local, options.egress_allow_hosts
    )


def _elector(client: Client, options: RuntimeOptions) -> Elector:
    terms = Terms(
        options.lease_duration_s,
        options.renew_deadline_s,
        options.retry_period_s,
        options.leader_election_release_on_cancel,
    )
    name = lease_name(options.program, options.watch_label_selector)
    namespace = options.leader_election_namespace or options.namespace or "kube-system"
    # A pod that is started again under its name is another candidate.
    return Elector(client, Key(namespace, name), f"{options.identity}_{uuid4()}", terms)


def _not_ready(cluster: KubernetesCluster) -> str:
    waiting = cluster.waiting_for()
    return f"not listed yet: {', '.join(map(str, waiting))}" if waiting else ""


def _version() -> str:
    try:
        return version("flagger-py")
    except PackageNotFoundError:
        return "unknown"
