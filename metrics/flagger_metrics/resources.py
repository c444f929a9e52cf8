"""The kinds that this part owns, as the API server is told about them."""

from flagger_py.crd import AGE, Column, CustomResource

from . import api_template

METRIC_TEMPLATE = CustomResource(
    kind=api_template.KIND,
    about="A MetricTemplate says what to ask of which metric provider.",
    spec=api_template.MetricTemplateSpec,
    short_names=("mt",),
    printer_columns=(Column("Provider", ".spec.provider.type"), AGE),
    spec_required=False,
    kept=True,
)

RESOURCES = (METRIC_TEMPLATE,)
