"""Provider `kubernetes`: Services alone, so all requests of the apex go to the primary."""

from collections.abc import Mapping
from dataclasses import dataclass

from flagger_py.contracts import ALL_TO_PRIMARY, Split
from flagger_py.refs import Kind
from flagger_py.wire import Manifest

from ..api_service import Service, given
from ..objects import Address
from .contract import Accepted, Capability, Judgement, Request
from .fields import ROUTE_FIELDS
from .split_check import beyond


@dataclass(frozen=True, slots=True)
class Kubernetes:
    """No route: the apex Service selects the primary's pods."""

    reports: bool = False
    kinds: tuple[Kind, ...] = ()

    def capabilities(self, _manifests: tuple[Manifest, ...] = (), /) -> frozenset[Capability]:
        return frozenset()

    def addresses(self, _request: Request, /) -> tuple[Address, ...]:
        return ()

    def related(
        self, _request: Request, _found: Mapping[Address, Manifest | None], /
    ) -> tuple[Address, ...]:
        return ()

    def refusal(self, request: Request, _found: Mapping[Address, Manifest | None], /) -> str | None:
        return beyond(request.split, self.capabilities(), "kubernetes")

    def unused(self, service: Service, /) -> tuple[str, ...]:
        return given(service, ROUTE_FIELDS)

    def render(self, _request: Request, /) -> tuple[Manifest, ...]:
        return ()

    def read(self, _manifests: tuple[Manifest, ...], _request: Request, /) -> Split | None:
        return ALL_TO_PRIMARY

    def moved(
        self, _manifests: tuple[Manifest, ...], _request: Request, /
    ) -> tuple[Manifest, ...] | None:
        return None

    def judges(self, _manifests: tuple[Manifest, ...], /) -> Mapping[str, bool]:
        return {}

    def judge(self, _manifests: tuple[Manifest, ...], /) -> Judgement:
        return Accepted()
