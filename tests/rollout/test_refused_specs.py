"""What is refused, and that the refusal names the field and the way out."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagger_metrics.api_template import MetricTemplateSpec
from flagger_py.errors import SpecError
from flagger_rollout.api import CanarySpec
from flagger_rollout.api_alerts import AlertProviderSpec
from flagger_rollout.api_shadow import ShadowPolicySpec
from tests.rollout.specs import analysed, canary, served, stepped

BY_ADDRESS = {"useSourceIp": True}


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({}, r"spec\.targetRef: is required"),
        (
            canary(analysis={}),
            r"nothing says analysis\.interval and analysis\.threshold and analysis\.stepWeight",
        ),
        (analysed(), r"or set skipAnalysis: true"),
        (
            canary(analysis={"interval": "1m", "iterations": 3}),
            r"nothing says analysis\.threshold; say",
        ),
        (
            analysed(iterations=5, stepWeight=10),
            r"spec\.analysis: set only one of iterations .* stepWeight and stepWeights",
        ),
        (analysed(stepWeight=5, stepWeights=[5, 10]), r"spec\.analysis: set only one of"),
        (analysed(stepWeight=5.5), r"spec\.analysis\.stepWeight: must be a whole number"),
        (
            canary(analysis={"interval": "1d", "threshold": 1, "stepWeight": 5}),
            r"spec\.analysis\.interval: '1d' is no duration; write for example 30s, 1m or 1m30s",
        ),
        (
            stepped(sessionAffinity={"cookieName": "a", "primaryCookieName": "a"}),
            r"sessionAffinity: cookieName and primaryCookieName must differ; rename",
        ),
        (
            stepped(match=[{"headers": {"x": {"exact": "a", "regex": "b"}}}]),
            r"match\[0\]\.headers\.x: set exactly one of exact, prefix, suffix and regex",
        ),
        (stepped(match=[{"headers": {"x": {}}}]), r"headers\.x: set exactly one of"),
        (
            stepped(webhooks=[{"name": "w", "url": "http://x", "type": "before"}]),
            r"webhooks\[0\]\.type: must be 'confirm-rollout'",
        ),
        (
            stepped(metrics=[{"name": "m", "onNoData": "Pass"}]),
            r"metrics\[0\]\.onNoData: must be 'Fail', 'Hold' or 'Ignore'",
        ),
        (
            stepped(gateRefs=[{"apiVersion": "v1", "kind": "Gate", "name": ""}]),
            r"gateRefs\[0\]\.name: must not be empty",
        ),
        (canary(service={"name": "app"}), r"spec\.service\.port: is required"),
        (
            served(match=[{"uri": {"exact": "/", "prefix": "/"}}]),
            r"match\[0\]\.uri: set only one of exact, prefix and regex",
        ),
        (
            served(mirror=[{"backendRef": {"name": "shadow"}}]),
            r"mirror\[0\]\.backendRef: name the port of the Service",
        ),
        (
            served(
                trafficPolicy={"loadBalancer": {"simple": "RANDOM", "consistentHash": BY_ADDRESS}}
            ),
            r"loadBalancer: set either simple, or consistentHash with exactly one of",
        ),
        (served(corsPolicy={"allowOrigins": [{}]}), r"allowOrigins\[0\]: set exactly one of exact"),
        (
            canary(ingressRef={"apiVersion": "v1", "kind": "Route", "name": "a"}),
            r"spec\.ingressRef\.kind: must be 'Ingress'",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_bad_canary_is_refused_by_field_and_remedy(
    spec: Mapping[str, Any], sentence: str
) -> None:
    with pytest.raises(SpecError, match=sentence):
        CanarySpec.read(spec, "spec")


@pytest.mark.parametrize(
    "spec",
    [
        {"type": "slack"},
        {"type": "slack", "address": "http://x", "secretRef": {"name": "x"}},
    ],
    ids=["neither", "both"],
)
def test_an_alert_provider_has_one_address(spec: Mapping[str, Any]) -> None:
    with pytest.raises(SpecError, match="spec: set either address, or secretRef naming a Secret"):
        AlertProviderSpec.read(spec, "spec")


def test_a_metric_template_needs_provider_and_query() -> None:
    with pytest.raises(SpecError, match=r"spec\.provider\.type: .*; spec\.query: is required"):
        MetricTemplateSpec.read({"provider": {}}, "spec")


def test_a_shadow_policy_copies_by_json_pointer() -> None:
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet"}

    policy = ShadowPolicySpec.read({"target": target, "copy": ["/spec/template"]}, "spec")

    assert policy.copy_ == ("/spec/template",)
    assert policy.wire()["copy"] == ["/spec/template"]
    with pytest.raises(SpecError, match=r"spec\.replicasPath: must match"):
        ShadowPolicySpec.read(
            {"target": target, "copy": ["/spec"], "replicasPath": "spec.replicas"}, "spec"
        )
