"""What is looked at on behalf of a Canary: its workloads, its configs, and who answers for it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from pydantic import ValidationError

from flagger_py.contracts import Run, Verdict, acknowledged, read_judged, status_of
from flagger_py.errors import Missing
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, PRIMARY, SECRET, Key, Kind
from flagger_py.runtime.cluster import Site
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

from .api import KIND, CanarySpec, CanaryStatus
from .api_analysis import WebhookType
from .case import APISIX_ROUTE
from .children import GATE, METRIC_ANALYSIS, OWNER_LABEL, TRAFFIC_ROUTE, gate_name
from .claims import claimant_of, refers
from .configs import Config, references, tracked
from .settings import RolloutSettings
from .sight import Child, Seen
from .splits import routed_since, split_for

_UNACKNOWLEDGED, _UNROUTED, _PENDING = "unacknowledged", "unrouted", "pending"
"""Where in an object's memory it stands since when somebody was waited for."""


async def observe(
    settings: RolloutSettings, subject: Subject[CanarySpec, CanaryStatus], site: Site
) -> Seen:
    """Look once at everything a decision about *subject* may rest on."""
    look = _Look(subject, site)
    spec, namespace = subject.spec, subject.namespace
    name = spec.target_ref.name
    target = primary = None
    if spec.target_ref.kind == DEPLOYMENT.kind:
        target = await site.cluster.get(DEPLOYMENT, Key(namespace, name))
        primary = await site.cluster.get(DEPLOYMENT, Key(namespace, f"{name}{PRIMARY}"))
    configs, missing = await _configs(settings, subject, site, target)
    route = await look.route()
    return Seen(
        target=target,
        primary=primary,
        route=route,
        analysis=await look.child(METRIC_ANALYSIS, subject.name),
        gates={
            hook.name: await look.child(GATE, gate_name(subject.name, hook.name))
            for hook in spec.analysis.webhooks
            if hook.type is not WebhookType.EVENT
        },
        foreign_analyses=tuple(
            [await look.foreign(r.api_version, r.kind, r.name) for r in spec.analysis.analysis_refs]
        ),
        foreign_gates=tuple(
            [await look.foreign(r.api_version, r.kind, r.name) for r in spec.analysis.gate_refs]
        ),
        leftovers=await look.leftovers(),
        configs=configs,
        missing_configs=missing,
        unrouted_s=look.unrouted_s(route),
    )


def begin_anew(site: Site) -> None:
    """Forget for how long was waited: what a suspended Canary waits for, nobody owes it."""
    for waiting in (_UNACKNOWLEDGED, _UNROUTED, _PENDING):
        site.memory.pop(waiting, None)


