"""How a Canary that Flagger has led so far is taken over: by what runs, not by Flagger's hashes."""

from dataclasses import replace
from typing import Any

from flagger_py.wire import Manifest

from .api_status import Progress
from .case import Case
from .copying import primary
from .phases import ACTIVE, REST, Phase
from .primary import CONFIGS

FLAGGER_ID = "flagger-id"
UNKNOWN = "unknown"
"""Stands for a revision that only Flagger knew the hash of."""


def unknown(case: Case) -> bool:
    """Tell whether another controller has written this status and ours never has."""
    return case.status.progress is None and case.phase not in (Phase.NEW, Phase.INITIALIZING)


def adopted(case: Case) -> Case:
    """Return the case with the progress that follows from comparing target and primary.

    Equal templates mean that nothing is under way. Different ones mean a rolled back revision
    where Flagger says Failed, and everywhere else one that has still to be analysed from the
    first step: what Flagger has measured of it is not known.
    """
    if case.seen.target is None:
        return case
    same = case.seen.primary is not None and _same(case, case.seen.primary)
    promoted = case.revision if same else UNKNOWN
    seen = case.revision if same or case.phase is Phase.FAILED else UNKNOWN
    progress = Progress(revision=seen, promoted=promoted, target=case.spec.target_ref.name)
    phase = case.phase
    if phase in ACTIVE or phase not in REST:
        phase = Phase.SUCCEEDED
    status = case.status.model_copy(
        update={"progress": progress, "phase": str(phase), "canary_weight": 0}
    )
    return replace(case, subject=replace(case.subject, status=status))


def _same(case: Case, live: Manifest) -> bool:
    wanted = primary(case, None)["spec"]["template"]
    return _plain(wanted) == _plain(live["spec"]["template"])


def _plain(template: dict[str, Any]) -> dict[str, Any]:
    meta = dict(template.get("metadata") or {})
    ours_or_theirs = (FLAGGER_ID, CONFIGS)
    annotations = {
        k: v for k, v in (meta.get("annotations") or {}).items() if k not in ours_or_theirs
    }
    meta.pop("creationTimestamp", None)
    meta["annotations"] = annotations
    return {"metadata": meta, "spec": template["spec"]}
