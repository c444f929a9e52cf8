"""What crosses parts: the run token, the split, and the three answers read from a status.

Whoever asks writes a token into `spec.run`; whoever answers repeats it in its status. An answer
to another token is no answer. Readers look at the shape of a status alone, never at its kind, so
that any controller may take part.

The fields that a rollout hands on as its user wrote them are in `service`, `http` and
`thresholds`, which are imported by name.
"""

from flagger_py.contracts.answers import Answer, GateAnswer, Measurement, Verdict
from flagger_py.contracts.moments import Moment
from flagger_py.contracts.runs import GateRun, Run, token
from flagger_py.contracts.splits import ALL_TO_PRIMARY, InForce, Split
from flagger_py.contracts.statuses import (
    Gated,
    Judged,
    Routed,
    acknowledged,
    condition_of,
    read_gated,
    read_judged,
    read_routed,
    status_of,
)

__all__ = [
    "ALL_TO_PRIMARY",
    "Answer",
    "GateAnswer",
    "GateRun",
    "Gated",
    "InForce",
    "Judged",
    "Measurement",
    "Moment",
    "Routed",
    "Run",
    "Split",
    "Verdict",
    "acknowledged",
    "condition_of",
    "read_gated",
    "read_judged",
    "read_routed",
    "status_of",
    "token",
]
