"""What real clients get from a World's store over HTTP: the API server's ways on loopback."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import pytest
from kubernetes import client as official
from kubernetes import config as official_config
from kubernetes import dynamic

from flagger_py.clock import wall_clock
from flagger_py.errors import Conflict, Missing, SpecError
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, SECRET, Key, Kind
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.reflector import Reflector
from flagger_py.runtime.refusals import Ask
from flagger_py.runtime.store import Store as Cache
from flagger_py.testing import defaults
from flagger_py.testing.facade.loading import load
from flagger_py.testing.facade.server import Facade, serve
from flagger_py.testing.served import BUILT_IN, custom
from flagger_py.testing.store import Store
from tests.kernel.loopback import client_of

T = TypeVar("T")
BICYCLE = Kind("shop.example", "v1", "Bicycle", "bicycles")
BICYCLES = "/apis/shop.example/v1/namespaces/shop/bicycles"
APPLY = {"Content-Type": "application/apply-patch+yaml"}
MERGE = {"Content-Type": "application/merge-patch+json"}
METADATA_ONLY = {"Accept": "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"}


@dataclass(frozen=True, slots=True)
class Scene:
    """A store, its server, and a plain HTTP client."""

    store: Store
    facade: Facade
    http: aiohttp.ClientSession

    async def ask(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        """Send one request; a body that is text goes as it is."""
        data = body if isinstance(body, str | None) else json.dumps(body)
        async with self.http.request(method, path, data=data, **more) as response:
            raw = await response.read()
            is_json = response.content_type == "application/json"
            return response.status, json.loads(raw) if is_json else raw.decode()

    @asynccontextmanager
    async def watch(self, path: str = BICYCLES, **query: str) -> AsyncIterator[Callable[[], Any]]:
        """Open a watch; call what it yields for its next event."""
        params = {"watch": "1", **query}
        async with self.http.get(path, params=params) as response:
            assert response.status == 200, await response.text()

            async def following() -> Any:
                async with asyncio.timeout(5):
                    line = await response.content.readline()
                return json.loads(line) if line else None

            yield following


def play(act: Callable[[Scene], Awaitable[T]], **options: Any) -> T:
    """Do *act* against a served store."""

    async def whole() -> T:
        store = Store(wall_clock, (*BUILT_IN, custom(BICYCLE, default=defaults.unobserved)))
        facade = await serve(store, **options)
        try:
            async with aiohttp.ClientSession(facade.url) as http:
                return await act(Scene(store, facade, http))
        finally:
            await facade.close()

    return asyncio.run(whole())


def bicycle(name: str = "red", **spec: Any) -> dict[str, Any]:
    return {
        "apiVersion": "shop.example/v1",
        "kind": "Bicycle",
        "metadata": {"name": name, "namespace": "shop", "labels": {"colour": name}},
        "spec": spec or {"gears": 3},
    }


def fill(store: Store, count: int) -> None:
    for number in range(count):
        store.create(bicycle(f"b{number:03}"))


def names(body: Any) -> list[str]:
    return [item["metadata"]["name"] for item in body["items"]]


# Reading.


def test_discovery_tells_what_is_served() -> None:
    async def act(scene: Scene) -> tuple[Any, Any, Any]:
        _, groups = await scene.ask("GET", "/apis")
        _, group = await scene.ask("GET", "/apis/shop.example/v1")
        return groups, group, await scene.ask("GET", "/apis/nowhere.example/v1")

    groups, group, (code, _) = play(act)

    assert "shop.example" in [item["name"] for item in groups["groups"]]
    assert [item["name"] for item in group["resources"]] == ["bicycles", "bicycles/status"]
    assert code == 404


@pytest.mark.parametrize("path", ["/readyz", "/version", "/api"])
def test_a_server_that_listens_is_ready(path: str) -> None:
    code, _ = play(lambda scene: scene.ask("GET", path))

    assert code == 200


def test_an_absent_object_is_a_status_that_names_it() -> None:
    code, body = play(lambda scene: scene.ask("GET", f"{BICYCLES}/red"))

    assert (code, body["kind"], body["reason"]) == (404, "Status", "NotFound")
    assert body["details"] == {"name": "red", "group": "shop.example", "kind": "bicycles"}


def test_a_kind_that_is_not_served_is_no_status() -> None:
    assert play(lambda scene: scene.ask("GET", "/apis/shop.example/v2/bicycles")) == (
        404,
        "404 page not found\n",
    )


def test_pages_show_the_list_as_it_was_at_the_first() -> None:
    async def act(scene: Scene) -> tuple[Any, Any]:
        fill(scene.store, 5)
        _, first = await scene.ask("GET", BICYCLES, params={"limit": "3"})
        scene.store.create(bicycle("b999"))
        token = first["metadata"]["continue"]
        _, second = await scene.ask("GET", BICYCLES, params={"limit": "3", "continue": token})
        return first, second

    first, second = play(act)

    assert names(first) + names(second) == ["b000", "b001", "b002", "b003", "b004"]
    assert first["metadata"]["remainingItemCount"] == 2
    assert first["metadata"]["resourceVersion"] == second["metadata"]["resourceVersion"]
    assert "continue" not in second["metadata"]


def test_a_page_of_a_forgotten_list_is_gone() -> None:
    async def act(scene: Scene) -> tuple[int, Any]:
        return await scene.ask("GET", BICYCLES, params={"limit": "3", "continue": "Wzk5LDNd"})

    code, body = play(act)

    assert (code, body["reason"]) == (410, "Expired")


def test_a_long_list_arrives_whole() -> None:
    async def act(scene: Scene) -> Any:
        fill(scene.store, 450)
        return (await scene.ask("GET", "/apis/shop.example/v1/bicycles"))[1]

    body = play(act)

    assert len(set(names(body))) == 450
    assert body["kind"] == "BicycleList"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"labelSelector": "colour in (red,blue)"}, ["blue", "red"]),
        ({"labelSelector": "colour!=red"}, ["blue", "green"]),
        ({"fieldSelector": "metadata.name=green"}, ["green"]),
        ({"fieldSelector": "metadata.name!=green"}, ["blue", "red"]),
        ({"fieldSelector": "metadata.name=black"}, []),
    ],
    ids=["in", "not-equal", "name", "not-name", "nothing"],
)
def test_selectors_narrow_a_list(query: dict[str, str], found: list[str]) -> None:
    async def act(scene: Scene) -> Any:
        for name in ("red", "green", "blue"):
            scene.store.create(bicycle(name))
        return (await scene.ask("GET", BICYCLES, params=query))[1]

    assert names(play(act)) == found


def test_metadata_alone_is_sent_where_that_is_asked() -> None:
    async def act(scene: Scene) -> tuple[Any, Any]:
        scene.store.create(bicycle())
        _, listed = await scene.ask("GET", BICYCLES, headers=METADATA_ONLY)
        return listed, (await scene.ask("GET", f"{BICYCLES}/red", headers=METADATA_ONLY))[1]

    listed, single = play(act)

    assert listed["kind"] == "PartialObjectMetadataList"
    assert single["kind"] == "PartialObjectMetadata"
    assert "spec" not in single
    assert listed["items"][0] == single


def test_items_of_a_built_in_kind_do_not_name_it() -> None:
    """Clients must not rely on it, since a real API server leaves it out."""

    async def act(scene: Scene) -> Any:
        scene.store.create(bicycle())
        return [(await scene.ask("GET", p))[1]["items"] for p in ("/api/v1/namespaces", BICYCLES)]

    namespaces, bicycles = play(act)

    assert "kind" not in namespaces[0]
    assert bicycles[0]["kind"] == "Bicycle"


# Writing.


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


# Watching.


def test_a_watch_goes_on_from_a_version_without_a_gap() -> None:
    async def act(scene: Scene) -> list[tuple[str, str]]:
        version = scene.store.create(bicycle("red"))["metadata"]["resourceVersion"]
        scene.store.create(bicycle("blue"))
        async with scene.watch(resourceVersion=version) as following:
            events = [await following()]
            scene.store.put(bicycle("red", gears=9))
            scene.store.delete(BICYCLE, Key("shop", "blue"))
            events += [await following(), await following()]
        return [(event["type"], event["object"]["metadata"]["name"]) for event in events]

    assert play(act) == [("ADDED", "blue"), ("MODIFIED", "red"), ("DELETED", "blue")]


def test_a_watch_list_ends_its_beginning_with_a_bookmark() -> None:
    async def act(scene: Scene) -> tuple[list[Any], int]:
        fill(scene.store, 2)
        query = {"sendInitialEvents": "true", "resourceVersionMatch": "NotOlderThan"}
        async with scene.watch(**query, allowWatchBookmarks="true") as following:
            events = [await following() for _ in range(3)]
            version = scene.store.version
            scene.store.create(bicycle("late"))
            return [*events, await following()], version

    events, version = play(act)

    assert [event["type"] for event in events] == ["ADDED", "ADDED", "BOOKMARK", "ADDED"]
    meta = events[2]["object"]["metadata"]
    assert meta["annotations"] == {"k8s.io/initial-events-end": "true"}
    assert meta["resourceVersion"] == str(version)
    assert events[3]["object"]["metadata"]["name"] == "late"


def test_a_watch_list_without_its_match_is_refused() -> None:
    async def act(scene: Scene) -> tuple[int, Any]:
        query = {"watch": "1", "sendInitialEvents": "true"}
        return await scene.ask("GET", BICYCLES, params=query)

    code, body = play(act)

    assert (code, body["reason"]) == (422, "Invalid")


def test_a_watch_from_a_forgotten_version_is_gone() -> None:
    async def act(scene: Scene) -> Any:
        fill(scene.store, 3)
        scene.store.compact()
        async with scene.watch(resourceVersion="1") as following:
            return await following(), await following()

    event, end = play(act)

    assert (event["type"], event["object"]["code"]) == ("ERROR", 410)
    assert end is None


def test_a_version_that_is_yet_to_come_is_refused() -> None:
    code, body = play(
        lambda scene: scene.ask("GET", BICYCLES, params={"watch": "1", "resourceVersion": "77"})
    )

    assert (code, body["reason"]) == (504, "Timeout")


def test_a_quiet_watch_gets_bookmarks_of_the_present_version() -> None:
    async def act(scene: Scene) -> tuple[Any, int]:
        fill(scene.store, 1)
        query = {"resourceVersion": "1", "allowWatchBookmarks": "true"}
        async with scene.watch("/api/v1/secrets", **query) as following:
            return await following(), scene.store.version

    event, version = play(act, bookmark_s=0.01)

    assert (event["type"], event["object"]["kind"]) == ("BOOKMARK", "Secret")
    assert event["object"]["metadata"]["resourceVersion"] == str(version)


def test_a_watch_ends_when_its_time_is_up() -> None:
    async def act(scene: Scene) -> Any:
        fill(scene.store, 1)
        async with scene.watch(resourceVersion="1", timeoutSeconds="0.05") as following:
            await following()
            return await following()

    assert play(act) is None


def test_what_leaves_a_selection_is_deleted_for_its_watch() -> None:
    async def act(scene: Scene) -> list[Any]:
        scene.store.create(bicycle("red"))
        query = {"labelSelector": "colour=red", "resourceVersion": str(scene.store.version)}
        async with scene.watch(**query) as following:
            scene.store.create(bicycle("blue"))
            painted = {"metadata": {"labels": {"colour": "grey"}}}
            scene.store.patch(BICYCLE, Key("shop", "red"), painted)
            scene.store.put(bicycle("red"))
            return [await following(), await following()]

    left, entered = play(act)

    assert (left["type"], entered["type"]) == ("DELETED", "ADDED")
    assert left["object"]["metadata"]["labels"] == {"colour": "red"}


def test_a_client_that_leaves_is_forgotten() -> None:
    async def act(scene: Scene) -> tuple[int, int]:
        async with scene.watch(resourceVersion="0"):
            during = scene.facade.watches
        async with asyncio.timeout(5):
            while scene.facade.watches:
                await asyncio.sleep(0)
        return during, scene.facade.watches

    assert play(act) == (1, 0)


def test_closing_the_server_ends_its_watches() -> None:
    async def act(scene: Scene) -> Any:
        async with scene.watch(resourceVersion="0") as following:
            await scene.facade.close()
            return await following()

    assert play(act) is None


# Who may.


def nobody_reads_secrets(account: str, verb: str, kind: Kind, namespace: str) -> bool:
    return kind != SECRET


def test_an_impersonated_account_has_its_own_rights_only() -> None:
    async def act(scene: Scene) -> tuple[Any, Any]:
        tenant = {"Impersonate-User": "system:serviceaccount:shop:tenant"}
        as_tenant = await scene.ask("GET", "/api/v1/namespaces/shop/secrets", headers=tenant)
        return as_tenant, await scene.ask("GET", "/api/v1/namespaces/shop/secrets")

    (code, body), (own_code, _) = play(act, may=nobody_reads_secrets)

    assert (code, body["reason"], own_code) == (403, "Forbidden", 200)


def test_requests_are_counted_by_who_sent_them() -> None:
    async def act(scene: Scene) -> Any:
        headers = {"User-Agent": "shopper/1.0"}
        await scene.ask("GET", BICYCLES, headers=headers)
        await scene.ask("PATCH", f"{BICYCLES}/red/status", {}, headers={**headers, **MERGE})
        return dict(scene.facade.requests)

    assert play(act) == {
        ("shopper", "list", "bicycles.shop.example"): 1,
        ("shopper", "patch", "bicycles.shop.example/status"): 1,
    }


def test_only_loopback_is_served() -> None:
    with pytest.raises(ValueError, match="no loopback address"):
        play(lambda scene: scene.ask("GET", "/readyz"), host="0.0.0.0")


# Real clients.


def with_ours(act: Callable[[Scene, Client], Awaitable[T]], **options: Any) -> T:
    """Do *act* with the project's own client."""

    async def inner(scene: Scene) -> T:
        async with client_of(scene.facade.url) as client:
            return await act(scene, client)

    return play(inner, **options)


