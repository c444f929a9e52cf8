"""What a watch over HTTP tells, from which version on, and how it ends."""

import asyncio
from typing import Any

from flagger_py.refs import Key
from tests.kernel.facade_scene import BICYCLE, BICYCLES, Scene, bicycle, fill, play


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
