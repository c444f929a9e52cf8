"""What real clients read from a World's store over HTTP: the API server's ways on loopback."""

from typing import Any

import pytest

from tests.kernel.facade_scene import (
    BICYCLES,
    MERGE,
    METADATA_ONLY,
    Scene,
    bicycle,
    fill,
    names,
    nobody_reads_secrets,
    play,
)


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