def test_our_client_reads_pages_writes_and_deletes() -> None:
    async def act(scene: Scene, client: Client) -> tuple[Any, ...]:
        key = Key("shop", "red")
        params = {"fieldManager": "me", "force": "false"}
        made = await client.apply(BICYCLE, bicycle(), params=params)
        fill(scene.store, 501)
        counts = [len(page.items) async for page in client.pages(Scope(BICYCLE))]
        await client.delete(BICYCLE, key, uid="other")
        kept = await client.get(BICYCLE, key)
        await client.delete(BICYCLE, key, uid=made["metadata"]["uid"])
        return counts, kept, await client.get(BICYCLE, key)

    counts, kept, gone = with_ours(act)

    assert counts == [500, 2]
    assert kept is not None
    assert gone is None


def test_our_client_understands_the_refusals() -> None:
    async def act(scene: Scene, client: Client) -> list[Any]:
        scene.store.apply(bicycle(gears=3), "other")
        params = {"fieldManager": "me", "force": "false"}
        nowhere = Kind("nowhere.example", "v1", "Thing", "things")
        wrong = {"metadata": {"name": "Not A Name", "namespace": "shop"}}
        return await asyncio.gather(
            client.apply(BICYCLE, bicycle(gears=4), params=params),
            client.create(BICYCLE, bicycle()),
            client.get(nowhere, Key("shop", "x")),
            client.create(CONFIG_MAP, wrong),
            return_exceptions=True,
        )

    held, exists, missing, invalid = with_ours(act)

    assert isinstance(held, Conflict)
    assert (held.managers, held.fields) == (("other",), (".spec.gears",))
    assert isinstance(exists, Conflict)
    assert isinstance(missing, Missing)
    assert isinstance(invalid, SpecError)


