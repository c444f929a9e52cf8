"""Providers `gatewayapi:v1` and `gatewayapi:v1beta1`: one HTTPRoute with two weighted backends."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.contracts import ALL_TO_PRIMARY, Split
from flagger_py.errors import SpecError
from flagger_py.refs import Key, Kind
from flagger_py.wire import Manifest

from ..api_service import Service, given
from ..objects import Address
from . import gateway_class, gateway_matches, gateway_status
from .contract import Accepted, Capability, Judgement, Request
from .fields import without
from .gateway_filters import filters, mirror_to
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
            rules = (manifest.get("spec") or {}).get("rules") or ()
            try:
                return _read(rules, request)
            except (ValueError, KeyError, IndexError):
                return None
        return None

    def judge(self, manifests: tuple[Manifest, ...], /) -> Judgement:
        return next((gateway_status.judge(manifest) for manifest in manifests), Accepted())

    def _rules(self, request: Request) -> list[dict[str, Any]]:
        service, split, names = request.service, request.split, request.names
        matches = gateway_matches.of_service(service.match)
        treatment = self._treatment(service)
        mirrored = list(treatment.get("filters", ()))
        if split.mirror:
            mirrored.append(mirror_to(names.canary, service.port))
        shared: dict[str, Any] = {
            "matches": gateway_matches.of_split(split.match, matches) if split.match else matches,
            "backendRefs": [
                _backend(names.primary, service.port, split.primary),
                _backend(names.canary, service.port, split.canary),
            ],
        }
        rules = [{**treatment, **shared, **({"filters": mirrored} if mirrored else {})}]
        if split.match:
            alone = [_backend(names.primary, service.port, ALL_TO_PRIMARY.primary)]
            rules.append({**treatment, "matches": matches, "backendRefs": alone})
        return rules

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


def _backend(name: str, port: int, weight: int) -> dict[str, Any]:
    return {"group": "", "kind": "Service", "name": name, "port": port, "weight": weight}


def _read(rules: Iterable[Mapping[str, Any]], request: Request) -> Split | None:
    """Read rule 0; rules other than ours say no split that we would write."""
    names = request.names
    first, *rest = rules
    weights = {ref["name"]: ref.get("weight", 1) for ref in first["backendRefs"]}
    if set(weights) != {names.primary, names.canary} or len(rest) > 1:
        return None
    if rest and [ref["name"] for ref in rest[0]["backendRefs"]] != [names.primary]:
        return None
    service = gateway_matches.of_service(request.service.match)
    own = mirror_to(names.canary, request.service.port)
    return Split(
        primary=weights[names.primary],
        canary=weights[names.canary],
        match=gateway_matches.split_of(first.get("matches") or (), service) if rest else (),
        mirror=own in (first.get("filters") or ()),
    )
