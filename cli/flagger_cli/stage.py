"""What a simulation begins with: a user's manifests, and what they silently rely on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flagger_py.errors import SpecError
from flagger_py.refs import DEPLOYMENT
from flagger_py.testing.build import a_deployment
from flagger_rollout.api import KIND as CANARY

from .simulator.four import PROMETHEUS

NAMESPACE = "default"
HOST = "app.test"
ROUTERS_WITH_GATEWAYS = ("gatewayapi",)
SERVICES_ALONE = "kubernetes"
_LAB_GATEWAY = {"name": "lab", "namespace": "default"}
_METRIC_TEMPLATE = "MetricTemplate"


@dataclass(frozen=True, slots=True)
class Stage:
    """One Canary, its target, what else the user gave, and the hosts of its webhooks.

    *host* is where users send their requests; *notes* say what is not as in the file.
    """

    canary: Mapping[str, Any]
    target: Mapping[str, Any]
    others: tuple[Mapping[str, Any], ...] = ()
    host: str = HOST
    webhook_hosts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return str(self.canary["metadata"]["name"])

    @property
    def namespace(self) -> str:
        return str(self.canary["metadata"]["namespace"])


def stage(documents: Iterable[Any]) -> Stage:
    """Set the stage; raises `SpecError` where there is not exactly one Canary."""
    found = tuple(_objects(documents))
    canaries = [item for item in found if item["kind"] == CANARY.kind]
    if len(canaries) != 1:
        raise SpecError(
            f"the file has {len(canaries)} Canaries; a simulation plays exactly one: "
            f"give it the manifests of one"
        )
    namespace = canaries[0]["metadata"].get("namespace") or NAMESPACE
    canary, notes = _canary(_placed(canaries[0], namespace))
    name = (canary["spec"].get("targetRef") or {}).get("name", "")
    targets = [item for item in found if _is(item, DEPLOYMENT.kind, name)]
    others = tuple(_other(item, namespace) for item in found if item not in (canaries[0], *targets))
    if not targets:
        notes = (*notes, f"the file has no Deployment {name}; one with two replicas stands in")
        targets = [a_deployment(name or "app", namespace=namespace)]
    if not _has_containers(targets[0]):
        raise SpecError(f"Deployment {name}: spec.template.spec.containers names no container")
    hosts = (canary["spec"].get("service") or {}).get("hosts") or ()
    return Stage(
        canary=canary,
        target=_placed(targets[0], namespace),
        others=others,
        host=next((str(host) for host in hosts if "*" not in str(host)), HOST),
        webhook_hosts=_webhook_hosts(canary),
        notes=notes,
    )


def edge_route(on: Stage, mesh_provider: str = "") -> Mapping[str, Any]:
    """Return the IngressRoute that a user of Traefik would have, for the Canary's apex.

    *mesh_provider* is meant where the Canary names no provider. Where Services are all there is,
    users go to the apex Service itself.
    """
    spec = on.canary["spec"]
    apex = (spec.get("service") or {}).get("name") or spec["targetRef"]["name"]
    port = (spec.get("service") or {}).get("port", 80)
    alone = (spec.get("provider") or mesh_provider) == SERVICES_ALONE
    service = {"name": apex, "kind": "Service" if alone else "TraefikService", "port": port}
    rule = {"match": f"Host(`{on.host}`)", "kind": "Rule", "services": [service]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": f"{on.name}-users", "namespace": on.namespace},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }


def released(target: Mapping[str, Any], revision: int, error_rate: float) -> dict[str, Any]:
    """Return the pod template of *target* as its *revision* that fails that share of requests."""
    template: dict[str, Any] = {**target["spec"]["template"]}
    first, *rest = template["spec"]["containers"]
    wanted = {"VERSION": str(revision), "ERROR_RATE": f"{error_rate:g}"}
    env = [item for item in first.get("env") or () if item["name"] not in wanted]
    env += [{"name": name, "value": value} for name, value in wanted.items()]
    template["spec"] = {**template["spec"], "containers": [{**first, "env": env}, *rest]}
    return template


def _objects(documents: Iterable[Any]) -> Iterable[Mapping[str, Any]]:
    for document in documents:
        if document is None:
            continue
        if not isinstance(document, Mapping) or "kind" not in document:
            raise SpecError("the file has a document that is no Kubernetes object")
        metadata = document.get("metadata")
        if not isinstance(metadata, Mapping) or not metadata.get("name"):
            raise SpecError(f"the file has a {document['kind']} without metadata.name")
        yield document


def _canary(canary: Mapping[str, Any]) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """Let the Canary ask the simulation's own Prometheus and Gateway."""
    spec: dict[str, Any] = {**(canary.get("spec") or {})}
    notes: tuple[str, ...] = ()
    if spec.pop("metricsServer", None):
        notes = ("spec.metricsServer is the simulation's own Prometheus here",)
    if str(spec.get("provider", "")).startswith(ROUTERS_WITH_GATEWAYS):
        spec["service"] = {**(spec.get("service") or {}), "gatewayRefs": [_LAB_GATEWAY]}
        spec["service"].setdefault("hosts", [HOST])
        notes = (*notes, "spec.service.gatewayRefs is the simulation's own Gateway here")
    return {**canary, "spec": spec}, notes


def _other(item: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    placed = _placed(item, namespace)
    provider = (placed.get("spec") or {}).get("provider") or {}
    if placed["kind"] != _METRIC_TEMPLATE or provider.get("type") != "prometheus":
        return placed
    own = {key: value for key, value in provider.items() if key != "secretRef"}
    spec = {**placed["spec"], "provider": {**own, "address": f"http://{PROMETHEUS}"}}
    return {**placed, "spec": spec}


def _placed(item: Mapping[str, Any], namespace: str) -> Mapping[str, Any]:
    return {**item, "metadata": {"namespace": namespace, **item["metadata"]}}


def _is(item: Mapping[str, Any], kind: str, name: str) -> bool:
    return bool(item["kind"] == kind and item["metadata"]["name"] == name)


def _has_containers(deployment: Mapping[str, Any]) -> bool:
    part: Any = deployment
    for name in ("spec", "template", "spec", "containers"):
        part = part.get(name) if isinstance(part, Mapping) else None
    return isinstance(part, list) and len(part) > 0


def _webhook_hosts(canary: Mapping[str, Any]) -> tuple[str, ...]:
    webhooks = (canary["spec"].get("analysis") or {}).get("webhooks") or ()
    hosts = (urlsplit(str(hook.get("url", ""))).netloc for hook in webhooks)
    return tuple(dict.fromkeys(host for host in hosts if host))
