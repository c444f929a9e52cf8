"""Where questions and their answers are meant to differ from the recorded Flagger."""

from .rewriting import (
    Deviation,
    appended,
    less,
    not_asked_again,
    released,
    replaced,
    said,
    texts,
    with_the_new_checksum,
)

ANY_2XX = "203, 204, 206 from a webhook are failures: any 2xx is success"
NEW_CHECKSUM = "an event-webhook payload with the old checksum: the new"
ONCE_ASKED = "the gate before a traffic increase is asked before the promotion too: not asked"
TAKEN_BACK = "a push taken back while Waiting is never noticed: noticed at once"
WAITING = "WaitingPromotion shows weight 0 and iterations -1: keeps both"
ZEROED = "failedChecks stays after success: zeroed"

DEVIATIONS: tuple[Deviation, ...] = (
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
    Deviation("hooks-all", "webhooks", ONCE_ASKED, not_asked_again("confirm-traffic-increase")),
    Deviation("hooks-all", "webhooks", NEW_CHECKSUM, with_the_new_checksum),
    Deviation(
        "pre-rollout-fails",
        "status",
        ZEROED,
        replaced({("Succeeded", 0, 2, 0): ("Succeeded", 0, 0, 0)}),
    ),
)
