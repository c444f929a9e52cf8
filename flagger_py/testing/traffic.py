"""Who sends requests, which pods answer them, and what is counted of it.

Users send at a steady rate to the edge. The edge follows the routes and endpoints of the cluster
a little after they were written, as a real one does. Requests are counted in fractions: nothing
is drawn by lot, so that a share of 20 % is exactly that.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from flagger_py.refs import ENDPOINT_SLICE, Key, Kind
from flagger_py.testing.curves import Span
from flagger_py.testing.edges import Backend, Rule, Visit, find_rule, rules_of
from flagger_py.testing.exporters import Exporters
from flagger_py.testing.pods import Pod, Pods
from flagger_py.testing.served import HTTP_ROUTE, INGRESS_ROUTE, TRAEFIK_SERVICE
from flagger_py.testing.slices import SERVICE_NAME_LABEL
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

EDGE_DELAY_S = 0.3
OK, FAILED, NOT_FOUND, NO_BACKEND = 200, 500, 404, 503


@dataclass(frozen=True, slots=True)
class Load:
    """A group of users who together send *rps* requests a second, all alike."""

    rps: float
    visit: Visit
    id: str = "all"


@dataclass(frozen=True, slots=True)
class Served:
    """What is told apart when requests are counted.

    *side* is `primary` or `canary` after the workload that answered, or `none` when the edge had
    nobody to ask; *version* is empty then.
    """

    client: str
    version: str
    side: str
    code: int


@dataclass(frozen=True, slots=True)
class _Table:
    """What the edge knows: the rules and where each Service's requests go."""

    rules: tuple[Rule, ...] = ()
    endpoints: Mapping[Key, tuple[str, ...]] = field(default_factory=dict)


class Users:
    """An actor that is all users of a World and the edge they go through.

    Requests are counted when something changes; `settle` counts those until now, before `counts`
    or the exporters are read.
    """

    kinds: tuple[Kind, ...] = (INGRESS_ROUTE, TRAEFIK_SERVICE, HTTP_ROUTE, ENDPOINT_SLICE)

    def __init__(self, pods: Pods, *, delay_s: float = EDGE_DELAY_S) -> None:
        self.exporters = Exporters(pods)
        self.counts: dict[Served, float] = defaultdict(float)
        self._pods = pods
        self._delay = timedelta(seconds=delay_s)
        self._loads: list[Load] = []
        self._table = _Table()
        self._coming: list[tuple[datetime, _Table]] = []
        self._counted_until: datetime | None = None
        self._read_at_version = -1

    def send(self, load: Load, now: datetime) -> None:
        """Let more users begin; those who share an id with earlier ones replace them."""
        self.settle(now)
        self._loads = [other for other in self._loads if other.id != load.id]
        if load.rps > 0:
            self._loads.append(load)

    def act(self, store: Store, now: datetime) -> float | None:
        self.settle(now)
        if store.version != self._read_at_version:
            self._read_at_version = store.version
            latest = self._coming[-1][1] if self._coming else self._table
            if (table := _read(store)) != latest:
                self._coming.append((now + self._delay, table))
        return (self._coming[0][0] - now).total_seconds() if self._coming else None

    def settle(self, now: datetime) -> None:
        """Count the requests since the last time, under the table that was in force at each."""
        begun = self._counted_until or now
        while self._coming and self._coming[0][0] <= now:
            moment, table = self._coming.pop(0)
            self._count_span(begun, moment)
            begun, self._table = max(begun, moment), table
        self._count_span(begun, now)
        self._counted_until = now

    def _count_span(self, begun: datetime, until: datetime) -> None:
        span_s = (until - begun).total_seconds()
        for load in self._loads if span_s > 0 else ():
            span = Span(begun.timestamp(), until.timestamp(), load.rps * span_s, 0.0)
            self._serve(load, span, until)

    def _serve(self, load: Load, span: Span, now: datetime) -> None:
        rule = find_rule(self._table.rules, load.visit)
        if rule is None or not rule.backends:
            self.counts[Served(load.id, "", "none", NOT_FOUND)] += span.requests
            return
        for backend in rule.backends:
            if backend.share > 0:
                self._forward(load, backend, _part(span, backend.share), now)

    def _forward(self, load: Load, backend: Backend, span: Span, now: datetime) -> None:
        addresses = self._table.endpoints.get(backend.service, ())
        known = (self._pods.at(address) for address in addresses)
        pods = tuple(pod for pod in known if pod is not None and pod.answers(now))
        if not pods:
            self.counts[Served(load.id, "", "none", NO_BACKEND)] += span.requests
            self.exporters.count_at_edge(backend.exported, NO_BACKEND, span)
        for pod in pods:
            self._answer(load, backend, pod, _part(span, 1 / len(pods)))

    def _answer(self, load: Load, backend: Backend, pod: Pod, span: Span) -> None:
        how = pod.behaviour
        side = "primary" if pod.owner.endswith("-primary") else "canary"
        for code, share in ((OK, 1 - how.error_rate), (FAILED, how.error_rate)):
            if share > 0:
                part = replace(_part(span, share), took_s=how.latency_ms / 1000)
                self.counts[Served(load.id, how.version, side, code)] += part.requests
                self.exporters.count_at_edge(backend.exported, code, part)
                self.exporters.count_in_pod(pod, code, part)


def _part(span: Span, share: float) -> Span:
    return replace(span, requests=span.requests * share)


def _read(store: Store) -> _Table:
    rules = rules_of(store.list(INGRESS_ROUTE), store.list(TRAEFIK_SERVICE), store.list(HTTP_ROUTE))
    endpoints: dict[Key, tuple[str, ...]] = {}
    for item in store.list(ENDPOINT_SLICE):
        meta = item["metadata"]
        name = (meta.get("labels") or {}).get(SERVICE_NAME_LABEL, "")
        key = Key(meta["namespace"], name)
        endpoints[key] = (*endpoints.get(key, ()), *_ready_addresses(item))
    return _Table(rules, endpoints)


def _ready_addresses(item: Manifest) -> tuple[str, ...]:
    return tuple(
        address
        for endpoint in item.get("endpoints") or ()
        if (endpoint.get("conditions") or {}).get("ready", True)
        for address in endpoint["addresses"]
    )
