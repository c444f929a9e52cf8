"""The MetricAnalysis controller: its part, its flags, its process."""

import argparse
from collections.abc import Sequence
from typing import Any

from flagger_py.errors import SpecError
from flagger_py.runtime.options import RuntimeOptions, seconds
from flagger_py.runtime.part import Part

from .api import METRIC_ANALYSIS, MetricAnalysisSpec, MetricAnalysisStatus
from .decide import Seen, decide
from .observe import Observer
from .providers.installed import installed
from .settings import METRICS_SERVER, MetricsSettings, Source
from .sources import Finder

PROGRAM = "flagger-metrics"
FINALIZER = "metrics.flagger.app/finalizer"

MetricsPart = Part[MetricAnalysisSpec, MetricAnalysisStatus, Seen]


def part(options: MetricsSettings) -> MetricsPart:
    """Return the controller of MetricAnalysis; equal queries of its objects are asked once."""
    observer = Observer(Finder(options, installed()), options)
    return Part(
        name="metrics",
        kind=METRIC_ANALYSIS,
        spec=MetricAnalysisSpec,
        status=MetricAnalysisStatus,
        observe=observer.observe,
        decide=decide,
        finalizer=FINALIZER,
        default_account=options.default_account,
    )


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Teach *parser* the flags of this part."""
    parser.add_argument(
        *("--metrics-server", "-metrics-server"),
        default=None,  # In one process with others nobody may take the default for a wish.
        help=f"URL of the Prometheus for built-in and inline queries; {METRICS_SERVER} if empty.",
    )
    parser.add_argument(
        "--metrics-source",
        default=Source.PROMETHEUS.value,
        choices=[source.value for source in Source],
        help="Ask the metrics server, or scrape exporters and evaluate the queries ourselves.",
    )
    parser.add_argument(
        "--openmetrics-address",
        action="append",
        default=[],
        help="URL of an exporter to scrape; may be repeated.",
    )
    parser.add_argument(
        "--scrape-interval",
        type=seconds,
        default=None,
        help=(
            "How often metrics are scraped: by the metrics server (15s if not given; a query's "
            "window never becomes shorter than two of them) or by us (1s if not given)."
        ),
    )


def settings(options: RuntimeOptions, args: argparse.Namespace) -> MetricsSettings:
    """Collect this part's choices; `SpecError` names the flag that is missing."""
    source = Source(args.metrics_source)
    if source is Source.OPENMETRICS and not args.openmetrics_address:
        raise SpecError("--metrics-source=openmetrics needs at least one --openmetrics-address")
    return MetricsSettings(
        metrics_server=args.metrics_server or METRICS_SERVER,
        source=source,
        openmetrics_addresses=tuple(args.openmetrics_address),
        scrape_s=args.scrape_interval,
        no_cross_namespace_refs=options.no_cross_namespace_refs,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, args: argparse.Namespace) -> Sequence[Part[Any, Any, Any]]:
    return (part(settings(options, args)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the controller until it is told to stop; returns the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)
