"""Values that a controller would refuse, or read as something else, found in a manifest."""

from typing import Any

import pytest
import yaml

from flagger_py.testing.build import a_canary

from .calling import call


def _lint(*documents: Any) -> tuple[int, str, str]:
    result = call("lint", "-f", "-", text=yaml.safe_dump_all(documents))
    return result.exit_code, result.stdout, result.stderr


def _steps(**analysis: Any) -> dict[str, Any]:
    return {"analysis": {"stepWeight": None, "maxWeight": None, **analysis}}


def _metric(**metric: Any) -> dict[str, Any]:
    return {"analysis": {"metrics": [{"name": "errors", "interval": "1m", **metric}]}}


def _hook(**hook: Any) -> dict[str, Any]:
    return {"analysis": {"webhooks": [{"name": "go", "url": "http://go/", **hook}]}}


def test_a_namespace_that_cannot_be_is_a_finding() -> None:
    canary = a_canary()
    canary["metadata"]["namespace"] = "Apps_X"

    code, out, _ = _lint(canary)

    assert code == 1
    assert "metadata.namespace: no namespace can be called Apps_X" in out


def test_an_object_that_is_there_twice_is_noted() -> None:
    code, _, told = _lint(a_canary(), a_canary(), a_canary("other"))

    assert code == 0
    assert told.count("is there twice") == 1


def test_what_a_model_refuses_is_said_without_the_words_of_its_library() -> None:
    route = {
        "apiVersion": "routing.flagger.app/v1alpha1",
        "kind": "TrafficRoute",
        "metadata": {"name": "app"},
        "spec": {"service": {"port": 80}, "split": {"primary": 70, "canary": 20}},
    }

    _, out, _ = _lint(route)

    assert "spec.split: primary 70 and canary 20 must sum to 100" in out


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        ({"provider": "treafik"}, "spec.provider: 'treafik' is unknown; choose one of"),
        (
            {"provider": "kubernetes"},
            "spec.provider: kubernetes gives no shares; set spec.skipAnalysis: true, or choose "
            "gatewayapi:v1, gatewayapi:v1beta1 or traefik",
        ),
        ({"provider": "gatewayapi:v1"}, "spec.service.gatewayRefs: provider gatewayapi:v1 needs"),
        ({"provider": "istio"}, "istio is a provider of Flagger that this version does not route"),
        (_metric(), "spec.analysis.metrics[0] (errors): no usable metrics template and query"),
        (_metric(query="up{{ interval }"), "metrics[0] (errors): template parsing failed"),
        (_metric(query="up{{ variables.zone }}"), "metrics[0] (errors): template excution failed"),
        (
            _metric(query="up", thresholdRange={"min": 5, "max": 1}),
            "spec.analysis.metrics[0].thresholdRange: min 5 is greater than max 1",
        ),
        (_hook(url="go"), "spec.analysis.webhooks[0].url: "),
        (_steps(stepWeights=[10, 50, 30]), "spec.analysis.stepWeights: 10, 50, 30 do not grow"),
        ({"progressDeadlineSeconds": 0}, "spec.progressDeadlineSeconds: 0 leaves pods no time"),
        ({"progressDeadlineSeconds": -5}, "spec.progressDeadlineSeconds: -5 leaves pods no time"),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_what_a_controller_would_refuse_is_refused_before(spec: Any, finding: str) -> None:
    code, out, _ = _lint(a_canary(spec=spec))

    assert code == 1
    assert finding in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("analysis", "note"),
    [
        ({"threshold": 0}, "spec.analysis.threshold: 0 counts as 1"),
        ({"interval": "5s"}, "spec.analysis.interval: 5s counts as 10s"),
        ({"maxWeight": 150}, "spec.analysis.maxWeight: 150 counts as 100"),
        ({"stepWeight": 150}, "spec.analysis.stepWeight: 150 counts as 100"),
        (_steps(stepWeights=[10, 150])["analysis"], "spec.analysis.stepWeights: 150 counts as 100"),
    ],
    ids=["threshold", "interval", "maximum", "step", "list"],
)
def test_what_counts_as_something_else_is_a_note(analysis: Any, note: str) -> None:
    code, out, told = _lint(a_canary(spec={"analysis": analysis}))

    assert (code, out) == (0, "")
    assert told.startswith(f"note: -: Canary test/app: {note}")


def test_a_provider_without_shares_is_enough_where_nothing_is_analysed() -> None:
    canary = a_canary(spec={"provider": "kubernetes", "skipAnalysis": True})

    assert _lint(canary)[:2] == (0, "")


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({"service": {"hosts": ["app.test"]}}, "spec.service.hosts"),
        ({"service": {"timeout": "5s"}}, "spec.service.timeout"),
        (
            {"ingressRef": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "name": "a"}},
            "spec.ingressRef",
        ),
    ],
    ids=["hosts", "timeout", "ingress"],
)
def test_a_field_that_the_provider_makes_nothing_of_is_a_note(spec: Any, field: str) -> None:
    code, _, told = _lint(a_canary(spec=spec))

    assert code == 0
    assert f"note: -: Canary test/app: {field}: means nothing to provider traefik\n" in told


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ({"name": "request-success-rate"}, "thresholdRange.min"),
        ({"name": "request-success-rate", "thresholdRange": {}}, "thresholdRange.min"),
        ({"name": "request-success-rate", "thresholdRange": {"min": 0}}, "thresholdRange.min"),
        ({"name": "request-duration", "thresholdRange": {}}, "thresholdRange.max"),
        (
            {"name": "own", "query": "up", "thresholdRange": {}},
            "thresholdRange.min or thresholdRange.max",
        ),
    ],
    ids=["no range", "empty range", "zero", "duration", "own query"],
)
def test_a_metric_that_cannot_fail_is_a_note(metric: Any, wanted: str) -> None:
    told = (
        f"spec.analysis.metrics[0] ({metric['name']}): no bound is set, so every value passes; "
        f"set {wanted}\n"
    )

    code, _, err = _lint(a_canary(spec={"analysis": {"metrics": [metric]}}))

    assert code == 0
    assert told in err


