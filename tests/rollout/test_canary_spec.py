"""What follows from a Canary's spec where little is said."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagger_py.contracts.thresholds import Policy
from flagger_rollout.api import CanarySpec, CanaryStatus
from flagger_rollout.api_analysis import Severity, Strategy, WebhookType
from flagger_rollout.plan import weight_max
from tests.rollout.specs import analysed, canary, served, stepped


def test_values_in_flaggers_older_field_are_read() -> None:
    """Flagger's Go type knows `canaryAnalysis`; its definition and ours prune it."""
    given = canary()
    older = {"targetRef": given["targetRef"], "canaryAnalysis": given["analysis"]}

    assert CanarySpec.read(older, "spec").analysis == CanarySpec.read(given, "spec").analysis


def test_skipping_the_analysis_needs_none() -> None:
    spec = CanarySpec.read({"targetRef": canary()["targetRef"], "skipAnalysis": True}, "spec")

    assert spec.analysis.metrics == ()
    assert spec.interval_s() == 60
    assert spec.strategy is Strategy.CANARY


@pytest.mark.parametrize(
    ("analysis", "strategy"),
    [
        ({"stepWeight": 10}, Strategy.CANARY),
        ({"stepWeights": [1, 2]}, Strategy.CANARY),
        ({"stepWeight": 10, "match": [{"headers": {"x": {"exact": "y"}}}]}, Strategy.CANARY),
        ({"iterations": 3}, Strategy.BLUE_GREEN),
        ({"iterations": 3, "match": [{"headers": {"x": {"exact": "y"}}}]}, Strategy.AB_TESTING),
        ({"iterations": 0}, Strategy.CANARY),
    ],
    ids=["step", "steps", "step+match", "iterations", "iterations+match", "no iterations"],
)
def test_the_strategy_follows_from_the_analysis(
    analysis: Mapping[str, Any], strategy: Strategy
) -> None:
    assert CanarySpec.read(analysed(**analysis), "spec").strategy is strategy


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1m", 60), ("10ms", 10), ("5s", 10), ("1m30s", 90), ("1h", 3600), ("1.5h", 5400)],
)
def test_an_interval_is_never_below_ten_seconds(text: str, seconds: float) -> None:
    given = canary(analysis={"interval": text, "threshold": 1, "stepWeight": 10})
    spec = CanarySpec.read(given, "spec")

    assert spec.interval_s() == seconds


def test_a_lower_limit_of_the_interval_can_be_asked_for() -> None:
    given = canary(analysis={"interval": "2s", "threshold": 1, "stepWeight": 10})

    assert CanarySpec.read(given, "spec").interval_s(0.5) == 2


@pytest.mark.parametrize(("threshold", "effective"), [(-1, 1), (0, 1), (1, 1), (7, 7)])
def test_one_failed_reading_is_the_least_threshold(threshold: int, effective: int) -> None:
    given = canary(analysis={"interval": "1m", "threshold": threshold, "stepWeight": 10})

    assert CanarySpec.read(given, "spec").threshold_effective == effective


@pytest.mark.parametrize(
    ("analysis", "weight"),
    [
        ({"stepWeight": 10}, 100),
        ({"stepWeight": 10, "maxWeight": 50}, 50),
        ({"stepWeight": 10, "maxWeight": 0}, 100),
        ({"stepWeights": [1, 30], "maxWeight": 50}, 30),
        ({"stepWeights": [1, 130]}, 100),
    ],
    ids=["unset", "set", "zero", "steps", "steps beyond"],
)
def test_the_greatest_weight_is_the_last_step_or_max_weight(
    analysis: Mapping[str, Any], weight: int
) -> None:
    spec = CanarySpec.read(analysed(**analysis), "spec").analysis

    assert weight_max(spec.max_weight, spec.step_weight, spec.step_weights) == weight


def test_names_come_from_the_service_or_the_target() -> None:
    plain = CanarySpec.read(canary(), "spec")
    named = CanarySpec.read(served(name="shop"), "spec")

    assert (plain.apex_name, plain.primary_name, plain.canary_name) == (
        "app",
        "app-primary",
        "app-canary",
    )
    assert (named.apex_name, named.primary_name, named.canary_name) == (
        "shop",
        "shop-primary",
        "shop-canary",
    )


def test_what_is_left_out_is_as_flagger_has_it() -> None:
    spec = CanarySpec.read(
        stepped(
            webhooks=[{"name": "w", "url": "http://x", "type": ""}],
            alerts=[{"name": "a", "severity": "", "providerRef": {"name": "chat"}}],
            metrics=[{"name": "m"}],
            sessionAffinity={"cookieName": "c"},
        ),
        "spec",
    )
    analysis = spec.analysis

    assert spec.progress_deadline_seconds == 600
    assert (analysis.primary_ready_threshold, analysis.canary_ready_threshold) == (100, 100)
    assert analysis.webhooks[0].type is WebhookType.ROLLOUT
    assert analysis.alerts[0].severity is Severity.INFO
    assert analysis.metrics[0].on_no_data is Policy.FAIL
    assert analysis.session_affinity is not None
    assert analysis.session_affinity.max_age == 86400


def test_the_service_is_passed_on_as_written() -> None:
    service = {"port": 80, "targetPort": "http", "match": [{"uri": {"prefix": "/"}}]}

    assert CanarySpec.read(canary(service=service), "spec").service_wire() == service
    assert CanarySpec.read(canary(), "spec").service_wire() == {}


def test_any_kind_can_be_target_and_route() -> None:
    """Flagger's definition knows three targets and one route; policies and contracts know more."""
    route = {"apiVersion": "example.com/v1", "kind": "Edge", "name": "app"}
    target = {"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "app"}

    spec = CanarySpec.read(canary(routeRef=route, targetRef=target, provider="a.io/x"), "spec")

    assert spec.route_ref is not None
    assert (spec.route_ref.kind, spec.target_ref.kind) == ("Edge", "StatefulSet")


def test_a_fresh_status_is_unobserved_and_without_progress() -> None:
    status = CanaryStatus()

    assert (status.observed_generation, status.phase, status.progress) == (-1, "", None)
