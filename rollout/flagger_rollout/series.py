"""What the Prometheus metrics that Canaries tell mean; their names and labels are Flagger's."""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "flagger_canary_total": "Canaries of a namespace",
    "flagger_canary_status": (
        "How a Canary stands: 0 while a release is analysed, 2 if the last one failed, else 1"
    ),
    "flagger_canary_weight": "Percent of the requests that a workload is given",
    "flagger_canary_metric_analysis": (
        "The last value of a metric of the analysis; that of request-duration in seconds"
    ),
    "flagger_canary_duration_seconds": "How long after it was due a check was decided, in seconds",
    "flagger_canary_successes_total": "Releases that were promoted",
    "flagger_canary_failures_total": "Releases that were rolled back",
}