def test_our_client_discovers_kinds_and_asks_for_rights() -> None:
    async def act(scene: Scene, client: Client) -> tuple[Any, ...]:
        account = "system:serviceaccount:shop:tenant"
        asks = (Ask("get", kind, Key("shop", "x")) for kind in (SECRET, DEPLOYMENT))
        allowed = [(await client.allowed(account, ask))[0] for ask in asks]
        return await client.discover("shop.example/v1"), allowed

    kinds, allowed = with_ours(act, may=nobody_reads_secrets)

    assert kinds == (BICYCLE,)
    assert allowed == [False, True]


def test_our_reflector_stays_true_beyond_a_compaction() -> None:
    async def act(scene: Scene, client: Client) -> set[str]:
        fill(scene.store, 2)
        news: asyncio.Queue[str] = asyncio.Queue()
        cache = Cache(BICYCLE, lambda change: news.put_nowait(change.key.name), None)
        reflector = Reflector(client, Scope(BICYCLE), cache, jitter=lambda: 0.0)
        running = asyncio.create_task(reflector.run())
        try:
            await reflector.wait()
            scene.store.create(bicycle("late"))
            scene.store.delete(BICYCLE, Key("shop", "b000"))
            heard: set[str] = set()
            async with asyncio.timeout(5):
                while not {"late", "b000", "b001"} <= heard or Key("shop", "b000") in cache:
                    heard.add(await news.get())
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return {name for name in ("b000", "b001", "late") if Key("shop", name) in cache}

    assert with_ours(act) == {"b001", "late"}


def test_the_official_client_works_by_kubeconfig(tmp_path: Path) -> None:
    def use(path: Path) -> tuple[Any, ...]:
        api = official_config.new_client_from_config(str(path))
        with api:
            bicycles = dynamic.DynamicClient(api, cache_file=str(tmp_path / "cache")).resources.get(
                api_version="shop.example/v1", kind="Bicycle"
            )
            bicycles.server_side_apply(bicycle(), field_manager="me", namespace="shop")
            found = bicycles.get(name="red", namespace="shop")
            with pytest.raises(official.ApiException) as refused:
                official.CoreV1Api(api).read_namespaced_secret("none", "shop")
            namespaces = official.CoreV1Api(api).list_namespace()
        return found.spec.gears, refused.value.status, namespaces.items[0].metadata.name

    async def act(scene: Scene) -> tuple[Any, ...]:
        return await asyncio.to_thread(use, scene.facade.kubeconfig(tmp_path / "config"))

    assert play(act) == (3, 404, "shop")


# Loading.


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
