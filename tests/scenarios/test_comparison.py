"""How a scenario is read, recorded and compared, apart from what the controllers do."""

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from flagger_py.testing.traffic import Served
from tests.beds.compare import differences
from tests.beds.essence import essence
from tests.beds.history import Change, canary_record, event_record, masked, object_record
from tests.beds.reports import clients, shares
from tests.beds.story import NAMESPACE, read_story

NOW = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = Path(__file__).parents[1] / "compat" / "scenarios" / "good-steps.json"


def now(after_s: float) -> datetime:
    return NOW + timedelta(seconds=after_s)


def as_ours(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Return the recorded part of a record in the form that ours has."""
    found = deepcopy(dict(recorded))
    found["clients"] = {
        name: {"requests": seen["requests"], "errors": float(sum(seen["errors"].values()))}
        for name, seen in found["clients"].items()
    }
    return found


def change(kind: str, manifest: Mapping[str, Any] | None, name: str = "app") -> Change:
    told = None if manifest is None else {"kind": kind, "metadata": {"name": name}, **manifest}
    return Change(NOW, kind, name, told)


def canary(phase: str, weight: int = 0, **more: Any) -> Change:
    return change("Canary", {"status": {"phase": phase, "canaryWeight": weight, **more}})


def traefik_service(**weights: int) -> Change:
    services = [{"name": f"app-{side}", "weight": w} for side, w in weights.items()]
    return change("TraefikService", {"spec": {"weighted": {"services": services}}})


def test_a_record_does_not_differ_from_itself() -> None:
    record = read_story(GOOD).record

    assert differences(as_ours(record), record) == ()


@pytest.mark.parametrize(
    ("part", "edit"),
    [
        ("status", lambda found: found.pop()),
        ("events", lambda found: found[3].__setitem__(1, "Something else")),
        ("routes", lambda found: found["TraefikService/app"].reverse()),
        ("selectors", lambda found: found["Service/app"].append({"app": "app"})),
        ("replicas", lambda found: found["Deployment/app"]["spec"].append(1)),
        ("rolls", lambda found: found["Deployment/app-primary"].update(available=[0, 2])),
        ("objects", lambda found: found["Service/app"]["first"]["spec"].pop("type")),
        ("metrics", lambda found: found.update({"flagger_canary_status{name=app}": 2.0})),
        ("clients", lambda found: found["all"].update(errors=5.0)),
        ("clients", lambda found: found["all"]["requests"].update({"3 canary": 1.0})),
        ("shares", lambda found: found[2].update(canary=0.6)),
    ],
    ids=[
        "less statuses",
        "another event",
        "another order",
        "one more selector",
        "scaled again",
        "primary never rolled",
        "a field less",
        "another value",
        "more errors",
        "another version",
        "another share",
    ],
)
def test_every_part_can_differ(part: str, edit: Any) -> None:
    record = read_story(GOOD).record
    ours = as_ours(record)

    edit(ours["replicas" if part == "rolls" else part])

    assert {difference.part for difference in differences(ours, record)} == {part}


def test_fewer_errors_and_counts_of_events_are_no_difference() -> None:
    record = as_ours(read_story(GOOD).record)
    recorded = deepcopy(dict(read_story(GOOD).record))
    recorded["clients"]["all"]["errors"] = {"503 from the edge": 10}
    record["events"][0][2] = 7

    assert differences(record, recorded) == ()


def test_statuses_and_revisions_are_told_without_repeats() -> None:
    hashes = {"lastAppliedSpec": "b", "lastPromotedSpec": "a"}

    found = canary_record(
        [
            change("Canary", {}),
            canary("Initialized", lastAppliedSpec="a", lastPromotedSpec="a"),
            canary("Progressing", 20, **hashes),
            canary("Progressing", 20, **hashes, trackedConfigs={"configmap/x": "1"}),
        ]
    )

    assert found["status"] == [["Initialized", 0, 0, 0], ["Progressing", 20, 0, 0]]
    assert found["revisions"] == [
        ["", ""],
        ["revision-1", "revision-1"],
        ["revision-2", "revision-1"],
    ]
    assert found["trackedConfigs"] == [{}, {"configmap/x": "1"}]


def test_routes_are_told_by_their_splits_until_they_are_deleted() -> None:
    steps = [traefik_service(primary=100), traefik_service(primary=80, canary=20)]

    found = object_record([*steps, steps[-1], change("TraefikService", None)], frozenset())

    assert found["routes"] == {
        "TraefikService/app": [
            {"app-primary": 100},
            {"app-primary": 80, "app-canary": 20},
            "deleted",
        ]
    }
    assert found["objects"]["TraefikService/app"]["deleted"] is True


def test_given_objects_are_told_only_by_what_became_of_them() -> None:
    before, after = ({"data": {"color": color}} for color in ("blue", "green"))

    found = object_record(
        [change("ConfigMap", before), change("ConfigMap", after)], frozenset({"ConfigMap/app"})
    )

    assert found["objects"] == {"ConfigMap/app": {"given": True, "last": {"metadata": {}, **after}}}


def test_events_about_other_objects_and_mere_waiting_are_left_out() -> None:
    def event(about: str, message: str) -> Change:
        told = {"involvedObject": {"kind": about}, "type": "Normal", "message": message}
        return change("Event", told)

    found = event_record(
        [
            event("TrafficRoute", "split changed"),
            event("Canary", "app not ready: waiting for rollout to finish: 1 of 2"),
            event("Canary", f"Initialization done! app.{NAMESPACE}"),
        ],
        NAMESPACE,
    )

    assert found["events"] == [["Normal", "Initialization done! app.${NS}"]]
    assert found["waits"] == ["app not ready: waiting for rollout to finish: …"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Halt app.scenario advancement success rate 71.43% < 99%", "success rate N% < 99%"),
        ("Halt app.scenario advancement no-limit 1.00 > 0", "no-limit N > 0"),
        ("running query failed: request failed: Get x: refused", "request failed: …"),
    ],
    ids=["percent", "number", "transport"],
)
def test_what_is_measured_is_hidden(text: str, told: str) -> None:
    assert masked(text, NAMESPACE).endswith(told)


def test_what_a_server_fills_in_is_no_content() -> None:
    container = {"name": "app", "image": "app:1", "resources": {}, "ports": [{"containerPort": 80}]}
    spec = {"containers": [container], "restartPolicy": "Always"}
    manifest = {
        "kind": "Deployment",
        "metadata": {"annotations": {"deployment.kubernetes.io/revision": "1"}},
        "spec": {"replicas": 2, "revisionHistoryLimit": 10, "template": {"spec": spec}},
    }

    found = essence(manifest)

    port = {"containerPort": 80, "protocol": "TCP"}
    asked = {"name": "app", "image": "app:1", "ports": [port]}
    assert found == {
        "metadata": {},
        "spec": {
            "progressDeadlineSeconds": 600,
            "replicas": 2,
            "template": {"spec": {"containers": [asked]}},
        },
    }


def test_users_are_told_apart_by_who_answered() -> None:
    counts = {
        Served("all", "1", "primary", 200): 80.0,
        Served("all", "2", "canary", 500): 5.0,
        Served("all", "", "none", 503): 2.0,
    }

    found = clients(counts)["all"]

    assert found["requests"] == {"1 primary": 80.0, "2 canary": 5.0, "none": 2.0}
    assert found["errors"] == 7.0


def test_shares_are_of_the_time_that_a_split_stood() -> None:
    primary, canary = Served("all", "1", "primary", 200), Served("all", "2", "canary", 200)
    splits = [
        ({"app-primary": 100}, now(0), {}),
        ({"app-primary": 80, "app-canary": 20}, now(10), {primary: 100.0}),
    ]

    found = shares(splits, now(20), {primary: 180.0, canary: 20.0})

    assert [(share["canary"], share["seconds"]) for share in found] == [(0.0, 10), (0.2, 10)]
