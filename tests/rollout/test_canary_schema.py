"""Flagger's kinds: everything Flagger 1.44 takes is taken, and what is refused says why."""

from typing import Any

import pytest

from flagger_metrics.api_template import MetricTemplateSpec
from flagger_metrics.resources import METRIC_TEMPLATE
from flagger_py.crd import CustomResource, definition
from flagger_py.wire import Wire
from flagger_rollout.api import CanarySpec, CanaryStatus
from flagger_rollout.api_alerts import AlertProviderSpec
from flagger_rollout.resources import ALERT_PROVIDER, CANARY, RESOURCES, SHADOW_POLICY
from tests.compat import stored

FLAGGERS = (CANARY, METRIC_TEMPLATE, ALERT_PROVIDER)
SCHEMAS = {
    resource.kind.kind: stored.schema_in(definition(resource))
    for resource in (*FLAGGERS, SHADOW_POLICY)
}
MODELS: dict[str, type[Wire]] = {
    "Canary": CanarySpec,
    "MetricTemplate": MetricTemplateSpec,
    "AlertProvider": AlertProviderSpec,
}
SEEN = [case for kind in MODELS for case in stored.manifests(kind)]
SAME_COOKIE = "scenarios/invalid-affinity"
"""Flagger takes this one and logs an error; here it stalls the Canary with a sentence."""


@pytest.mark.parametrize(("case", "manifest"), SEEN, ids=[case for case, _ in SEEN])
def test_what_flagger_took_is_stored_without_loss(case: str, manifest: dict[str, Any]) -> None:
    schema = SCHEMAS[manifest["kind"]]

    assert stored.faults(schema, manifest) == []
    assert stored.pruned_away(schema, manifest) == []


@pytest.mark.parametrize(("case", "manifest"), SEEN, ids=[case for case, _ in SEEN])
def test_what_flagger_took_is_read(case: str, manifest: dict[str, Any]) -> None:
    """And what was read says all that was written, so that no field is known to the schema only."""
    model, spec = MODELS[manifest["kind"]], manifest["spec"]
    affinity = spec.get("analysis", {}).get("sessionAffinity", {})
    if affinity and affinity["cookieName"] == affinity.get("primaryCookieName"):
        assert case == SAME_COOKIE
        return

    read = model.read(spec, "spec")

    assert unsaid(spec, read.wire()) == []
    assert model.read(read.wire(), "spec") == read


@pytest.mark.parametrize(
    ("case", "status"), stored.statuses(), ids=[case for case, _ in stored.statuses()]
)
def test_a_status_of_flagger_is_taken_over(case: str, status: dict[str, Any]) -> None:
    schema = SCHEMAS["Canary"]["properties"]["status"]

    assert stored.faults(schema, status) == []
    assert stored.pruned_away(schema, status) == []
    assert unsaid(status, CanaryStatus.read(status, "status").wire()) == []


def test_every_field_of_flagger_is_a_field_here() -> None:
    """With its type, but for numbers that only ever meant whole ones."""
    ours = {
        path: "int-or-string" if "x-kubernetes-int-or-string" in field else field.get("type")
        for resource in FLAGGERS
        for path, field in stored.fields(SCHEMAS[resource.kind.kind], resource.kind.kind)
    }
    theirs = stored.flagger_paths()

    assert len(theirs) > 300
    different = {
        path: (kind, ours.get(path))
        for path, kind in theirs.items()
        if ours.get(path) != kind and (kind, ours.get(path)) != ("number", "integer")
    }
    assert different == {}


def test_whole_numbers_stay_apart_from_fractions() -> None:
    fractional = {
        path
        for path, field in stored.fields(SCHEMAS["Canary"], "Canary")
        if field.get("type") == "number"
    }

    metrics = "Canary.spec.analysis.metrics[]"
    assert fractional == {
        f"{metrics}.threshold",
        f"{metrics}.thresholdRange.min",
        f"{metrics}.thresholdRange.max",
    }


@pytest.mark.parametrize("resource", [*RESOURCES, METRIC_TEMPLATE], ids=lambda r: r.kind.kind)
def test_every_field_is_described(resource: CustomResource) -> None:
    undescribed = [
        path
        for path, field in stored.fields(SCHEMAS[resource.kind.kind], resource.kind.kind)
        if not field.get("description")
        and not path.endswith(("[]", ".*"))
        and path != f"{resource.kind.kind}.metadata"
    ]

    assert undescribed == []


def test_stored_defaults_are_flaggers_own() -> None:
    defaults = {
        path: field["default"]
        for path, field in stored.fields(SCHEMAS["Canary"], "Canary")
        if "default" in field
    }

    assert defaults == {
        "Canary.spec.analysis.sessionAffinity.maxAge": 86400,
        "Canary.spec.service.gatewayRefs[].group": "gateway.networking.k8s.io",
        "Canary.spec.service.gatewayRefs[].kind": "Gateway",
        "Canary.spec.service.mirror[].backendRef.group": "",
        "Canary.spec.service.mirror[].backendRef.kind": "Service",
        "Canary.status": {"observedGeneration": -1},
    }


def test_columns_are_flaggers_then_flux() -> None:
    (version,) = definition(CANARY)["spec"]["versions"]

    narrow = [c["name"] for c in version["additionalPrinterColumns"] if "priority" not in c]

    assert narrow == ["Status", "Weight", "LastTransitionTime", "Age", "Ready", "Status"]


@pytest.mark.parametrize("resource", FLAGGERS, ids=lambda r: r.kind.kind)
def test_uninstalling_keeps_flaggers_kinds(resource: CustomResource) -> None:
    annotations = definition(resource)["metadata"]["annotations"]

    assert annotations["helm.sh/resource-policy"] == "keep"


@pytest.mark.parametrize("resource", [ALERT_PROVIDER, SHADOW_POLICY, METRIC_TEMPLATE])
def test_static_kinds_have_no_status(resource: CustomResource) -> None:
    assert "status" not in SCHEMAS[resource.kind.kind]["properties"]


def unsaid(said: object, answer: object, where: str = "") -> list[str]:
    """Return the paths of *said* that *answer* leaves out or says otherwise."""
    if isinstance(said, dict) and isinstance(answer, dict):
        return [
            path
            for name, value in said.items()
            for path in unsaid(value, answer.get(name), f"{where}.{name}")
        ]
    if isinstance(said, list) and isinstance(answer, list) and len(said) == len(answer):
        pairs = zip(said, answer, strict=True)
        return [path for one, other in pairs for path in unsaid(one, other, f"{where}[]")]
    return [] if said == answer else [f"{where}: {said!r} became {answer!r}"]
