"""The kinds that this part owns, as the API server is told about them."""

from flagger_py.crd import AGE, STANDING, Column, CustomResource

from . import api, api_alerts, api_shadow

CANARY = CustomResource(
    kind=api.KIND,
    about="A Canary releases new revisions of a workload step by step, and only if they do well.",
    spec=api.CanarySpec,
    status=api.CanaryStatus,
    short_names=("cd",),
    printer_columns=(
        Column("Status", ".status.phase"),
        Column("Weight", ".status.canaryWeight"),
        Column("Suspended", ".spec.suspend", "boolean", priority=1),
        Column("FailedChecks", ".status.failedChecks", priority=1),
        Column("Interval", ".spec.analysis.interval", priority=1),
        Column("Mirror", ".spec.analysis.mirror", "boolean", priority=1),
        Column("StepWeight", ".spec.analysis.stepWeight", priority=1),
        Column("StepWeights", ".spec.analysis.stepWeights", priority=1),
        Column("MaxWeight", ".spec.analysis.maxWeight", priority=1),
        Column("LastTransitionTime", ".status.lastTransitionTime"),
        *STANDING,
    ),
    spec_required=False,
    kept=True,
)

ALERT_PROVIDER = CustomResource(
    kind=api_alerts.KIND,
    about="An AlertProvider says where alerts about releases go.",
    spec=api_alerts.AlertProviderSpec,
    short_names=("ap",),
    printer_columns=(Column("Type", ".spec.type"), AGE),
    spec_required=False,
    kept=True,
)

SHADOW_POLICY = CustomResource(
    kind=api_shadow.KIND,
    about=(
        "A ShadowPolicy says how targets of some kind are copied, promoted and judged ready. "
        "No controller of this version reads it yet."
    ),
    spec=api_shadow.ShadowPolicySpec,
    short_names=("sp",),
    printer_columns=(Column("Target", ".spec.target.kind"), AGE),
)

RESOURCES = (CANARY, ALERT_PROVIDER, SHADOW_POLICY)
"""Flagger's two kinds accept all that Flagger's own definitions accept, an absent spec included."""
