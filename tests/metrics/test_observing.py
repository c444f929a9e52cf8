"""What is asked of whom, and when; nothing is asked before it is due."""

from collections.abc import Mapping
from typing import Any

import pytest

from flagger_metrics.api import MetricAnalysisStatus
from flagger_metrics.decide import decide
from flagger_metrics.heard import Cause
from flagger_metrics.observe import Observer
from flagger_metrics.providers import PROVIDERS
from flagger_metrics.settings import MetricsSettings, SourceType
from flagger_metrics.sources import Finder
from flagger_metrics.stage import Analysis
from flagger_py.contracts import Verdict
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.errors import Missing, SpecError, Unavailable
from flagger_py.refs import Key

from .analyses import (
    Cluster,
    Wire,
    after,
    analysis,
    later,
    metric,
    observe,
    run,
    success_rate,
    template,
    vector,
)

TEMPLATED = {"name": "errors", "templateRef": {"name": "errors"}, "thresholdRange": {"max": 1}}


def observer(**choices: Any) -> Observer:
    settings = MetricsSettings(metrics_server="http://default:9090", **choices)
    return Observer(Finder(settings, PROVIDERS), settings)


def answering(value: str = "1") -> Wire:
    return Wire(lambda _request: vector(value))


def refusing() -> Wire:
    def refuse(_request: Request) -> Response:
        raise Unreachable("connection refused")

    return Wire(refuse)


def due(*metrics: Mapping[str, Any], second: float = 10, **fields: Any) -> Analysis:
    """Return an analysis whose run is acknowledged and due."""
    asked = run(due=second)
    first = analysis(*metrics, run=asked, **fields)
    status = after(first, decide(first, observe(observer(), first, answering())))
    return analysis(*metrics, now=later(second), status=status, run=asked, **fields)


def test_a_new_run_is_acknowledged_without_asking_anything() -> None:
    wire, cluster = answering(), template()

    observe(observer(), analysis(success_rate(), TEMPLATED, run=run()), wire, cluster)

    assert wire.sent == []
    assert cluster.secrets_read == []


def test_a_run_that_a_server_answers_is_looked_at_again_when_it_is_due() -> None:
    first = analysis(success_rate(), run=run(due=10))

    decision = decide(first, observe(observer(), first, answering()))

    assert (decision.requeue_after_s, decision.complete) == (10.0, True)


def test_a_run_that_samples_answer_is_scraped_for_at_once() -> None:
    first = analysis(metric(query="sum(requests_total)"), run=run(due=10))

    decision = decide(first, observe(observer(**SCRAPING), first, answering()))

    assert decision.requeue_after_s == 0.0


def test_a_run_is_acknowledged_although_its_template_cannot_be_read_yet() -> None:
    """Its asker would wait for a controller that is there."""
    unread = Unavailable("MetricTemplates are not listed yet")
    cluster = Cluster({("MetricTemplate", Key("test", "errors")): unread})
    first = analysis(TEMPLATED, run=run(due=10))

    decision = decide(first, observe(observer(), first, answering(), cluster))

    assert first.spec.run is not None
    assert decision.status.run == first.spec.run.token
    assert decision.requeue_after_s == 0.0


def test_nothing_is_asked_before_the_verdict_is_due_nor_after_it_was_given() -> None:
    wire = answering()
    ready = due(success_rate(), second=10)
    early = analysis(success_rate(), now=later(5), status=ready.status, run=run())
    given = after(ready, decide(ready, observe(observer(), ready, answering("99.5"))))
    settled = analysis(success_rate(), now=later(20), status=given, run=run())

    observe(observer(), early, wire)
    observe(observer(), settled, wire)

    assert given.verdict is Verdict.PASSED
    assert wire.sent == []


