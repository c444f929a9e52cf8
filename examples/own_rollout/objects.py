"""What a Widget is, and the objects it asks with: a route, an analysis, a gate, two Deployments."""

from collections.abc import Mapping
from typing import Any, Literal

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.contracts import Run, Split
from flagger_py.crd import CustomResource
from flagger_py.crd_marks import AnyObject, Duration
from flagger_py.decision import Apply, Force
from flagger_py.quantities import Weight
from flagger_py.refs import DEPLOYMENT, Key, Kind, owner_reference
from flagger_py.subject import Subject

WIDGET = Kind("example.com", "v1", "Widget", "widgets")
ROUTE = Kind("routing.flagger.app", "v1alpha1", "TrafficRoute", "trafficroutes")
ANALYSIS = Kind("metrics.flagger.app", "v1alpha1", "MetricAnalysis", "metricanalyses")
GATE = Kind("gating.flagger.app", "v1alpha1", "Gate", "gates")

Slot = Literal["blue", "green"]
OTHER: Mapping[Slot, Slot] = {"blue": "green", "green": "blue"}

SUCCESS_RATE = """
100 * sum(rate(traefik_service_requests_total{
  service=~"{{ namespace }}-{{ variables.slot }}-[0-9]+@kubernetescrd", code!~"5.."
}[{{ interval }}]))
/ sum(rate(traefik_service_requests_total{
  service=~"{{ namespace }}-{{ variables.slot }}-[0-9]+@kubernetescrd"
}[{{ interval }}]))"""


class WidgetSpec(FluxSpec):
    """What runs, and how carefully another version of it takes over."""

    pod: AnyObject
    replicas: int = 2
    port: int = 80
    provider: str = "traefik"
    weights: tuple[Weight, ...] = (10, 50)
    interval: Duration = "30s"
    success_rate_min: float = 99.0
    approval: bool = False
    """Whether a person must agree before the new version gets everybody."""


class WidgetStatus(FluxStatus):
    """Which slot serves which revision, and how far the next one has come."""

    live: Slot = "green"
    released: str | None = None
    candidate: str | None = None
    run: int = 0
    step: int = 0
    attempt: int = 0
    refused: str | None = None
    why: str = ""


Widget = Subject[WidgetSpec, WidgetStatus]
RESOURCE = CustomResource(WIDGET, "A Widget.", WidgetSpec, WidgetStatus, categories=())


def place(widget: Widget, slot: Slot) -> Key:
    """Return where the Deployment of *slot* is."""
    return Key(widget.namespace, f"{widget.name}-{slot}")


def split(idle: Slot, share: int) -> Split:
    """Return the split that gives the *idle* slot its share; blue is the route's primary."""
    blue = share if idle == "blue" else 100 - share
    return Split(primary=blue, canary=100 - blue)


def route(widget: Widget, idle: Slot, share: int) -> Apply:
    """Ask for the split that gives the *idle* slot its *share*, in percent."""
    names = {"primary": f"{widget.name}-blue", "canary": f"{widget.name}-green"}
    spec = {
        "provider": widget.spec.provider,
        "service": {"name": widget.name, "port": widget.spec.port, "targetPort": "http"},
        "names": {"apex": widget.name, **names},
        "selectors": {"primary": _labels(widget, "blue"), "canary": _labels(widget, "green")},
        "split": split(idle, share).wire(),
    }
    return _own(widget, ROUTE, widget.name, spec)


def analysis(widget: Widget, slot: Slot, run: Run) -> Apply:
    """Ask how *slot* does, as the question *run*."""
    metric = {
        "name": "success rate",
        "query": SUCCESS_RATE,
        "thresholdRange": {"min": widget.spec.success_rate_min},
    }
    target = {"name": widget.name, "variables": {"slot": f"{widget.name}-{slot}"}}
    spec = {"target": target, "metrics": [metric], "run": run.wire()}
    return _own(widget, ANALYSIS, widget.name, spec)


def gate(widget: Widget, token: str) -> Apply:
    """Ask a person, once for each *token*, whether everybody may be sent to the new version."""
    spec = {"question": {"manual": {}}, "run": {"token": token}}
    return _own(widget, GATE, widget.name, spec)


def deployment(widget: Widget, slot: Slot) -> Apply:
    """Run what the spec asks for in *slot*."""
    labels = _labels(widget, slot)
    spec = {
        "replicas": widget.spec.replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": widget.spec.pod},
    }
    return _own(widget, DEPLOYMENT, f"{widget.name}-{slot}", spec)


def _labels(widget: Widget, slot: Slot) -> dict[str, str]:
    return {"widget": widget.name, "slot": slot}


def _own(widget: Widget, kind: Kind, name: str, spec: Mapping[str, Any]) -> Apply:
    meta = {
        "name": name,
        "namespace": widget.namespace,
        "ownerReferences": [owner_reference(widget.manifest)],
    }
    manifest = {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": meta, "spec": spec}
    return Apply(manifest, Force.ALWAYS)
