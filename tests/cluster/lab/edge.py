"""The edge of the lab: a real Traefik that takes its routes from the control plane."""

import httpx

from flagger_cli.demo import edge as demo
from flagger_py.errors import Unavailable
from flagger_py.refs import Kind
from flagger_py.testing.facade.traefik import TRAEFIK_KINDS
from flagger_py.testing.served import INGRESS_ROUTE, TRAEFIK_SERVICE
from tests.cluster import binaries, crds
from tests.cluster.controlplane import ControlPlane
from tests.cluster.lab.addresses import ADMIN, WEB, Addresses
from tests.cluster.processes import UNPROXIED, Child
from tests.cluster.programs import MissingProgram
from tests.cluster.waiting import eventually

_GATEWAY_API = "gateway.networking.k8s.io/v1"


def binary() -> str:
    """Return where Traefik is; raises `MissingProgram` if nowhere."""
    try:
        return demo.binary("the lab")
    except Unavailable as error:
        raise MissingProgram(error.message) from error


def install(plane: ControlPlane) -> None:
    """Install the kinds that Traefik insists on watching, and the Gateway `default/lab`.

    Those of the Gateway API are the real ones; Traefik's own take anything.
    """
    crds.install(plane.api, binaries.module_dir(binaries.GATEWAY_API) / "config/crd/standard")
    crds.install_permissive(plane.api, *_own_kinds())
    plane.api.apply(
        {
            "apiVersion": _GATEWAY_API,
            "kind": "GatewayClass",
            "metadata": {"name": "traefik"},
            "spec": {"controllerName": demo.GATEWAY_CONTROLLER},
        }
    )
    everyone = {"namespaces": {"from": "All"}}
    listener = {"name": "web", "port": WEB, "protocol": "HTTP", "allowedRoutes": everyone}
    plane.api.apply(
        {
            "apiVersion": _GATEWAY_API,
            "kind": "Gateway",
            "metadata": {"name": "lab", "namespace": "default"},
            "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
        }
    )


def edge(plane: ControlPlane) -> Child:
    """Describe the process."""
    host = Addresses(plane.subnet).edge
    flags = {
        **demo.base_flags(f"{host}:{WEB}", f"{host}:{ADMIN}"),
        "providers.providersthrottleduration": "200ms",
        "providers.kubernetescrd": "true",
        "providers.kubernetesgateway": "true",
    }
    words = (binary(), *(f"--{name}={value}" for name, value in flags.items()))
    env = {"KUBECONFIG": str(plane.kubeconfig), **UNPROXIED}
    return Child("traefik", words, plane.folder / "traefik.log", env)


def until_alive(child: Child, host: str) -> None:
    """Wait until Traefik answers."""

    def alive() -> bool:
        child.check()
        try:
            return httpx.get(f"http://{host}:{ADMIN}/ping", trust_env=False).is_success
        except httpx.TransportError:
            return False

    eventually(alive, f"Traefik answers; see {child.log}", 60.0)


def _own_kinds() -> tuple[Kind, ...]:
    listed = (served.kind for served in TRAEFIK_KINDS)
    return (INGRESS_ROUTE, TRAEFIK_SERVICE, *(k for k in listed if k.group == "traefik.io"))
