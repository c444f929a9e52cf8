"""The MetricAnalysis kind, as the API server is told about it."""

from flagger_py.crd import STANDING, Column, CustomResource

from .api import METRIC_ANALYSIS, MetricAnalysisSpec, MetricAnalysisStatus

ANALYSIS = CustomResource(
    kind=METRIC_ANALYSIS,
    about="A MetricAnalysis reads metrics and says whether they are as they should be.",
    spec=MetricAnalysisSpec,
    status=MetricAnalysisStatus,
    short_names=("ma",),
    printer_columns=(Column("Verdict", ".status.verdict"), *STANDING),
)
