"""Where ours is meant to differ from the recorded Flagger, and what is expected instead.

Every rule rewrites a part of the recording into exactly what ours must be. The reason is the row
of the list «Canary: Flagger's behaviour, minus its defects» that it follows from, or `bed:` where
the simulated surroundings cannot say the same as the real ones.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from . import deviations_asking, deviations_midway
from .rewriting import (
    EVERYWHERE,
    Deviation,
    appended,
    children_are_labelled,
    complete_copies,
    explicit_zero,
    more,
    no_flagger_id,
    owned_by_the_route,
    pods_name_their_configs,
    ports_keep_their_protocol,
)

BED = "bed:"
COPIES = "copies of ConfigMaps lack binaryData, labels and annotations: complete"
EACH_READ = "no data, provider down, bad query: separate verdicts, so each metric is read"
MULTIPLE = "several series: the last one counts: Inconclusive"
PROTOCOL = "UDP ports become TCP: protocol kept"
REPLICAS = "a deleted primary returns with one replica: with the replicas it had"
STILL_BORN = "a first version that never becomes ready stays Initializing: Failed by the deadline"
FOREIGN_LABELS = "whole-object updates: SSA of owned fields only"
ZERO_WEIGHT = "weights always sum to 100: a missing weight is 1 to Traefik, so ours writes the 0"

DEVIATIONS: tuple[Deviation, ...] = (
    *deviations_asking.DEVIATIONS,
    *deviations_midway.DEVIATIONS,
    Deviation(
        EVERYWHERE,
        "objects",
        "created objects are owned by the Canary: by the object of the part that made them",
        owned_by_the_route,
    ),
    Deviation(
        EVERYWHERE,
        "objects",
        "flagger-id in the primary's template forces rollouts: none",
        no_flagger_id,
    ),
    *(
        Deviation(
            scenario,
            "objects",
            "flagger-id forces rollouts: none, so that a promoted config needs one of its own",
            pods_name_their_configs,
        )
        for scenario in ("configmap", "configmap-untracked", "copies")
    ),
    Deviation(
        EVERYWHERE,
        "objects",
        "children carry app.kubernetes.io/managed-by",
        children_are_labelled,
    ),
    Deviation(
        "bad-errors",
        "metrics",
        EACH_READ,
        more({"flagger_canary_metric_analysis{metric=request-duration,name=app}": "N"}),
    ),
    Deviation(
        "configmap-untracked",
        "objects",
        COPIES,
        complete_copies({"ConfigMap/files-primary": {"binaryData": {"b.bin": "AAEC"}}}),
    ),
    Deviation(
        "configmap",
        "objects",
        COPIES,
        complete_copies(
            {
                "ConfigMap/files-primary": {"binaryData": {"b.bin": "AAEC"}},
                "ConfigMap/settings-primary": {
                    "metadata": {
                        "labels": {"app": "app", "team": "red"},
                        "annotations": {"note": "mine"},
                    }
                },
            }
        ),
    ),
    Deviation(
        "copies",
        "objects",
        COPIES,
        complete_copies({"ConfigMap/settings-primary": {"metadata": {"labels": {"app": "app"}}}}),
    ),
    Deviation("init-never-ready", "status", STILL_BORN, appended(["Failed", 0, 0, 0])),
    Deviation(
        "init-never-ready",
        "conditions",
        STILL_BORN,
        appended(["False", "Failed", "Canary analysis failed, Deployment scaled to zero."]),
    ),
    Deviation("init-never-ready", "revisions", STILL_BORN, appended(["revision-1", ""])),
    Deviation(
        "init-never-ready",
        "events",
        STILL_BORN,
        lambda events: [events[0], ["Warning", "Canary failed! Scaling down app.${NS}"]],
    ),
    Deviation(
        "init-never-ready",
        "metrics",
        STILL_BORN,
        more({"flagger_canary_status{name=app}": 2.0}),
    ),
    Deviation(
        "metric-odd-answers",
        "metrics",
        MULTIPLE,
        lambda metrics: {k: v for k, v in metrics.items() if "metric=several" not in k},
    ),
    Deviation(
        "metric-odd-answers",
        "events",
        "bed: the parser of the simulated Prometheus knows no positions",
        lambda events: [[kind, text.replace("1:5: parse", "parse")] for kind, text, *_ in events],
    ),
    Deviation("odd-weights", "routes", ZERO_WEIGHT, explicit_zero),
    Deviation("odd-weights", "shares", ZERO_WEIGHT, explicit_zero),
    Deviation("step-list-odd", "routes", ZERO_WEIGHT, explicit_zero),
    Deviation("step-list-odd", "shares", ZERO_WEIGHT, explicit_zero),
    Deviation(
        "primary-deleted",
        "replicas",
        REPLICAS,
        lambda found: {**found, "Deployment/app-primary": {"spec": [2], "available": [0, 2, 0, 2]}},
    ),
    Deviation(
        "primary-deleted",
        "objects",
        REPLICAS,
        lambda found: {
            **found,
            "Deployment/app-primary": {
                k: v for k, v in found["Deployment/app-primary"].items() if k != "last"
            },
        },
    ),
    Deviation("service-ports", "objects", PROTOCOL, ports_keep_their_protocol),
    Deviation(
        "service-ports",
        "objects",
        FOREIGN_LABELS,
        complete_copies(
            {
                "Service/app": {
                    "metadata": {"labels": {"drop.me": "1"}, "annotations": {"drop.me/too": "1"}}
                }
            },
            states=("last",),
        ),
    ),
)


def expected(
    scenario: str, recorded: Mapping[str, Any], *, simulated: bool = True
) -> dict[str, Any]:
    """Return what our record of *scenario* must be, *simulated* or in the lab."""
    found = deepcopy(dict(recorded))
    for deviation in DEVIATIONS:
        if not simulated and deviation.reason.startswith(BED):
            continue
        if deviation.scenario in (EVERYWHERE, scenario):
            found[deviation.part] = deviation.rewrite(found[deviation.part])
    return found
