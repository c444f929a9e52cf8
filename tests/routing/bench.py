"""One TrafficRoute under the real shell in a World, with endpoints that a test brings and takes."""

import asyncio
from collections.abc import Mapping
from typing import Any

from flagger_py.contracts import InForce, Split, condition_of, read_routed
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.refs import ENDPOINT_SLICE, SERVICE, Key, Kind
from flagger_py.runtime.part import Outcome, Shell
from flagger_py.runtime.passes import reconcile
from flagger_py.testing.cluster import WorldCluster
from flagger_py.testing.served import (
    EVENT,
    GATEWAY,
    GATEWAY_CLASS,
    HTTP_ROUTE,
    TRAEFIK_SERVICE,
    served,
)
from flagger_py.testing.world import World
from flagger_py.wire import Manifest
from flagger_routing.api import TRAFFIC_ROUTE, TrafficRouteStatus
from flagger_routing.controller import RoutingPart, part
from flagger_routing.resources import RESOURCES
from flagger_routing.settings import RoutingSettings

NAMESPACE = "shop"
WATCHED = (
    TRAFFIC_ROUTE,
    SERVICE,
    ENDPOINT_SLICE,
    HTTP_ROUTE,
    TRAEFIK_SERVICE,
    GATEWAY,
    GATEWAY_CLASS,
)
PASSES_MAX = 12
SELECTORS = {"primary": {"app": "app-primary"}, "canary": {"app": "app"}}
GATEWAYS = {"gatewayRefs": [{"name": "public", "namespace": "gateways"}]}


def weights(canary: int, **more: Any) -> dict[str, Any]:
    return {"primary": 100 - canary, "canary": canary, **more}


def a_spec(provider: str = "traefik", **more: Any) -> dict[str, Any]:
    """Return the spec of a TrafficRoute as a rollout writes it."""
    needs = GATEWAYS if provider.startswith("gatewayapi") else {}
    service = {"name": "app", "port": 80, "targetPort": 8080, **needs, **more.pop("service", {})}
    return {"provider": provider, "service": service, "selectors": SELECTORS, **more}


