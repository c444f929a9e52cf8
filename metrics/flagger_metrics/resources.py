"""The kinds that this part owns, as the API server is told about them."""

from flagger_py.crd import AGE, STANDING, Column, CustomResource

from . import api, api_template

METRIC_ANALYSIS = CustomResource(
    kind=api.METRIC_ANALYSIS,
    about="A MetricAnalysis reads metrics and says whether they are as they should be.",
    spec=api.MetricAnalysisSpec,
    status=api.MetricAnalysisStatus,
    short_names=("ma",),
    printer_columns=(Column("Verdict", ".status.verdict"), *STANDING),
)

METRIC_TEMPLATE = CustomResource(
    kind=api_template.METRIC_TEMPLATE,
    about="A MetricTemplate says what to ask of which metric provider.",
    spec=api_template.MetricTemplateSpec,
    short_names=("mt",),
    printer_columns=(Column("Provider", ".spec.provider.type"), AGE),
    spec_required=False,
    kept=True,
)

RESOURCES = (METRIC_ANALYSIS, METRIC_TEMPLATE)
