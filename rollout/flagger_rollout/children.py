"""The questions a Canary asks as objects: its TrafficRoute, its MetricAnalysis, its Gates."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flagger_py.contracts import GateRun, Run
from flagger_py.decision import Apply, Delete, Force
from flagger_py.refs import Kind, key_of

from .api import CanaryStatus
from .api_analysis import Webhook
from .api_analysis import WebhookType as Hook
from .case import Case
from .configs import MANAGED_BY
from .phases import Phase
from .sight import Child
from .splits import split_for
from .target import extra_ports
from .telling import Envelope, payload

TRAFFIC_ROUTE = Kind("routing.flagger.app", "v1alpha1", "TrafficRoute", "trafficroutes")
METRIC_ANALYSIS = Kind("metrics.flagger.app", "v1alpha1", "MetricAnalysis", "metricanalyses")
GATE = Kind("gating.flagger.app", "v1alpha1", "Gate", "gates")
OWNER_LABEL = "flagger.app/canary-uid"
"""The label by which a Canary finds the Gates it made, also those of webhooks it has no more."""

_LABEL = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?")
_NAME_CHARS_MAX = 253
_DIGEST_CHARS = 8


def gate_name(canary: str, webhook: str) -> str:
    """Return the name of a webhook's Gate; one that no object can have gets a slug and a hash."""
    name = f"{canary}-{webhook}"
    if _LABEL.fullmatch(webhook) and len(name) <= _NAME_CHARS_MAX:
        return name
    slug = re.sub(r"[^a-z0-9]+", "-", webhook.lower()).strip("-")
    digest = hashlib.sha256(webhook.encode()).hexdigest()[:_DIGEST_CHARS]
    stem = f"{canary}-{slug}"[: _NAME_CHARS_MAX - _DIGEST_CHARS - 1].rstrip("-.")
    return f"{stem}-{digest}"


def route(case: Case, status: CanaryStatus, *, apex_ready: bool) -> Apply:
    """Ask for the split of *status* by the Canary's own TrafficRoute."""
    spec, selector = case.spec, case.selector
    service = {**spec.service_wire(), "name": spec.apex_name}
    if spec.service is not None and spec.service.port_discovery and case.seen.target is not None:
        ports = extra_ports(case.seen.target, service)
        if ports:
            service["ports"] = list(ports)
    body: dict[str, Any] = {
        "provider": case.settings.provider_of(spec),
        "service": service,
        "split": split_for(status).wire(),
        "apexReady": apex_ready,
        "names": {
            "apex": spec.apex_name,
            "primary": spec.primary_name,
            "canary": spec.canary_name,
        },
    }
    if selector is not None:
        body["selectors"] = {"primary": selector.primary, "canary": selector.canary}
    if spec.revert_on_deletion:
        body["revertOnDeletion"] = True
    return Apply(_child(case, TRAFFIC_ROUTE, case.subject.name, body), Force.ALWAYS)


def analysis(case: Case, run: Run | None) -> Apply:
    """Ask the Canary's own MetricAnalysis; without *run* the question it has stays."""
    spec = case.spec
    body: dict[str, Any] = {
        "target": {
            "name": spec.target_ref.name,
            "namespace": case.subject.namespace,
            "kind": spec.target_ref.kind,
            "service": spec.apex_name,
            "ingress": spec.ingress_ref.name if spec.ingress_ref else spec.target_ref.name,
            "route": spec.route_ref.name if spec.route_ref else spec.target_ref.name,
            "provider": case.settings.provider_of(spec),
        },
        "metrics": [metric.wire() for metric in spec.analysis.metrics],
    }
    server = spec.metrics_server or case.settings.metrics_server
    if server:
        body["target"]["metricsServer"] = server
    question = run.wire() if run is not None else _asked(case.seen.analysis.manifest)
    if question:
        body["run"] = question
    return Apply(_child(case, METRIC_ANALYSIS, case.subject.name, body), Force.ALWAYS)


def gate(case: Case, hook: Webhook, status: CanaryStatus, run: GateRun | None) -> Apply:
    """Ask the Gate of *hook*; without *run* the question it has stays."""
    question: dict[str, Any] = {"url": hook.url}
    if hook.timeout:
        question["timeout"] = hook.timeout
    if hook.retries:
        question["retries"] = hook.retries
    if hook.disable_tls:
        question["disableTLS"] = True
    live = case.seen.gates[hook.name].manifest
    body: dict[str, Any] = {
        "question": {"webhook": question},
        "payload": payload(_envelope(case, hook, status), hook.metadata or {}),
    }
    asked = run.wire() if run is not None else _asked(live)
    if asked:
        body["run"] = asked
    if repolled(hook) and (run is not None or _settled(case.seen.gates[hook.name])):
        body["interval"] = f"{case.interval_s:g}s"
    if live is not None and _same_question(hook, run, live):
        body["payload"] = live["spec"].get("payload", body["payload"])
    name = gate_name(case.subject.name, hook.name)
    return Apply(_child(case, GATE, name, body), Force.ALWAYS)