class Bench:
    """Holds a World with the TrafficRoute `app`; what controllers read is fresh unless told."""

    def __init__(
        self,
        spec: Mapping[str, Any] | None = None,
        *,
        serving: tuple[str, ...] = ("app-primary", "app-canary"),
        settings: RoutingSettings | None = None,
    ) -> None:
        self.world = World(kinds=(served(RESOURCES[0]),))
        self.store = self.world.store
        self.part: RoutingPart = part(settings or RoutingSettings(edge_lag_s=0.0))
        self.restart()
        self.begin("app", a_spec() if spec is None else spec)
        for name in serving:
            self.endpoints(name)

    def begin(self, name: str, spec: Mapping[str, Any]) -> None:
        """Create the TrafficRoute *name*."""
        self.store.create(
            {
                "apiVersion": TRAFFIC_ROUTE.api_version,
                "kind": TRAFFIC_ROUTE.kind,
                "metadata": {"name": name, "namespace": NAMESPACE},
                "spec": dict(spec),
            }
        )

    def restart(self) -> None:
        """Go on as a new process, which remembers nothing."""
        self.cluster = WorldCluster(self.world, "routing")
        self.memory: dict[str, dict[str, Any]] = {}

    def go(self, name: str = "app", *, fresh: bool = True) -> Outcome:
        """Take one pass of the TrafficRoute *name*; without *fresh* over what was known before."""
        for kind in WATCHED if fresh else ():
            self.cluster.open(kind)
        shell = Shell(
            cluster=self.cluster,
            egress=_nobody,
            clock=self.world.clock,
            tell=lambda told: None,
            deliver=lambda key, delivery: None,
        )
        seen = self.cluster.cache(TRAFFIC_ROUTE).objects[Key(NAMESPACE, name)]
        memory = self.memory.setdefault(name, {})
        return asyncio.run(reconcile(self.part, seen, shell, memory))

    def settle(self, name: str = "app") -> Outcome:
        """Take passes until one changes nothing."""
        for _ in range(PASSES_MAX):
            before = self.store.version
            outcome = self.go(name)
            if self.store.version == before or self.get(TRAFFIC_ROUTE, name) is None:
                return outcome
        raise AssertionError("passes follow one another without an end")

    def settle_after(self, seconds: float) -> Outcome:
        """Settle, and once more when *seconds* have passed."""
        self.settle()
        self.world.clock.advance(seconds)
        return self.settle()

    def ask(self, canary: int, **more: Any) -> None:
        self.edit(split=weights(canary, **more))

    def edit(self, **spec: Any) -> None:
        """Change fields of the spec; None takes one away."""
        patch = [
            {"op": "add", "path": f"/spec/{name}", "value": value}
            if value is not None
            else {"op": "remove", "path": f"/spec/{name}"}
            for name, value in spec.items()
        ]
        self.store.patch(TRAFFIC_ROUTE, Key(NAMESPACE, "app"), patch)

    def endpoints(self, service: str, ready: bool = True) -> None:
        """Give a Service an endpoint that is *ready* or is not."""
        self.store.put(
            {
                "apiVersion": ENDPOINT_SLICE.api_version,
                "kind": ENDPOINT_SLICE.kind,
                "metadata": {
                    "name": f"{service}-1",
                    "namespace": NAMESPACE,
                    "labels": {"kubernetes.io/service-name": service},
                },
                "addressType": "IPv4",
                "endpoints": [{"addresses": ["10.0.0.1"], "conditions": {"ready": ready}}],
                "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}],
            }
        )

    def judge(self, accepted: str = "True", *, reason: str = "Said", behind: int = 0) -> None:
        """Let the Gateways of the route say *accepted*, of *behind* generations ago."""
        route = self.route()
        generation = route["metadata"]["generation"] - behind
        condition = {"reason": reason, "message": "", "observedGeneration": generation}
        parents = [
            {
                "parentRef": ref,
                "controllerName": "projectcontour.io/gateway-controller",
                "conditions": [
                    {**condition, "type": "Accepted", "status": accepted},
                    {**condition, "type": "ResolvedRefs", "status": "True"},
                ],
            }
            for ref in route["spec"]["parentRefs"]
        ]
        self.store.set_status(HTTP_ROUTE, Key(NAMESPACE, "app"), {"parents": parents})

    def hand(self, kind: Kind, name: str, patch: Mapping[str, Any] | list[dict[str, Any]]) -> None:
        """Let somebody change an object."""
        self.store.patch(kind, Key(NAMESPACE, name), patch, "kubectl-edit")

    def get(self, kind: Kind, name: str = "app") -> Manifest | None:
        return self.store.get(kind, Key(NAMESPACE, name))

    def service(self, name: str = "app") -> Manifest:
        found = self.get(SERVICE, name)
        assert found is not None, f"Service {name} does not exist"
        return found

    def route(self) -> Manifest:
        found = self.get(HTTP_ROUTE) or self.get(TRAEFIK_SERVICE)
        assert found is not None, "there is no route"
        return found

    def shares(self) -> dict[str, int]:
        """Return the weights that the route gives to each Service."""
        spec = self.route()["spec"]
        items = spec["rules"][0]["backendRefs"] if "rules" in spec else spec["weighted"]["services"]
        return {item["name"]: item["weight"] for item in items}

    @property
    def manifest(self) -> Manifest | None:
        return self.get(TRAFFIC_ROUTE)

    @property
    def status(self) -> TrafficRouteStatus:
        assert self.manifest is not None, "the TrafficRoute is gone"
        return TrafficRouteStatus.read(self.manifest["status"], "status")

    @property
    def in_force(self) -> InForce | None:
        assert self.manifest is not None, "the TrafficRoute is gone"
        return read_routed(self.manifest).in_force

    @property
    def in_force_for_s(self) -> float:
        """Return for how many whole seconds the split has been in force; an edge lags below one."""
        assert self.in_force is not None, "no split is in force"
        return round((self.world.clock() - self.in_force.since).total_seconds() + 0.49)

    @property
    def split(self) -> Split | None:
        return self.in_force.split if self.in_force else None

    def condition(self, kind: str = "Ready") -> tuple[str, str]:
        assert self.manifest is not None, "the TrafficRoute is gone"
        found = condition_of(self.manifest["status"], kind)
        return found.get("status", ""), found.get("reason", "")

    def message(self) -> str:
        assert self.manifest is not None, "the TrafficRoute is gone"
        return str(condition_of(self.manifest["status"], "Ready").get("message", ""))

    def events(self, reason: str) -> list[str]:
        found = self.store.list(EVENT, NAMESPACE)
        return [event["message"] for event in found if event["reason"] == reason]


async def _nobody(request: Request) -> Response:
    raise Unreachable(f"nobody answers at {request.url}")