def test_each_metric_is_read_once_and_all_are_read_even_when_one_fails() -> None:
    subject = due(TEMPLATED, success_rate(), metric("inline", query="vector(7)"))
    wire = answering("5")

    seen = observe(observer(), subject, wire, template())

    names = [heard.question.metric.name for heard in seen.heard]
    assert names == ["request-success-rate", "inline", "errors"]
    assert wire.queries[1:] == ["vector(7)", "sum(errors[30s])"]
    assert wire.queries[0].startswith(" sum( rate( traefik_service_request_duration")
    assert [r.url.split("/")[2] for r in wire.sent] == ["default:9090", "default:9090", "prom:9090"]


def test_one_entry_may_be_built_in_inline_and_templated_at_once() -> None:
    subject = due(success_rate(query="vector(1)", templateRef={"name": "errors"}))

    seen = observe(observer(), subject, answering(), template())

    assert [heard.question.origin for heard in seen.heard] == ["BuiltIn", "Inline", "Template"]


@pytest.mark.parametrize(
    ("passed", "scrape_s", "window"),
    [(10, 1.0, "10s"), (10, None, "30s"), (45, None, "45s"), (60, None, "1m"), (300, 1.0, "1m")],
)
def test_a_window_does_not_reach_before_the_split(
    passed: float, scrape_s: float | None, window: str
) -> None:
    subject = due(metric(query="x[{{ interval }}]"), second=passed)
    wire = answering()

    observe(observer(scrape_s=scrape_s), subject, wire)

    assert wire.queries == [f"x[{window}]"]


def test_the_target_says_which_metrics_server_and_which_names() -> None:
    query = "{{ name }} {{ namespace }} {{ target }} {{ service }} {{ ingress }} {{ route }}"
    whom = {"service": "web", "namespace": "prod", "metricsServer": "http://mine:9090"}
    subject = due(metric(query=query), target=whom)
    wire = answering()

    observe(observer(), subject, wire)

    assert wire.queries == ["app prod app web app app"]
    assert wire.sent[0].url == "http://mine:9090/api/v1/query"


def test_variables_of_the_metric_win_over_those_of_the_target() -> None:
    query = "{{ variables.a }}{{ variables.b }}"
    subject = due(
        metric(query=query, templateVariables={"a": "1"}),
        target={"variables": {"a": "0", "b": "2"}},
    )
    wire = answering()

    observe(observer(), subject, wire)

    assert wire.queries == ["12"]


def test_skipper_is_asked_with_cleaned_names() -> None:
    subject = due(success_rate(), target={"name": "my-app", "provider": "skipper"})
    wire = answering()

    observe(observer(), subject, wire)

    assert "kube(ew)?_test__my_app_canary__.*__my_app_canary" in wire.queries[0]
    assert "[30s]" in wire.queries[0]


def test_a_template_is_asked_with_its_headers_and_secret() -> None:
    provider = {
        "type": "prometheus",
        "address": "https://prom",
        "headers": {"X-Scope-OrgID": ["a", "b"]},
        "secretRef": {"name": "login"},
        "insecureSkipVerify": True,
    }
    cluster = template(provider=provider)
    cluster.secrets = {Key("test", "login"): {"token": b"abc\n"}}
    wire = answering()

    observe(observer(), due(TEMPLATED), wire, cluster)

    (sent,) = wire.sent
    assert sent.headers["Authorization"] == "Bearer abc"
    assert sent.headers["X-Scope-OrgID"] == "a, b"
    assert sent.verify_tls is False


def test_a_secret_is_read_in_the_namespace_of_its_template() -> None:
    provider = {"type": "prometheus", "address": "http://p", "secretRef": {"name": "login"}}
    cluster = template(namespace="shared", provider=provider)
    entry = {**TEMPLATED, "templateRef": {"name": "errors", "namespace": "shared"}}

    observe(observer(), due(entry), answering(), cluster)

    assert cluster.secrets_read == [Key("shared", "login")]


TITLE = "Metric template errors.test"
SECRET = {"type": "prometheus", "address": "http://p", "secretRef": {"name": "s"}}


