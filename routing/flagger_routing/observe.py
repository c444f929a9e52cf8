"""What a pass looks at: Services, endpoints, the route, its Gateways, and what is left over."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from flagger_py.errors import Missing, SpecError
from flagger_py.refs import ENDPOINT_SLICE, Key, Kind
from flagger_py.runtime.cluster import Site
from flagger_py.wire import Manifest

from . import services, taken
from .api import TRAFFIC_ROUTE, Adopted, Written
from .case import Case, RouteSubject, Seen, open_case
from .choose import receivers
from .objects import Address, ident
from .routers.contract import Router
from .services import Role
from .settings import RoutingSettings

_IDLE = "idle"
"""Where in an object's memory it stands since when its spec finds a Service without endpoints."""
_ROUNDS_MAX = 4
"""How often what was found may name further objects; a Gateway names its class."""


async def observe(
    subject: RouteSubject,
    site: Site,
    *,
    settings: RoutingSettings,
    routers: Mapping[str, Router],
) -> Seen:
    """Read everything one pass needs; nothing here is written."""
    if subject.deleting:
        return await _belongings(subject, site)
    case = open_case(subject, settings, routers)
    request = case.request(case.asked.split)
    own = [services.address(subject.namespace, case.names, role) for role in Role]
    addresses = [*own, *case.router.addresses(request)]
    live = {a.ident: await site.cluster.get(a.kind, a.key) for a in addresses}
    kinds = {a.ident: a.kind for a in addresses}
    further, served = await _recorded(subject, site, skip=frozenset(live))
    present = {name: found for name, found in {**live, **further}.items() if found is not None}
    serving = await _serving(case, site, present)
    return Seen(
        live=present,
        kinds={**kinds, **served},
        held=await _held(subject, site, present.values()),
        serving=serving,
        idle_s=_idle_s(case, site, serving),
        related=await _related(case, site),
    )


async def _belongings(subject: RouteSubject, site: Site) -> Seen:
    """Read what a deleted object has to hand back; that it may not be read is a finding."""
    try:
        live, kinds = await _recorded(subject, site, skip=frozenset())
        present = {name: found for name, found in live.items() if found is not None}
        held = await _held(subject, site, present.values())
    except SpecError as error:
        return Seen(hindrance=error.message)
    return Seen(live=present, kinds=kinds, held=held)


async def _recorded(
    subject: RouteSubject, site: Site, *, skip: frozenset[str]
) -> tuple[dict[str, Manifest | None], dict[str, Kind]]:
    """Read what the status names; a kind that is served no longer has no objects."""
    status = subject.status
    recorded: tuple[Written | Adopted, ...] = (*status.objects, *status.adopted)
    live: dict[str, Manifest | None] = {}
    kinds: dict[str, Kind] = {}
    for name, one in {one.ident: one for one in recorded}.items():
        if name in skip:
            continue
        try:
            kinds[name] = await site.cluster.resolve(one.api_version, one.kind)
            live[name] = await site.cluster.get(kinds[name], Key(subject.namespace, one.name))
        except Missing:
            live[name] = None
    return live, kinds


async def _held(subject: RouteSubject, site: Site, lives: Iterable[Manifest]) -> dict[str, str]:
    """Return by which other TrafficRoute an object is held that we have never changed."""
    asked = [live for live in lives if taken.doubtful(subject, live)]
    if not asked:
        return {}
    routes = await site.cluster.select(TRAFFIC_ROUTE, subject.namespace, {})
    return taken.holders(subject, asked, routes)


async def _serving(case: Case, site: Site, live: Mapping[str, Manifest]) -> frozenset[str]:
    """Return which receivers of split and apex have an endpoint that is ready."""
    found = set()
    namespace = case.subject.namespace
    for name in dict.fromkeys((case.names.primary, *receivers(case, case.asked.split))):
        service = live.get(ident("v1", "Service", name), {})
        if (service.get("spec") or {}).get("type") == "ExternalName":
            found.add(name)
            continue
        label = {services.SERVICE_NAME: name}
        if any_ready(await site.cluster.select(ENDPOINT_SLICE, namespace, label)):
            found.add(name)
    return frozenset(found)


def _idle_s(case: Case, site: Site, serving: frozenset[str]) -> float:
    """Return for how long a receiver has been without an endpoint since the spec says the same."""
    generation, memory = case.subject.generation, site.memory
    if serving.issuperset(receivers(case, case.asked.split)):
        memory.pop(_IDLE, None)
        return 0.0
    noted: tuple[int, datetime] | None = memory.get(_IDLE)
    if noted is None or noted[0] != generation or noted[1] > site.now:  # A clock may be set back.
        noted = memory[_IDLE] = (generation, site.now)
    return (site.now - noted[1]).total_seconds()


def any_ready(slices: Iterable[Manifest]) -> bool:
    """Tell whether an endpoint is ready; one that does not say counts as ready (discovery/v1)."""
    return any(
        (endpoint.get("conditions") or {}).get("ready") is not False
        for one in slices
        for endpoint in one.get("endpoints") or ()
    )


async def _related(case: Case, site: Site) -> dict[Address, Manifest | None]:
    request = case.request(case.asked.split)
    found: dict[Address, Manifest | None] = {}
    for _ in range(_ROUNDS_MAX):
        missing = [a for a in case.router.related(request, found) if a not in found]
        if not missing:
            break
        for address in missing:
            found[address] = await site.cluster.get(address.kind, address.key)
    return found
