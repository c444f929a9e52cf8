"""The MetricAnalysis controller: its part, its flags, its process."""

from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from flagger_py.errors import SpecError
from flagger_py.runtime.flags import url
from flagger_py.runtime.options import RuntimeOptions, flag, seconds
from flagger_py.runtime.part import Part

from .api import METRIC_ANALYSIS, MetricAnalysisSpec, MetricAnalysisStatus
from .decide import Seen, decide
from .observe import Observer
from .providers.installed import installed
from .settings import METRICS_SERVER, MetricsSettings, SourceType
from .sources import Finder

PROGRAM = "flagger-metrics"
FINALIZER = "finalizers.flagger.app/metrics"

MetricsPart = Part[MetricAnalysisSpec, MetricAnalysisStatus, Seen]


def part(settings: MetricsSettings) -> MetricsPart:
    """Return the part that owns every MetricAnalysis; equal queries of theirs are asked once."""
    observer = Observer(Finder(settings, installed()), settings)
    return Part(
        name="metrics",
        kind=METRIC_ANALYSIS,
        spec=MetricAnalysisSpec,
        status=MetricAnalysisStatus,
        observe=observer.observe,
        decide=partial(decide, settings=settings),
        finalizer=FINALIZER,
        default_account=settings.default_account,
    )


def add_flags(parser: ArgumentParser) -> None:
    """Teach *parser* the flags of this part."""
    flag(
        parser,
        "metrics-server",
        default=None,  # In one process with others nobody may take the default for a wish.
        type=url,
        help=f"URL of the Prometheus for built-in and inline queries; {METRICS_SERVER} if empty.",
    )
    flag(
        parser,
        "metrics-source",
        default=SourceType.PROMETHEUS.value,
        choices=[source.value for source in SourceType],
        help="Ask the metrics server, or scrape exporters and evaluate the queries ourselves.",
    )
    flag(
        parser,
        "openmetrics-address",
        action="append",
        default=[],
        help="URL of an exporter to scrape; may be repeated.",
    )
    flag(
        parser,
        "scrape-interval",
        type=seconds,
        default=None,
        help=(
            "How often metrics are scraped: by the metrics server (15s if not given; a query's "
            "window never becomes shorter than two of them) or by us (1s if not given)."
        ),
    )


def settings_from(options: RuntimeOptions, flags: Namespace) -> MetricsSettings:
    """Collect this part's choices from those of the process and from parsed *flags*.

    Raises `SpecError` naming the flag that is missing, or that means nothing beside the others.
    """
    source = SourceType(flags.metrics_source)
    if source is SourceType.PROMETHEUS and flags.openmetrics_address:
        raise SpecError("--openmetrics-address needs --metrics-source=openmetrics")
    if flags.scrape_interval is not None and flags.scrape_interval <= 0:
        raise SpecError("--scrape-interval must be longer than nothing, such as 15s")
    if source is SourceType.OPENMETRICS and not flags.openmetrics_address:
        raise SpecError("--metrics-source=openmetrics needs at least one --openmetrics-address")
    return MetricsSettings(
        metrics_server=flags.metrics_server or METRICS_SERVER,
        source=source,
        openmetrics_addresses=tuple(flags.openmetrics_address),
        scrape_s=flags.scrape_interval,
        requeue_dependency_s=options.requeue_dependency_s,
        interval_jitter_percent=options.interval_jitter_percentage,
        no_cross_namespace_refs=options.no_cross_namespace_refs,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, flags: Namespace) -> Sequence[MetricsPart]:
    """Return the one part of a process of its own."""
    return (part(settings_from(options, flags)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)