@pytest.mark.parametrize(
    ("cluster", "cause", "sentence"),
    [
        (
            Cluster(),
            Cause.DEPENDENCY,
            f'{TITLE} error: metrictemplate.flagger.app "errors" not found',
        ),
        (
            Cluster({("MetricTemplate", Key("test", "errors")): Missing("no such kind")}),
            Cause.DEPENDENCY,
            f"{TITLE} error: no such kind",
        ),
        (template(query=None), Cause.DEPENDENCY, f"{TITLE} error: spec.query"),
        (
            template(provider=SECRET),
            Cause.DEPENDENCY,
            f'{TITLE} secret s error: secrets "s" not found',
        ),
        (
            template(provider={"type": "prometheus", "address": "prom"}),
            Cause.DEPENDENCY,
            f"{TITLE} provider prometheus error: prometheus address prom is not a valid URL",
        ),
        (
            template(provider={"type": "datadog"}),
            Cause.SPEC,
            f"{TITLE} provider datadog error: MetricTemplate test/errors: spec.provider.type "
            "'datadog' is not supported yet; supported are openmetrics, prometheus",
        ),
        (
            template(query="{{ variables.x }}"),
            Cause.SPEC,
            f"{TITLE} query render error: template excution failed: template: tmpl:1:3: "
            'executing "tmpl" at <variables>: map has no entry for key "x"',
        ),
    ],
    ids=["missing", "no-kind", "unreadable", "secret", "address", "later", "render"],
)
def test_what_keeps_a_template_from_being_asked_is_told_in_flaggers_words(
    cluster: Cluster, cause: Cause, sentence: str
) -> None:
    seen = observe(observer(), due(TEMPLATED), answering(), cluster)

    (heard,) = seen.heard
    assert heard.trouble is not None
    assert heard.trouble.cause is cause
    assert heard.trouble.sentence.startswith(sentence)


def test_a_template_of_another_namespace_can_be_forbidden() -> None:
    entry = {**TEMPLATED, "templateRef": {"name": "errors", "namespace": "shared"}}
    cluster = template(namespace="shared")

    seen = observe(observer(no_cross_namespace_refs=True), due(entry), answering(), cluster)

    (heard,) = seen.heard
    assert heard.trouble is not None
    assert heard.trouble.advice == (
        "spec.metrics[0].templateRef: can't access metric template errors.shared, "
        "cross-namespace references are blocked"
    )


@pytest.mark.parametrize(
    ("entry", "target", "advice"),
    [
        (
            {"name": "mystery"},
            {},
            "spec.metrics[0] (mystery): no usable metrics template and query were configured; "
            "give it a query or a templateRef",
        ),
        (success_rate(), {"provider": "traeffik"}, "spec.target.provider: 'traeffik' has no"),
        (success_rate(), {"provider": None}, "spec.target.provider: needed for a built-in"),
        (metric(query="{{ foo }}"), {}, "spec.metrics[0] (errors): template parsing failed"),
        (metric(), {"metricsServer": "prom"}, "spec.target: prometheus address prom is not"),
    ],
    ids=["nothing", "provider", "no-provider", "template", "address"],
)
def test_a_check_names_the_field_that_cannot_work(
    entry: Mapping[str, Any], target: Mapping[str, Any], advice: str
) -> None:
    seen = observe(observer(), analysis(entry, target=target), answering())

    (heard,) = seen.heard
    assert heard.trouble is not None
    assert heard.trouble.cause is Cause.SPEC
    assert advice in heard.trouble.advice


def test_a_check_asks_whether_the_providers_are_online() -> None:
    subject = analysis(success_rate(), metric(), TEMPLATED)
    wire = answering()

    seen = observe(observer(), subject, wire, template())

    assert [heard.trouble for heard in seen.heard] == [None, None, None]
    assert wire.queries == ["vector(1)", "vector(1)"]


