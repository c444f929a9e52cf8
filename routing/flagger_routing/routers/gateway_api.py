"""Providers `gatewayapi:v1` and `gatewayapi:v1beta1`: one HTTPRoute with two weighted backends."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

from ..api_service import Service, given
from ..objects import Address
from . import gateway_class, gateway_matches, gateway_rules, gateway_status
from .contract import Accepted, Capability, Judgement, Request
from .fields import without
from .gateway_filters import filters
from .metadata import metadata
from .split_check import beyond

_GROUP = "gateway.networking.k8s.io"
_ALWAYS = frozenset(
    {
        Capability.WEIGHTS,
        Capability.MATCH,
        Capability.MIRROR,
        Capability.HOSTS,
        Capability.HEADERS,
        Capability.REWRITE,
    }
)
_USED = ("gatewayRefs", "hosts", "match", "rewrite", "headers", "mirror")
_USED_V1 = ("timeout", "backendTimeout", "corsPolicy")


@dataclass(frozen=True, slots=True)
class GatewayApi:
    """Rule 0 holds the split, with the split's matches where it has any; rule 1 then the rest."""

    version: str
    reports: bool = True

    @property
    def kind(self) -> Kind:
        return Kind(_GROUP, self.version, "HTTPRoute", "httproutes")

    @property
    def kinds(self) -> tuple[Kind, ...]:
        return (self.kind,)

    @property
    def _v1(self) -> bool:
        """Timeouts and cross-origin rules are Flagger's in v1 only."""
        return self.version == "v1"

    def capabilities(self, manifests: tuple[Manifest, ...] = (), /) -> frozenset[Capability]:
        extra = {Capability.TIMEOUT, Capability.CORS} if self._v1 else set()
        judges = {name for route in manifests for name in gateway_status.controllers(route)}
        mirrors = judges.isdisjoint(gateway_class.NEVER_MIRRORS)
        return (_ALWAYS | extra) - (set() if mirrors else {Capability.MIRROR})

    def addresses(self, request: Request, /) -> tuple[Address, ...]:
        return (Address(self.kind, Key(request.namespace, request.names.apex)),)

    def related(
        self, request: Request, found: Mapping[Address, Manifest | None], /
    ) -> tuple[Address, ...]:
        """Ask for the Gateways and their classes, where requests are to be mirrored."""
        if not _mirrors(request):
            return ()
        refs = request.service.gateway_refs
        gateways = [a for ref in refs if (a := gateway_class.gateway_of(ref, request.namespace))]
        known = [gateway for a in gateways if (gateway := found.get(a))]
        return (*gateways, *(gateway_class.class_of(gateway) for gateway in known))

    def refusal(self, request: Request, found: Mapping[Address, Manifest | None], /) -> str | None:
        able = self.capabilities()
        missing = beyond(request.split, able, f"gatewayapi:{self.version}")
        if missing is not None or not _mirrors(request):
            return missing
        field = "split.mirror" if request.split.mirror else "service.mirror"
        for ref in request.service.gateway_refs:
            reason = gateway_class.mirror_refusal(ref, request.namespace, found)
            if reason is not None:
                return f"{field}: {reason}"
        return None

    def unused(self, service: Service, /) -> tuple[str, ...]:
        used = (*_USED, *_USED_V1) if self._v1 else _USED
        found = given(service, without(*used)) + gateway_matches.unused(service.match)
        policy = service.cors_policy
        if self._v1 and policy and not all(origin.exact for origin in policy.allow_origins):
            found = (*found, "corsPolicy.allowOrigins")
        return found

    def render(self, request: Request, /) -> tuple[Manifest, ...]:
        service = request.service
        if not service.gateway_refs:
            raise SpecError(
                f"spec.service.gatewayRefs: provider gatewayapi:{self.version} needs the Gateways "
                "that the route attaches to"
            )
        spec: dict[str, Any] = {
            "parentRefs": [ref.wire() for ref in service.gateway_refs],
            "rules": self._rules(request),
        }
        if service.hosts:
            spec["hostnames"] = list(service.hosts)
        return (
            {
                "apiVersion": self.kind.api_version,
                "kind": self.kind.kind,
                "metadata": metadata(request),
                "spec": spec,
            },
        )

    def read(self, manifests: tuple[Manifest, ...], request: Request, /) -> Split | None:
        for manifest in manifests:
            return gateway_rules.read(_rules_in(manifest), request.names)
        return None

    def moved(
        self, manifests: tuple[Manifest, ...], request: Request, /
    ) -> tuple[Manifest, ...] | None:
        if self.read(manifests, request) is None:
            return None
        return tuple(
            {
                **manifest,
                "spec": {
                    **manifest["spec"],
                    "rules": gateway_rules.moved(_rules_in(manifest), request.names, request.split),
                },
            }
            for manifest in manifests
        )

    def judges(self, manifests: tuple[Manifest, ...], /) -> Mapping[str, bool]:
        return {
            name: done
            for manifest in manifests
            for name, done in gateway_status.judges(manifest).items()
        }

    def judge(self, manifests: tuple[Manifest, ...], /) -> Judgement:
        return next((gateway_status.judge(manifest) for manifest in manifests), Accepted())

    def _rules(self, request: Request) -> list[dict[str, Any]]:
        service = request.service
        alone = {
            **self._treatment(service),
            "matches": gateway_matches.of_service(service.match),
        }
        return gateway_rules.of_split(alone, request.names, service.port, request.split)

    def _treatment(self, service: Service) -> dict[str, Any]:
        found: dict[str, Any] = {}
        listed = filters(service, cors=self._v1)
        if listed:
            found["filters"] = listed
        wanted = {"request": service.timeout, "backendRequest": service.backend_timeout}
        timeouts = {name: value for name, value in wanted.items() if value}
        if self._v1 and timeouts:
            found["timeouts"] = timeouts
        return found


def _mirrors(request: Request) -> bool:
    return request.split.mirror or bool(request.service.mirror)


def _rules_in(manifest: Manifest) -> list[dict[str, Any]]:
    return list((manifest.get("spec") or {}).get("rules") or ())
