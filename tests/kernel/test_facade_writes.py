"""What writes over HTTP make of a World's store, and which of them are refused."""

from typing import Any

import pytest

from flagger_py.clock import wall_clock
from flagger_py.refs import CONFIG_MAP, Key
from flagger_py.testing.facade.loading import load
from flagger_py.testing.served import BUILT_IN, custom
from flagger_py.testing.store import Store
from tests.kernel.facade_scene import APPLY, BICYCLE, BICYCLES, MERGE, Scene, bicycle, play


def test_status_and_spec_are_written_apart() -> None:
    async def act(scene: Scene) -> Any:
        await scene.ask("POST", BICYCLES, {**bicycle(), "status": {"stolen": True}})
        both = {"spec": {"gears": 9}, "status": {"stolen": False}}
        await scene.ask("PATCH", f"{BICYCLES}/red/status", both, headers=MERGE)
        status_patched = (await scene.ask("GET", f"{BICYCLES}/red"))[1]
        both = {"spec": {"gears": 7}, "status": {"stolen": True}}
        await scene.ask("PATCH", f"{BICYCLES}/red", both, headers=MERGE)
        return status_patched, (await scene.ask("GET", f"{BICYCLES}/red"))[1]

    by_status, by_spec = play(act)

    assert (by_status["spec"], by_status["status"]["stolen"]) == ({"gears": 3}, False)
    assert (by_spec["spec"], by_spec["status"]["stolen"]) == ({"gears": 7}, False)
    assert by_status["metadata"]["generation"] == 1
    assert by_spec["metadata"]["generation"] == 2


def test_an_apply_creates_and_then_changes() -> None:
    async def act(scene: Scene) -> tuple[int, int, Any]:
        query = {"fieldManager": "me", "force": "true"}
        path = f"{BICYCLES}/red"
        made, _ = await scene.ask("PATCH", path, "spec: {gears: 3}", params=query, headers=APPLY)
        changed, body = await scene.ask(
            "PATCH", path, "spec: {gears: 4}", params=query, headers=APPLY
        )
        return made, changed, body

    made, changed, body = play(act)

    assert (made, changed, body["spec"]) == (201, 200, {"gears": 4})
    assert [entry["manager"] for entry in body["metadata"]["managedFields"]] == ["me"]


def test_a_conflict_of_managers_names_them_and_their_fields() -> None:
    async def act(scene: Scene) -> tuple[int, Any]:
        scene.store.apply(bicycle(gears=3), "kustomize-controller")
        mine = {"fieldManager": "me"}
        return await scene.ask(
            "PATCH", f"{BICYCLES}/red", bicycle(gears=9), params=mine, headers=APPLY
        )

    code, body = play(act)

    assert (code, body["reason"]) == (409, "Conflict")
    assert body["message"].startswith("Apply failed with 1 conflict: ")
    cause = body["details"]["causes"][0]
    assert (cause["reason"], cause["field"]) == ("FieldManagerConflict", ".spec.gears")
    assert cause["message"].startswith('conflict with "kustomize-controller"')


def test_a_replacement_of_an_old_version_is_refused() -> None:
    async def act(scene: Scene) -> tuple[int, Any]:
        old = scene.store.create(bicycle())
        scene.store.put(bicycle(gears=5))
        return await scene.ask("PUT", f"{BICYCLES}/red", old)

    code, body = play(act)

    assert (code, body["reason"]) == (409, "Conflict")


def test_a_json_patch_is_applied_in_order() -> None:
    async def act(scene: Scene) -> tuple[int, Any]:
        scene.store.create(bicycle())
        operations = [
            {"op": "test", "path": "/spec/gears", "value": 3},
            {"op": "replace", "path": "/spec/gears", "value": 8},
        ]
        headers = {"Content-Type": "application/json-patch+json"}
        return await scene.ask("PATCH", f"{BICYCLES}/red", operations, headers=headers)

    code, body = play(act)

    assert (code, body["spec"]) == (200, {"gears": 8})


@pytest.mark.parametrize(
    ("preconditions", "code", "left"),
    [({"uid": "other"}, 409, 1), ({}, 200, 0)],
    ids=["another-uid", "none"],
)
def test_a_deletion_heeds_its_preconditions(
    preconditions: dict[str, str], code: int, left: int
) -> None:
    async def act(scene: Scene) -> tuple[int, int]:
        scene.store.create(bicycle())
        options = {"kind": "DeleteOptions", "preconditions": preconditions}
        found, _ = await scene.ask("DELETE", f"{BICYCLES}/red", options)
        return found, len(scene.store.list(BICYCLE))

    assert play(act) == (code, left)


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "code"),
    [
        ("POST", BICYCLES, "{", {}, 400),
        ("POST", BICYCLES, "[]", {}, 400),
        ("POST", BICYCLES, {"kind": "Tricycle"}, {}, 400),
        ("POST", BICYCLES, {"spec": {}}, {}, 422),
        ("PUT", f"{BICYCLES}/blue", bicycle("red"), {}, 400),
        ("PUT", BICYCLES, bicycle(), {}, 405),
        ("PATCH", f"{BICYCLES}/red", {}, APPLY, 422),
        ("PATCH", f"{BICYCLES}/red", {}, {"Content-Type": "text/plain"}, 415),
        ("POST", f"{BICYCLES}?dryRun=All", bicycle(), {}, 400),
    ],
    ids=[
        "no-json",
        "no-object",
        "other-kind",
        "no-name",
        "other-name",
        "put-all",
        "no-manager",
        "no-form",
        "dry-run",
    ],
)
def test_a_malformed_write_is_refused_and_changes_nothing(
    method: str, path: str, body: Any, headers: dict[str, str], code: int
) -> None:
    async def act(scene: Scene) -> tuple[int, int]:
        found, _ = await scene.ask(method, path, body, headers=headers)
        return found, scene.store.version

    assert play(act) == (code, 0)


def test_loaded_objects_keep_status_and_owner() -> None:
    owner = {**bicycle(), "status": {"stolen": True}}
    owner["metadata"] = {**owner["metadata"], "uid": "old-uid"}
    reference = {"apiVersion": "shop.example/v1", "kind": "Bicycle", "name": "red"}
    owned = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "lock",
            "namespace": "shop",
            "ownerReferences": [{**reference, "uid": "old-uid"}],
        },
    }
    store = Store(wall_clock, (*BUILT_IN, custom(BICYCLE)))

    load(store, (owner, owned))

    found = store.get(BICYCLE, Key("shop", "red"))
    lock = store.get(CONFIG_MAP, Key("shop", "lock"))
    assert found is not None
    assert lock is not None
    assert found["status"] == {"stolen": True}
    assert lock["metadata"]["ownerReferences"][0]["uid"] == found["metadata"]["uid"]