def test_a_provider_that_is_down_is_told_as_flagger_tells_it() -> None:
    subject = analysis(success_rate(), TEMPLATED)

    seen = observe(observer(), subject, refusing(), template())

    told = [heard.trouble.advice for heard in seen.heard if heard.trouble is not None]
    assert told == [
        "Error checking metric providers: prometheus not avaiable: running query failed: request "
        'failed: Post "http://default:9090/api/v1/query": connection refused',
        "Error checking metric providers: prometheus in metric template errors.test not avaiable: "
        'running query failed: request failed: Post "http://prom:9090/api/v1/query": '
        "connection refused",
    ]


def test_a_provider_that_is_down_when_due_is_an_error() -> None:
    subject = due(success_rate())

    status = after(subject, decide(subject, observe(observer(), subject, refusing())))

    assert status.verdict is Verdict.ERROR
    assert status.measurements[0].sentence == (
        "Prometheus query failed: running query failed: request failed: Post "
        '"http://default:9090/api/v1/query": connection refused'
    )


def test_a_request_that_the_operator_forbids_stalls_a_check_and_is_an_error_when_due() -> None:
    def forbid(_request: Request) -> Response:
        raise SpecError("plain HTTP is not allowed", reason="InsecureURL")

    checked = observe(observer(), analysis(metric()), Wire(forbid))
    heard = observe(observer(), due(metric()), Wire(forbid))

    assert checked.heard[0].trouble is not None
    assert checked.heard[0].trouble.reason == "InsecureURL"
    assert heard.heard[0].trouble is not None
    assert heard.heard[0].trouble.sentence == "Metric query failed: plain HTTP is not allowed"


def test_equal_queries_of_one_second_are_asked_once() -> None:
    shared, wire = observer(), answering()
    subject = due(metric(), metric("same"))

    observe(shared, subject, wire)
    observe(shared, subject, wire)

    assert wire.queries == ["vector(0)"]


def test_a_question_of_the_next_second_is_asked_again() -> None:
    shared, wire = observer(), answering()

    observe(shared, due(metric(), second=10), wire)
    observe(shared, due(metric(), second=11), wire)

    assert len(wire.sent) == 2


SCRAPING: dict[str, Any] = {
    "source": SourceType.OPENMETRICS,
    "openmetrics_addresses": ("http://a/metrics", "http://b/metrics"),
}


def exports(page: str) -> Wire:
    return Wire(lambda _: Response(200, page.encode(), {"content-type": "text/plain"}))


def exporting(total: float) -> Wire:
    return exports(f'# TYPE requests_total counter\nrequests_total{{code="200"}} {total}\n')


def test_exporters_are_scraped_while_a_verdict_is_waited_for() -> None:
    entry = metric(query="sum(increase(requests_total[{{ interval }}]))", thresholdRange={})
    shared, memory = observer(**SCRAPING), dict[str, Any]()
    status = due(entry, second=3).status
    for second in (1, 2):
        waiting = analysis(entry, now=later(second), status=status, run=run(due=3))
        seen = observe(shared, waiting, exporting(100 + 10 * second), memory=memory)
        assert seen.heard == ()
        assert seen.scrape_s == 1.0

    final = analysis(entry, now=later(3), status=status, run=run(due=3))
    seen = observe(shared, final, exporting(130), memory=memory)

    (heard,) = seen.heard
    assert heard.answer is not None
    assert heard.answer.early is False
    # Two exporters, 110 to 130 in 2 s, stretched by the second to the start of the window.
    assert heard.answer.values == pytest.approx((2 * 20 * 2.5 / 2 * 1.2,), rel=0.01)


def test_after_a_restart_too_little_was_scraped_to_judge() -> None:
    subject = due(metric(query="sum(rate(requests_total[1m]))"), second=10)

    seen = observe(observer(**SCRAPING), subject, exporting(100))

    (heard,) = seen.heard
    assert heard.answer is not None
    assert heard.answer.early


