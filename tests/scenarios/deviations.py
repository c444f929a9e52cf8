"""Where ours is meant to differ from the recorded Flagger, and what is expected instead.

Every rule rewrites a part of the recording into exactly what ours must be. The reason is the row
of the list «Canary: Flagger's behaviour, minus its defects» that it follows from, or `bed:` where
the simulated surroundings cannot say the same as the real ones.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from .rewriting import (
    EVERYWHERE,
    Deviation,
    appended,
    children_are_labelled,
    complete_copies,
    explicit_zero,
    less,
    more,
    no_flagger_id,
    owned_by_the_route,
    ports_keep_their_protocol,
    released,
    replaced,
    said,
    texts,
)

INITIALISED = [["Initializing", 0, 0, 0], ["Initialized", 0, 0, 0]]
ANY_2XX = "203, 204, 206 from a webhook are failures: any 2xx is success"
COPIES = "copies of ConfigMaps lack binaryData, labels and annotations: complete"
EDITED = "weights edited by hand are believed: put back to the split that should be in force"
DRIFT = "route drift resets to 100/0 mid-analysis: put back to the split that should be in force"
EACH_READ = "no data, provider down, bad query: separate verdicts, so each metric is read"
MULTIPLE = "several series: the last one counts: Inconclusive"
ONCE_ASKED = "the gate before a traffic increase is asked before the promotion too: not asked"
PROTOCOL = "UDP ports become TCP: protocol kept"
REPLICAS = "a deleted primary returns with one replica: with the replicas it had"
REVERTED = "reverting to the promoted spec mid-analysis runs on: stops, back to primary, done"
STILL_BORN = "a first version that never becomes ready stays Initializing: Failed by the deadline"
TAKEN_BACK = "a push taken back while Waiting is never noticed: noticed at once"
WAITING = "WaitingPromotion shows weight 0 and iterations -1: keeps both"
ZEROED = "failedChecks stays after success: zeroed"
FOREIGN_LABELS = "whole-object updates: SSA of owned fields only"
ZERO_WEIGHT = "weights always sum to 100: a missing weight is 1 to Traefik, so ours writes the 0"

DEVIATIONS = (
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
    Deviation(
        "gate-promotion",
        "status",
        WAITING,
        replaced(
            {
                ("WaitingPromotion", 0, 0, -1): ("WaitingPromotion", 50, 0, 0),
                ("Promoting", 0, 0, -1): ("Promoting", 50, 0, 0),
            }
        ),
    ),
    Deviation(
        "gate-promotion-push",
        "status",
        WAITING,
        replaced({("WaitingPromotion", 0, 0, -1): ("WaitingPromotion", 50, 0, 0)}),
    ),
    Deviation("gate-rollout-revert", "status", TAKEN_BACK, appended(["Initialized", 0, 0, 0])),
    Deviation(
        "gate-rollout-revert",
        "conditions",
        TAKEN_BACK,
        appended(["True", "Initialized", "Deployment initialization completed."]),
    ),
    Deviation(
        "gate-rollout-revert",
        "events",
        TAKEN_BACK,
        said("The new revision was taken back while it waited for approval."),
    ),
    Deviation("gate-rollout-revert", "webhooks", TAKEN_BACK, lambda calls: calls[:1]),
    Deviation(
        "gate-traffic",
        "webhooks",
        ONCE_ASKED,
        lambda calls: calls[:-1],
    ),
    Deviation(
        "gate-traffic",
        "events",
        ONCE_ASKED,
        less("Confirm-traffic-increase check gate passed", nth=2),
    ),
    *released("hook-204", ANY_2XX, weight=50),
    Deviation(
        "hook-204",
        "events",
        ANY_2XX,
        texts(
            "all the metrics providers are available!",
            "Initialization done! app.${NS}",
            "New revision detected! Scaling up app.${NS}",
            "Starting canary analysis for app.${NS}",
            "Pre-rollout check empty passed",
            "Advance app.${NS} canary weight 50",
            "Copying app.${NS} template spec to app-primary.${NS}",
            "Routing all traffic to primary",
            "Promotion completed! Scaling down app.${NS}",
        ),
    ),
    Deviation(
        "hook-204",
        "webhooks",
        ANY_2XX,
        lambda calls: [calls[0], {**calls[0], "hook": "check", "answer": 202}],
    ),
    Deviation(
        "hooks-all",
        "events",
        ONCE_ASKED,
        less("Confirm-traffic-increase check more passed", nth=1),
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
        "pre-rollout-fails",
        "status",
        ZEROED,
        replaced({("Succeeded", 0, 2, 0): ("Succeeded", 0, 0, 0)}),
    ),
    Deviation(
        "primary-deleted",
        "replicas",
        REPLICAS,
        lambda found: {**found, "Deployment/app-primary": {"spec": [2]}},
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
    Deviation(
        "revert-midway",
        "status",
        REVERTED,
        lambda found: [*found[:4], ["Succeeded", 0, 0, 0]],
    ),
    Deviation("revert-midway", "conditions", REVERTED, lambda found: [*found[:3], found[5]]),
    Deviation(
        "revert-midway",
        "revisions",
        REVERTED,
        lambda found: [*found[:3], ["revision-1", "revision-1"]],
    ),
    Deviation(
        "revert-midway",
        "routes",
        REVERTED,
        lambda found: {title: [*splits[:2], splits[0]] for title, splits in found.items()},
    ),
    Deviation(
        "revert-midway",
        "replicas",
        REVERTED,
        lambda found: {**found, "Deployment/app": {"spec": [2, 0, 2, 0]}},
    ),
    Deviation(
        "revert-midway",
        "events",
        REVERTED,
        lambda events: [
            *events[:5],
            ["Normal", "app.${NS} is back at the promoted revision, ending its analysis"],
        ],
    ),
    Deviation(
        "revert-midway",
        "metrics",
        REVERTED,
        lambda metrics: {k: v for k, v in metrics.items() if "successes_total" not in k},
    ),
    Deviation("revert-midway", "shares", REVERTED, lambda shares: shares[:2]),
    Deviation(
        "route-weights-edited",
        "status",
        EDITED,
        lambda found: [
            *found[:4],
            ["Progressing", 40, 0, 0],
            ["Progressing", 60, 0, 0],
            ["Progressing", 80, 0, 0],
            ["Promoting", 80, 0, 0],
            *found[-2:],
        ],
    ),
    Deviation(
        "route-weights-edited",
        "routes",
        EDITED,
        lambda found: {
            title: [
                *splits[:3],
                *({"app-primary": 100 - w, "app-canary": w} for w in (20, 40, 60, 80)),
                splits[-1],
            ]
            for title, splits in found.items()
        },
    ),
    Deviation(
        "route-weights-edited",
        "events",
        EDITED,
        lambda events: [
            *events[:5],
            *(["Normal", f"Advance app.${{NS}} canary weight {w}"] for w in (40, 60, 80)),
            *events[-3:],
        ],
    ),
    Deviation("route-weights-edited", "shares", EDITED, lambda shares: shares[:2]),
    Deviation(
        "service-edited-midway",
        "status",
        DRIFT,
        lambda found: [*found[:5], *found[7:]],
    ),
    Deviation(
        "service-edited-midway",
        "routes",
        DRIFT,
        lambda found: {title: [*rules[:3], *rules[5:]] for title, rules in found.items()},
    ),
    Deviation(
        "service-edited-midway",
        "events",
        DRIFT,
        lambda events: [*events[:7], *events[11:]],
    ),
    Deviation("service-edited-midway", "webhooks", DRIFT, lambda calls: calls[:1]),
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


def expected(scenario: str, recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return what our record of *scenario* must be."""
    found = deepcopy(dict(recorded))
    for deviation in DEVIATIONS:
        if deviation.scenario in (EVERYWHERE, scenario):
            found[deviation.part] = deviation.rewrite(found[deviation.part])
    return found