@pytest.mark.parametrize(
    "metric",
    [
        {"name": "request-success-rate", "threshold": 99},
        {"name": "request-duration"},
        {"name": "own", "query": "up", "thresholdRange": {"min": 0}},
    ],
    ids=["threshold", "duration of 0", "own query from 0"],
)
def test_a_metric_with_a_bound_has_no_note(metric: Any) -> None:
    assert "no bound" not in _lint(a_canary(spec={"analysis": {"metrics": [metric]}}))[2]


def _of(group: str, kind: str, spec: Any) -> dict[str, Any]:
    return {"apiVersion": group, "kind": kind, "metadata": {"name": "a"}, "spec": spec}


def _template(kind: str, query: str, address: str = "http://prometheus:9090") -> dict[str, Any]:
    provider = {"type": kind, "address": address}
    return _of("flagger.app/v1beta1", "MetricTemplate", {"provider": provider, "query": query})


def _window(**window: Any) -> dict[str, Any]:
    question = {"window": {"schedule": "0 9 * * 1-5", "duration": "8h", **window}}
    return _of("gating.flagger.app/v1alpha1", "Gate", {"question": question})


def _analysis(**metric: Any) -> dict[str, Any]:
    spec = {"target": {"name": "a", "provider": "traefik"}, "metrics": [metric]}
    return _of("metrics.flagger.app/v1alpha1", "MetricAnalysis", spec)


@pytest.mark.parametrize(
    ("manifest", "finding"),
    [
        (_template("promethues", "up"), "spec.provider.type 'promethues' is unknown"),
        (_template("datadog", "up"), "spec.provider.type 'datadog' is not supported yet"),
        (_template("prometheus", "up{{ interval }"), "spec.query: template parsing failed"),
        (_template("openmetrics", "a default 0"), 'spec.query: invalid parameter "query": parse'),
        (
            _template("prometheus", "up", "prometheus:9090"),
            "prometheus address prometheus:9090 is not",
        ),
        (_window(schedule="0 9 * *"), "spec.question.window.schedule '0 9 * *' is no cron"),
        (_window(schedule="0 9 31 2 *"), "names no date that ever comes"),
        (_window(timeZone="Mars"), "spec.question.window.timeZone 'Mars' is unknown"),
        (_analysis(name="sucess"), "spec.metrics[0] (sucess): no usable metrics template"),
        (
            _analysis(name="request-duration", thresholdRange={"min": 5, "max": 1}),
            "thresholdRange: min 5 is greater than max 1",
        ),
        (
            _of(
                "routing.flagger.app/v1alpha1",
                "TrafficRoute",
                {"provider": "treafik", "service": {"name": "a", "port": 80}},
            ),
            "spec.provider: 'treafik' is unknown",
        ),
    ],
    ids=lambda value: value[:40] if isinstance(value, str) else "",
)
def test_the_other_kinds_are_read_by_their_controllers_as_well(manifest: Any, finding: str) -> None:
    code, out, _ = _lint(manifest)

    assert code == 1
    assert finding in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("query", "unread"),
    [
        ("sum(rate(errors[1m])) default 0", "invalid promql query"),
        ("rollup_rate(errors[{{ interval }}])", "unknown function with name 'rollup_rate'"),
        ("max_over_time(errors[1m]) keep_metric_names", "invalid promql query"),
        ("WITH (f = errors[1m]) rate(f)", "invalid promql query"),
        ("sum(up", "unclosed left parenthesis"),
    ],
    ids=["default", "rollup", "keep-names", "with", "not-closed"],
)
def test_a_query_that_only_its_server_can_judge_is_a_warning(query: str, unread: str) -> None:
    judged = (
        f"the query is no PromQL that we can read ({unread}); "
        f"it is asked of the server as it is written"
    )

    code, out, told = _lint(
        a_canary(spec=_metric(query=query)),
        _analysis(name="errors", query=query),
        _template("prometheus", query),
    )

    assert (code, out) == (0, "")
    assert told.splitlines() == [
        f"warning: -: Canary test/app: spec.analysis.metrics[0] (errors): {judged}",
        f"warning: -: MetricAnalysis a: spec.metrics[0] (errors): {judged}",
        f"warning: -: MetricTemplate a: spec.query: {judged}",
        "0 findings in 3 of 3 objects",
    ]


def test_a_template_that_needs_its_askers_variables_is_good() -> None:
    query = 'sum(rate(errors{app="{{ target }}",zone="{{ variables.zone }}"}[{{ interval }}]))'

    assert _lint(_template("prometheus", query))[:2] == (0, "")


def test_a_domain_qualified_provider_is_somebody_elses() -> None:
    metric = {"name": "errors", "query": "up"}
    canary = a_canary(spec={"provider": "example.com/edge", "analysis": {"metrics": [metric]}})

    assert _lint(canary)[:2] == (0, "")
