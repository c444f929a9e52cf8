"""Provider `traefik`: a weighted TraefikService that the user's IngressRoute refers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from flagger_py.contracts import Split
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

from ..api_service import Service, given
from ..objects import Address
from .contract import Accepted, Capability, Judgement, Request
from .fields import ROUTE_FIELDS
from .metadata import metadata
from .split_check import beyond

TRAEFIK_SERVICE = Kind("traefik.io", "v1alpha1", "TraefikService", "traefikservices")
WEIGHT_BY_DEFAULT = 1
"""What Traefik makes of an entry without weight."""


@dataclass(frozen=True, slots=True)
class Traefik:
    """Weights only. Traefik reports nothing, so a stored object counts as followed.

    Its provider gathers changes for up to `providersThrottleDuration` (2 s by default): requests
    follow the new weights that much after `inForce.since`.
    """

    reports: bool = False
    kinds: tuple[Kind, ...] = (TRAEFIK_SERVICE,)

    def capabilities(self, _manifests: tuple[Manifest, ...] = (), /) -> frozenset[Capability]:
        return frozenset({Capability.WEIGHTS})

    def addresses(self, request: Request, /) -> tuple[Address, ...]:
        return (Address(TRAEFIK_SERVICE, Key(request.namespace, request.names.apex)),)

    def related(
        self, _request: Request, _found: Mapping[Address, Manifest | None], /
    ) -> tuple[Address, ...]:
        return ()

    def refusal(self, request: Request, _found: Mapping[Address, Manifest | None], /) -> str | None:
        return beyond(request.split, self.capabilities(), "traefik")

    def unused(self, service: Service, /) -> tuple[str, ...]:
        return given(service, ROUTE_FIELDS)

    def render(self, request: Request, /) -> tuple[Manifest, ...]:
        """Render the canary only while it has a share, the primary always.

        A primary without share is written with weight 0 and not left without one as Flagger
        does, since Traefik reads that as 1.
        """
        return (
            {
                "apiVersion": TRAEFIK_SERVICE.api_version,
                "kind": TRAEFIK_SERVICE.kind,
                "metadata": metadata(request),
                "spec": {"weighted": {"services": _entries(request, request.service.port)}},
            },
        )

    def read(self, manifests: tuple[Manifest, ...], request: Request, /) -> Split | None:
        weights = {request.names.primary: 0, request.names.canary: 0}
        for manifest in manifests:
            for entry in _services(manifest):
                if entry.get("name") not in weights:
                    return None
                weights[entry["name"]] += entry.get("weight", WEIGHT_BY_DEFAULT)
        try:
            return Split(
                primary=weights[request.names.primary], canary=weights[request.names.canary]
            )
        except ValidationError:
            return None

    def moved(
        self, manifests: tuple[Manifest, ...], request: Request, /
    ) -> tuple[Manifest, ...] | None:
        if self.read(manifests, request) is None:
            return None
        return tuple(_moved(manifest, request) for manifest in manifests)

    def judges(self, _manifests: tuple[Manifest, ...], /) -> Mapping[str, bool]:
        return {}

    def judge(self, _manifests: tuple[Manifest, ...], /) -> Judgement:
        return Accepted()


def _entries(request: Request, port: int) -> list[dict[str, Any]]:
    split, names = request.split, request.names
    entries = [_entry(request, names.primary, port, split.primary)]
    if split.canary > 0:
        entries.append(_entry(request, names.canary, port, split.canary))
    return entries


def _entry(request: Request, name: str, port: int, weight: int) -> dict[str, Any]:
    return {"name": name, "namespace": request.namespace, "port": port, "weight": weight}


def _moved(manifest: Manifest, request: Request) -> Manifest:
    spec = manifest["spec"]
    entries = _entries(request, _services(manifest)[0]["port"])
    return {**manifest, "spec": {**spec, "weighted": {**spec["weighted"], "services": entries}}}


def _services(manifest: Manifest) -> list[dict[str, Any]]:
    return list(((manifest.get("spec") or {}).get("weighted") or {}).get("services") or ())
