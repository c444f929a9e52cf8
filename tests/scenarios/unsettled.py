"""Differences from the recorded Flagger that nobody meant: each is a defect, or needs a decision.

An entry covers exactly the places it names; once they agree the test asks to strike it off.
"""

from dataclasses import dataclass

from tests.beds.compare import Difference

from .rewriting import EVERYWHERE


@dataclass(frozen=True, slots=True)
class Unsettled:
    """In *scenario*, places of *part* that begin with *where* differ; *why* says whose doing."""

    scenario: str
    part: str
    where: str
    why: str

    def covers(self, difference: Difference) -> bool:
        return difference.part == self.part and difference.where.startswith(self.where)


AT_REST = "the weight is told at once; Flagger tells it once a first release is under way"
BEFORE = "an event tells the phase after the move; Flagger tells the one it was decided in"
ALWAYS_PROGRESSING = "confirm-promotion says WaitingPromotion; Flagger always says Progressing"
LABEL = "the copies of ConfigMaps and Secrets lack app.kubernetes.io/managed-by"

UNSETTLED: tuple[Unsettled, ...] = (
    Unsettled(EVERYWHERE, "metrics", "flagger_canary_total", "nothing counts Canaries yet"),
    *(
        Unsettled(scenario, "metrics", "flagger_canary_weight", AT_REST)
        for scenario in (
            "configmap-untracked",
            "delete-plain",
            "init",
            "init-never-ready",
            "primary-deleted",
            "replicas-and-labels",
            "service-ports",
            "target-appears-later",
        )
    ),
    Unsettled("configmap", "objects", "ConfigMap/files-primary.first.metadata.labels", LABEL),
    Unsettled("configmap", "objects", "ConfigMap/settings-primary.", LABEL),
    Unsettled(
        "configmap",
        "replicas",
        "Deployment/app-primary.rolled",
        "a promoted configuration does not restart the primary's pods: they keep the old one",
    ),
    Unsettled(
        "configmap",
        "revisions",
        "",
        "lastAppliedSpec moves with a tracked config; Flagger's says the pod template alone",
    ),
    Unsettled("configmap-untracked", "objects", "ConfigMap/files-primary.first.metadata", LABEL),
    Unsettled("copies", "objects", "ConfigMap/settings-primary.first.metadata.labels", LABEL),
    Unsettled("copies", "objects", "Secret/key-primary.first.metadata.labels", LABEL),
    Unsettled(
        "copies",
        "objects",
        "Deployment/app-primary.last.metadata.annotations",
        "the promotion keeps the annotations that the primary was made with; Flagger wipes them",
    ),
    *(
        Unsettled("gate-promotion", "webhooks", f"[{place}].payload.phase", ALWAYS_PROGRESSING)
        for place in (1, 2)
    ),
    *(
        Unsettled("hooks-all", "webhooks", f"[{place}].payload", BEFORE)
        for place in (3, 13, 14, 15)
    ),
    *(
        Unsettled(
            "service-ports",
            "objects",
            f"TraefikService/app.last.metadata.{kind}",
            "unmanaged metadata of the Service spread to the route, by a shared map; ours do not",
        )
        for kind in ("annotations", "labels")
    ),
    Unsettled(
        "target-appears-later",
        "events",
        "",
        "no event says that the target is missing",
    ),
    *(
        Unsettled(
            "target-without-label",
            part,
            "",
            "neither phase Initializing nor an event says that no selector label was found",
        )
        for part in ("status", "conditions", "events")
    ),
)