class _Look:
    """Reads the objects that other controllers answer for, and how long they have been silent."""

    def __init__(self, subject: Subject[CanarySpec, CanaryStatus], site: Site) -> None:
        self.subject, self.site = subject, site

    async def route(self) -> Child:
        ref = self.subject.spec.route_ref
        if ref is not None and ref.kind != APISIX_ROUTE:
            return await self.foreign(ref.api_version, ref.kind, ref.name)
        return await self.child(TRAFFIC_ROUTE, self.subject.name)

    async def foreign(self, api_version: str, kind: str, name: str) -> Child:
        try:
            served = await self.site.cluster.resolve(api_version, kind)
        except Missing as error:
            return Child(name, kind, missing=error.message)
        child = await self.child(served, name)
        if child.manifest is not None and "observedGeneration" not in status_of(child.manifest):
            # It answers by the shape of its status alone, and never said that it counts versions.
            child = replace(child, waited_s=0.0)
        if child.manifest is not None:
            child = replace(child, asked_by=await self._asked_by(child.manifest))
        if child.manifest is None and not child.missing:
            return Child(name, kind, missing=f"{kind} {name} does not exist; create it")
        return child

    async def _asked_by(self, manifest: Manifest) -> str:
        """Return the other Canary that asks a referenced object, empty when it is free or ours."""
        claimant, own = claimant_of(manifest), self.subject.name
        if claimant in ("", own):
            return ""
        other = await self.site.cluster.get(KIND, Key(self.subject.namespace, claimant))
        name = manifest["metadata"]["name"]
        return claimant if other is not None and refers(other, manifest["kind"], name) else ""

    async def child(self, kind: Kind, name: str) -> Child:
        try:
            manifest = await self.site.cluster.get(kind, Key(self.subject.namespace, name))
        except Missing as error:
            return Child(name, kind.kind, missing=error.message)
        slot = f"{kind}/{name}"
        unseen = None
        if manifest is not None and not acknowledged(manifest):
            unseen = manifest["metadata"].get("generation", 0)
        waited_s = self._seen_s(_UNACKNOWLEDGED, slot, unseen)
        return Child(name, kind.kind, manifest, waited_s, overdue_s=self._overdue_s(slot, manifest))

    def _overdue_s(self, slot: str, manifest: Manifest | None) -> float | None:
        """Return for how long a verdict is late, None where none is asked for by a moment.

        What was due while nobody looked, neither we nor who judges, is not late by that.
        """
        run = None if manifest is None else _pending_run(manifest)
        seen_s = self._seen_s(_PENDING, slot, run.token if run else None)
        if run is None or run.due is None:
            return None
        return max(0.0, min(seen_s, (self.site.now - run.due).total_seconds()))

    async def leftovers(self) -> tuple[Manifest, ...]:
        """Return the Gates that we made and have no webhook for any more."""
        subject = self.subject
        wanted = {
            gate_name(subject.name, hook.name)
            for hook in subject.spec.analysis.webhooks
            if hook.type is not WebhookType.EVENT
        }
        try:
            made = await self.site.cluster.select(
                GATE, subject.namespace, {OWNER_LABEL: subject.uid}
            )
        except Missing:
            return ()
        return tuple(gate for gate in made if gate["metadata"]["name"] not in wanted)

    def unrouted_s(self, route: Child) -> float:
        """Return for how long *route* has been seen without the split that is asked of it."""
        split = split_for(self.subject.status)
        routed = routed_since(route, split, self.site.now) is not None
        return self._seen_s(_UNROUTED, "route", None if routed else split)

    def _seen_s(self, what: str, slot: str, mark: object | None) -> float:
        """Return for how long *mark* has been seen in *slot*; None: nothing is waited for."""
        noted: dict[str, tuple[object, datetime]] = self.site.memory.setdefault(what, {})
        if mark is None:
            noted.pop(slot, None)
            return 0.0
        if slot not in noted or noted[slot][0] != mark:
            noted[slot] = (mark, self.site.now)
        return (self.site.now - noted[slot][1]).total_seconds()


def _pending_run(manifest: Manifest) -> Run | None:
    """Return the run in *manifest* that has no verdict yet, None without one."""
    asked = (manifest.get("spec") or {}).get("run")
    if not isinstance(asked, Mapping) or "due" not in asked:
        return None
    try:
        run = Run.model_validate(asked)
    except ValidationError:
        return None
    judged = read_judged(manifest)
    pending = judged is None or judged.token != run.token or judged.verdict is Verdict.PENDING
    return run if pending else None


async def _configs(
    settings: RolloutSettings,
    subject: Subject[CanarySpec, CanaryStatus],
    site: Site,
    target: Manifest | None,
) -> tuple[tuple[Config, ...], tuple[str, ...]]:
    if target is None or not settings.config_tracking:
        return (), ()
    found, missing = [], []
    for ref in references(target["spec"]["template"]["spec"]):
        key = Key(subject.namespace, ref.name)
        kind = CONFIG_MAP if ref.kind == CONFIG_MAP.kind else SECRET
        manifest = await site.cluster.get(kind, key)
        if manifest is None and not ref.optional:
            missing.append(f"{ref.kind} {ref.name}")
        elif manifest is not None and tracked(manifest):
            found.append(Config(ref, manifest))
    return tuple(found), tuple(missing)