def test_what_the_last_revision_exported_passes_no_other() -> None:
    """Its pods are gone, and those of the next revision crash before they export anything."""
    entry = metric(query='max(app_failing{pod=~"app-.*"})', thresholdRange={"max": 0})
    shared, memory = observer(**SCRAPING), dict[str, Any]()
    page, verdicts = 'app_failing{pod="app-old"} 0\n', []
    status = MetricAnalysisStatus()
    for token, begun in (("rev1", 0), ("rev2", 20)):
        for second in (0, 1, 2, 3, 10):
            asked = run(token, begun, begun + 10)
            subject = analysis(entry, now=later(begun + second), status=status, run=asked)
            wire = exports(page)
            status = after(subject, decide(subject, observe(shared, subject, wire, None, memory)))
        verdicts.append(status.verdict)
        page = ""

    assert verdicts == [Verdict.PASSED, Verdict.NO_DATA]


def test_templates_with_pages_of_one_host_do_not_see_one_anothers_series() -> None:
    def asked(name: str) -> Cluster:
        provider = {"type": "openmetrics", "address": f"http://x/metrics?of={name}"}
        return template(name, provider=provider, query="sum(failing)")

    cluster = Cluster({**asked("a").objects, **asked("b").objects})
    entries = [{"name": name, "templateRef": {"name": name}} for name in "ab"]
    wire = Wire(lambda r: Response(200, f"failing {0 if r.url.endswith('a') else 7}\n".encode()))

    seen = observe(observer(), due(*entries), wire, cluster)

    assert [heard.answer and heard.answer.values for heard in seen.heard] == [(0.0,), (7.0,)]


def test_the_samples_of_a_run_are_let_go_once_it_is_settled() -> None:
    entry = metric(query="sum(requests_total)", thresholdRange={})
    shared, memory, asked = observer(**SCRAPING), dict[str, Any](), run(due=3)
    status = due(entry, second=3).status
    for second in (1, 2, 3):
        subject = analysis(entry, now=later(second), status=status, run=asked)
        decision = decide(subject, observe(shared, subject, exporting(7), memory=memory))
        status = after(subject, decision)
        assert memory

    settled = analysis(entry, now=later(4), status=status, run=asked)
    wire = exporting(7)
    final = decide(settled, observe(shared, settled, wire, memory=memory))

    assert decision.requeue_after_s == 1  # Somebody has to come by.
    assert (wire.sent, memory, final.requeue_after_s) == ([], {}, None)


def test_a_continuous_analysis_keeps_its_samples_between_verdicts() -> None:
    entry = metric(query="sum(increase(requests_total[10s]))", thresholdRange={})
    shared, memory, status = observer(**SCRAPING), dict[str, Any](), None
    verdicts = []
    for second in range(7):
        subject = analysis(entry, now=later(second), status=status, interval="5s")
        seen = observe(shared, subject, exporting(1000 + 10 * second), memory=memory)
        status = after(subject, decide(subject, seen))
        verdicts.append(status.measurements[0].value if status.measurements else None)

    assert verdicts[1] == pytest.approx(2 * 10 * 1.5)
    assert verdicts[6] == pytest.approx(2 * 10 * 6.5)


def test_a_metrics_server_of_the_target_wins_over_scraping() -> None:
    subject = due(metric(), target={"metricsServer": "http://mine:9090"})
    wire = answering()

    observe(observer(**SCRAPING), subject, wire)

    assert wire.queries == ["vector(0)"]


def test_waiting_reads_no_secret() -> None:
    provider = {"type": "prometheus", "address": "http://p", "secretRef": {"name": "login"}}
    cluster = template(provider=provider)
    status = due(TEMPLATED).status
    waiting = analysis(TEMPLATED, now=later(5), status=status, run=run())

    observe(observer(), waiting, answering(), cluster)

    assert cluster.secrets_read == []
