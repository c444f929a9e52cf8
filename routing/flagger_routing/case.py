"""One TrafficRoute with everything that follows from its spec alone, and what was seen of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagger_py.conditions import Reason
from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_py.refs import Kind
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

from . import services
from .api import Names, TrafficRouteSpec, TrafficRouteStatus, names_of
from .objects import Address
from .routers import router_for
from .routers.contract import Request, Router
from .schedule import Asked, asked
from .settings import RoutingSettings

RouteSubject = Subject[TrafficRouteSpec, TrafficRouteStatus]


@dataclass(frozen=True, slots=True)
class Seen:
    """What the cluster holds, by the names of `objects.ident`.

    *kinds* are the same objects' kinds as served; *serving* the Services with a ready endpoint;
    *held* by which other TrafficRoute one of the objects is held;
    *idle_s* for how long a receiver has been without one since the spec asks for its split;
    *hindrance* says why a deleted object's belongings could not be read.
    """

    live: Mapping[str, Manifest] = field(default_factory=dict)
    kinds: Mapping[str, Kind] = field(default_factory=dict)
    serving: frozenset[str] = frozenset()
    held: Mapping[str, str] = field(default_factory=dict)
    idle_s: float = 0.0
    related: Mapping[Address, Manifest | None] = field(default_factory=dict)
    hindrance: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """A TrafficRoute, its router, its names, and the split that is asked for now."""

    subject: RouteSubject
    settings: RoutingSettings
    provider: str
    router: Router
    names: Names
    asked: Asked

    def request(self, split: Split) -> Request:
        """Return what the router is asked when *split* is meant."""
        spec = self.subject.spec
        return Request(
            namespace=self.subject.namespace,
            names=self.names,
            service=spec.service,
            split=split,
            label=services.selector_key(spec.selectors),
        )

    def routes(self, seen: Seen) -> tuple[Manifest, ...]:
        """Return the live objects of the router, without those that are missing."""
        addresses = self.router.addresses(self.request(self.asked.split))
        return tuple(found for a in addresses if (found := seen.live.get(a.ident)))

    def judged_by(self, seen: Seen) -> tuple[str, ...]:
        """Return who of those that the route attaches to has judged it, now or before.

        A route that is gone, or made anew, is the same one to them.
        """
        known = self.subject.status.judged_by
        judges = self.router.judges(self.routes(seen))
        if not judges:
            return known
        return tuple(name for name, done in judges.items() if done or name in known)


def open_case(
    subject: RouteSubject, settings: RoutingSettings, routers: Mapping[str, Router]
) -> Case:
    """Resolve what the spec leaves open; `SpecError` for what nobody here can route."""
    spec = subject.spec
    provider = spec.provider or settings.mesh_provider
    names = names_of(spec, subject.name)
    if len({names.apex, names.primary, names.canary}) < len(services.Role):
        raise SpecError(
            f"spec.names: apex {names.apex}, primary {names.primary} and canary {names.canary} "
            "must be three Services"
        )
    if spec.verify is not None:
        raise SpecError(
            "spec.verify: this version does not probe the data plane; remove the field",
            reason=Reason.NOT_SUPPORTED,
        )
    return Case(
        subject=subject,
        settings=settings,
        provider=provider,
        router=router_for(provider, routers),
        names=names,
        asked=asked(spec, subject.status, subject.now),
    )
