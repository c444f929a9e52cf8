"""The part is put together from flags, and its kind is told to the API server."""

import argparse
import re
from importlib.metadata import EntryPoint

import pytest

from flagger_metrics import controller
from flagger_metrics.api import MetricAnalysisSpec
from flagger_metrics.providers import PROVIDERS
from flagger_metrics.providers.installed import GROUP, installed
from flagger_metrics.providers.prometheus import Prometheus
from flagger_metrics.resources import METRIC_ANALYSIS as ANALYSIS
from flagger_metrics.settings import MetricsSettings, SourceType
from flagger_py.crd import definition
from flagger_py.errors import SpecError
from flagger_py.runtime.options import RuntimeOptions


def chosen(*argv: str) -> MetricsSettings:
    parser = argparse.ArgumentParser()
    controller.add_flags(parser)
    options = RuntimeOptions(no_cross_namespace_refs=True)
    return controller.settings_from(options, parser.parse_args(argv))


def test_without_flags_prometheus_is_asked() -> None:
    assert chosen() == MetricsSettings(
        metrics_server="http://prometheus:9090",
        source=SourceType.PROMETHEUS,
        interval_jitter_percent=5,
        no_cross_namespace_refs=True,
    )


def test_flags_choose_exporters_and_the_pace() -> None:
    settings = chosen(
        "--metrics-source=openmetrics",
        "--openmetrics-address=http://a/metrics",
        "--openmetrics-address=http://b/metrics",
        "--scrape-interval=500ms",
    )

    assert settings.source is SourceType.OPENMETRICS
    assert settings.openmetrics_addresses == ("http://a/metrics", "http://b/metrics")
    assert settings.scrape_interval_s(sampled=True) == 0.5


def test_scraping_needs_an_address() -> None:
    with pytest.raises(SpecError, match="--openmetrics-address"):
        chosen("--metrics-source=openmetrics")


def test_exporters_are_not_named_in_vain() -> None:
    with pytest.raises(SpecError, match="--metrics-source=openmetrics"):
        chosen("--openmetrics-address=http://a/metrics")


def test_a_pause_of_nothing_is_refused() -> None:
    with pytest.raises(SpecError, match="--scrape-interval"):
        chosen("--scrape-interval=0s")


def test_the_pace_of_the_process_is_taken_over() -> None:
    parser = argparse.ArgumentParser()
    controller.add_flags(parser)
    options = RuntimeOptions(requeue_dependency_s=7.0, interval_jitter_percentage=3)

    settings = controller.settings_from(options, parser.parse_args([]))

    assert (settings.requeue_dependency_s, settings.interval_jitter_percent) == (7.0, 3)


def test_unless_told_a_server_is_taken_to_scrape_more_slowly_than_we_do() -> None:
    settings = MetricsSettings()

    assert settings.scrape_interval_s(sampled=False) == 15
    assert settings.scrape_interval_s(sampled=True) == 1


def test_the_part_owns_metric_analyses() -> None:
    part = controller.part(MetricsSettings())

    assert (part.name, part.kind.kind, part.manager) == (
        "metrics",
        "MetricAnalysis",
        "flagger-metrics",
    )


def test_the_default_account_is_impersonated() -> None:
    """Without it a template could make us read Secrets with our own rights."""
    options = RuntimeOptions(default_service_account="tenant")
    parser = argparse.ArgumentParser()
    controller.add_flags(parser)

    (part,) = controller.parts(options, parser.parse_args([]))

    assert part.default_account == "tenant"


def point(name: str) -> EntryPoint:
    return EntryPoint(name, "flagger_metrics.providers.prometheus:Prometheus", GROUP)


def test_an_installed_package_adds_a_provider_to_ours() -> None:
    providers = installed([point("acme")])

    assert set(providers) == {*PROVIDERS, "acme"}
    assert isinstance(providers["acme"], Prometheus)


def test_an_installed_package_cannot_replace_a_provider() -> None:
    with pytest.raises(SpecError, match="'prometheus', which exists already"):
        installed([point("prometheus")])


def test_the_definition_has_the_names_that_users_type() -> None:
    names = definition(ANALYSIS)["spec"]["names"]

    assert (names["plural"], names["shortNames"]) == ("metricanalyses", ["ma"])


@pytest.mark.parametrize(
    ("spec", "field"),
    [
        ({}, "spec.target"),
        ({"target": {"name": ""}}, "spec.target.name"),
        ({"target": {"name": "a"}, "interval": "soon"}, "spec.interval"),
        ({"target": {"name": "a"}, "metrics": [{}]}, "spec.metrics[0].name"),
        ({"target": {"name": "a"}, "metrics": [{"name": "m", "reduce": "p99"}]}, "reduce"),
        (
            {
                "target": {"name": "a"},
                "metrics": [{"name": "m", "thresholdRange": {"min": 5, "max": 1}}],
            },
            "spec.metrics[0].thresholdRange: min 5 is greater than max 1",
        ),
        ({"target": {"name": "a"}, "metrics": [{"name": "m", "onError": "Pass"}]}, "onError"),
    ],
)
def test_a_spec_that_cannot_be_read_names_the_field(spec: dict[str, object], field: str) -> None:
    with pytest.raises(SpecError, match=re.escape(field)):
        MetricAnalysisSpec.read(spec, "spec")
