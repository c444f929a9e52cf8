"""What one pass over a MetricAnalysis is about, from the object and the time alone."""

import hashlib
from datetime import datetime, timedelta
from enum import StrEnum

from flagger_py.contracts import Verdict
from flagger_py.quantities import duration_s
from flagger_py.subject import REQUESTED_AT, Subject

from .api import MetricAnalysisSpec, MetricAnalysisStatus
from .settings import DEFAULTS, MetricsSettings

Analysis = Subject[MetricAnalysisSpec, MetricAnalysisStatus]


class Stage(StrEnum):
    """What one pass is about."""

    CHECK = "Check"
    """Nothing is asked: see whether everything that would be asked can be."""
    ACKNOWLEDGE = "Acknowledge"
    """A new run: say so, at once, and ask nothing."""
    WAIT = "Wait"
    """The verdict is not due yet."""
    JUDGE = "Judge"
    """The verdict is due."""
    SETTLED = "Settled"
    """The verdict on this run was given and is final."""


def stage(subject: Analysis, settings: MetricsSettings = DEFAULTS) -> Stage:
    """Say what this pass is about; a verdict on a run that was given is final."""
    spec, status = subject.spec, subject.status
    if spec.run is not None:
        if status.run != spec.run.token:
            return Stage.ACKNOWLEDGE
        if status.verdict is not Verdict.PENDING:
            return Stage.SETTLED
        due = spec.run.due
        return Stage.WAIT if due is not None and subject.now < due else Stage.JUDGE
    if spec.interval is None:
        return Stage.CHECK
    return Stage.WAIT if _rests(subject, settings) else Stage.JUDGE


def next_at(subject: Analysis, settings: MetricsSettings) -> datetime | None:
    """Return when a continuous analysis judges again, None before its first verdict.

    The jitter follows from the object and its last verdict: every pass comes to the same moment.
    """
    judged_at, interval = subject.status.judged_at, subject.spec.interval
    if judged_at is None or interval is None:
        return None
    digest = hashlib.sha256(f"{subject.uid}/{judged_at.isoformat()}".encode()).digest()
    place = int.from_bytes(digest[:4]) / 2**31 - 1
    stretched = 1 + place * settings.interval_jitter_percent / 100
    return judged_at + timedelta(seconds=duration_s(interval, "spec.interval") * stretched)


def _rests(subject: Analysis, settings: MetricsSettings) -> bool:
    """Tell whether a continuous analysis has judged this spec within its interval."""
    status = subject.status
    if status.run is not None or status.verdict in (None, Verdict.PENDING):
        return False
    if status.observed_generation != subject.generation:
        return False
    if subject.annotations.get(REQUESTED_AT, "") != (status.last_handled_reconcile_at or ""):
        return False
    again_at = next_at(subject, settings)
    return again_at is not None and subject.now < again_at
