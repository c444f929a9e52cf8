"""Where a hand in the middle of a release is meant to matter differently than to Flagger."""

from .rewriting import Deviation

EDITED = "weights edited by hand are believed: put back to the split that should be in force"
DRIFT = "route drift resets to 100/0 mid-analysis: put back to the split that should be in force"
REVERTED = "reverting to the promoted spec mid-analysis runs on: stops, back to primary, done"

DEVIATIONS: tuple[Deviation, ...] = (
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
        lambda found: {
            "Deployment/app": {"spec": [2, 0, 2, 0], "available": [0, 2, 0]},
            "Deployment/app-primary": {"spec": [2], "available": [0, 2]},
        },
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
    Deviation(
        "route-weights-edited",
        "shares",
        EDITED,
        lambda shares: [
            {"route": {"app-primary": 100 - w, "app-canary": w}, "canary": w / 100}
            for w in (40, 60, 80)
        ],
    ),
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
)