def _envelope(case: Case, hook: Webhook, status: CanaryStatus) -> Envelope:
    """Return what a question says of its Canary; Flagger asks most of them as of one analysis."""
    envelope = case.envelope(status)
    match hook.type:
        case Hook.CONFIRM_ROLLOUT | Hook.ROLLBACK | Hook.POST_ROLLOUT | Hook.EVENT:
            return envelope
        case (
            Hook.PRE_ROLLOUT | Hook.ROLLOUT | Hook.CONFIRM_TRAFFIC_INCREASE | Hook.CONFIRM_PROMOTION
        ):
            return replace(envelope, phase=Phase.PROGRESSING)


def repolled(hook: Webhook) -> bool:
    """Tell whether a closed gate of this type is asked again under the same token."""
    match hook.type:
        case Hook.CONFIRM_ROLLOUT | Hook.CONFIRM_TRAFFIC_INCREASE | Hook.CONFIRM_PROMOTION:
            return True
        case Hook.PRE_ROLLOUT | Hook.ROLLOUT | Hook.ROLLBACK | Hook.POST_ROLLOUT | Hook.EVENT:
            return False


def removals(case: Case) -> tuple[Delete, ...]:
    """Delete the Gates of webhooks that the spec has no more: they would ask on for ever."""
    return tuple(
        Delete(GATE, key_of(gate), gate["metadata"]["uid"])
        for gate in case.seen.leftovers
        if "deletionTimestamp" not in gate["metadata"]
    )


def apex_may_serve(case: Case, phase: Phase) -> bool:
    """Tell whether routing may touch the apex: once the primary has served, for good."""
    if phase not in (Phase.NEW, Phase.INITIALIZING):
        return case.progress.promoted is not None or phase is not Phase.FAILED
    live = case.seen.route.manifest
    return bool(live and live["spec"].get("apexReady"))


def _same_question(hook: Webhook, run: GateRun | None, live: Mapping[str, Any]) -> bool:
    """Tell whether the payload stays: it belongs to the question it was asked with.

    Only the gate before a rollout tells how the phase has changed since it was asked first.
    """
    if run is None:
        return True
    asked = (_asked(live) or {}).get("token")
    return asked == run.token and hook.type is not Hook.CONFIRM_ROLLOUT


def _settled(gate: Child) -> bool:
    """Tell whether the interval of a Gate that nobody asks now does no harm: it is final.

    A closed one would go on asking its webhook about a release that is over.
    """
    gated = gate.gated
    return gated is not None and gated.open and "interval" in (gate.manifest or {})["spec"]


def _asked(manifest: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
    found: Mapping[str, Any] | None = (manifest or {}).get("spec", {}).get("run")
    return found


def paused(child: Mapping[str, Any]) -> Apply:
    """Pass `suspend` down to a child of ours, all else of its spec as it is."""
    meta = child["metadata"]
    kept = ("name", "namespace", "labels", "ownerReferences")
    return Apply(
        {
            "apiVersion": child["apiVersion"],
            "kind": child["kind"],
            "metadata": {field: meta[field] for field in kept if field in meta},
            "spec": {**child["spec"], "suspend": True},
        },
        Force.ALWAYS,
    )


def _saying(value: Any) -> Any:
    """Leave out maps that say nothing: applied over one that said something they become null."""
    if not isinstance(value, Mapping):
        return value
    said = ((name, _saying(item)) for name, item in value.items())
    return {name: item for name, item in said if item != {}}


def _child(case: Case, kind: Kind, name: str, body: Mapping[str, Any]) -> dict[str, Any]:
    spec: dict[str, Any] = _saying(body)
    if case.spec.service_account_name:
        spec["serviceAccountName"] = case.spec.service_account_name
    labels = {**MANAGED_BY, OWNER_LABEL: case.subject.uid}
    shard = case.subject.labels.get("sharding.fluxcd.io/key")
    if shard:
        labels["sharding.fluxcd.io/key"] = shard
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {
            "name": name,
            "namespace": case.subject.namespace,
            "labels": labels,
            "ownerReferences": [case.owner],
        },
        "spec": spec,
    }
