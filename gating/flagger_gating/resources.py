"""The kind of this part as its CustomResourceDefinition declares it."""

from flagger_py.crd import STANDING, Column, CustomResource

from .api import GATE, GateSpec, GateStatus

RESOURCES = (
    CustomResource(
        kind=GATE,
        about="Asks one question and reports open or closed.",
        spec=GateSpec,
        status=GateStatus,
        printer_columns=(
            Column("Open", '.status.conditions[?(@.type=="Open")].status'),
            Column("Answer", ".status.answer.value"),
            Column("Polls", ".status.run.polls", "integer", priority=1),
            *STANDING,
        ),
    ),
)
