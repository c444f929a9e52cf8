"""A whole cluster in memory: the four controllers, and everybody they have to do with."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from flagger_gating import controller as gating
from flagger_gating.resources import RESOURCES as GATING_KINDS
from flagger_gating.settings import GatingSettings
from flagger_metrics import controller as metrics
from flagger_metrics.resources import RESOURCES as METRICS_KINDS
from flagger_metrics.settings import MetricsSettings
from flagger_py.egress import Egress
from flagger_py.testing.actor import Actor
from flagger_py.testing.faults import Rates
from flagger_py.testing.gateways import CONTROLLER, Gateways
from flagger_py.testing.pods import Pods
from flagger_py.testing.process import AnyPart
from flagger_py.testing.served import GATEWAY, GATEWAY_CLASS, Served, served
from flagger_py.testing.simulation import Simulation
from flagger_py.testing.traffic import Load, Users
from flagger_py.testing.workloads import Workloads
from flagger_py.testing.world import World
from flagger_rollout import controller as rollout
from flagger_rollout.resources import RESOURCES as ROLLOUT_KINDS
from flagger_rollout.settings import RolloutSettings
from flagger_routing import controller as routing
from flagger_routing.resources import RESOURCES as ROUTING_KINDS
from flagger_routing.settings import RoutingSettings

from .egress import by_host
from .prometheus import Prometheus
from .tester import LoadTester
from .webhooks import Script, Webhooks

PROMETHEUS, SINK, TESTER = "prometheus.test", "sink.test", "tester.test"
SCRAPE_S = 1.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How the four parts are set up; by default as Flagger is, with a Prometheus of the bed."""

    rollout: RolloutSettings = field(default_factory=RolloutSettings)
    routing: RoutingSettings = field(default_factory=RoutingSettings)
    gating: GatingSettings = field(default_factory=GatingSettings)
    metrics: MetricsSettings = field(
        default_factory=lambda: MetricsSettings(
            metrics_server=f"http://{PROMETHEUS}", scrape_s=SCRAPE_S
        )
    )

    def parts(self) -> tuple[AnyPart, ...]:
        return (
            rollout.part(self.rollout),
            routing.part(self.routing),
            gating.part(self.gating),
            metrics.part(self.metrics),
        )


class Four:
    """The standard simulation: use it as a context, act on `world.store`, let `simulation` run.

    *answers* script the webhook server at `sink.test`, *servers* are further hosts, *actors*
    further inhabitants of the World; *workloads* makes its pods run.
    """

    def __init__(  # noqa: PLR0913 - each has a default; a test names the ones it needs
        self,
        *,
        seed: int | str = 0,
        rates: Rates | None = None,
        settings: Settings | None = None,
        answers: Mapping[str, Sequence[Script]] | None = None,
        servers: Mapping[str, Egress] | None = None,
        workloads: Callable[[Pods], Actor] = Workloads,
        actors: Iterable[Actor] = (),
        strict: bool = True,
    ) -> None:
        self.world = World(seed, rates=rates, kinds=kinds())
        self.pods = Pods()
        self.users = Users(self.pods)
        self.prometheus = Prometheus(self.world.clock, self.users, SCRAPE_S)
        self.hooks = Webhooks(self.world.clock, answers or {})
        self.tester = LoadTester()
        lab(self.world)
        self.simulation = Simulation(
            self.world,
            (settings or Settings()).parts(),
            actors=(workloads(self.pods), Gateways(), self.users, *actors),
            egress=by_host(
                {
                    PROMETHEUS: self.prometheus,
                    SINK: self.hooks,
                    TESTER: self.tester,
                    **(servers or {}),
                }
            ),
            strict=strict,
        )

    def send(self, load: Load) -> None:
        """Let users begin now; those of a known id replace the earlier ones."""
        self.users.send(load, self.world.clock())

    def behave(self, namespace: str, env: Mapping[str, str], **where: str) -> None:
        """Make running pods answer as *env* says from now on; *where* as in `Pods.behave`."""
        self.users.settle(self.world.clock())
        self.pods.behave(namespace, env, **where)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.simulation.close()


def kinds() -> tuple[Served, ...]:
    """Return every kind of the four parts as its CustomResourceDefinition has it served."""
    resources = (*ROLLOUT_KINDS, *ROUTING_KINDS, *GATING_KINDS, *METRICS_KINDS)
    return tuple(map(served, resources))


def lab(world: World) -> None:
    """Give the World the Gateway `default/lab` of a GatewayClass named `traefik`."""
    world.store.create(
        {
            "apiVersion": GATEWAY_CLASS.api_version,
            "kind": GATEWAY_CLASS.kind,
            "metadata": {"name": "traefik"},
            "spec": {"controllerName": CONTROLLER},
        }
    )
    listener = {"name": "web", "port": 80, "protocol": "HTTP"}
    world.store.create(
        {
            "apiVersion": GATEWAY.api_version,
            "kind": GATEWAY.kind,
            "metadata": {"name": "lab", "namespace": "default"},
            "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
        }
    )
