"""A watch cache stays true: through gaps, old events, failures and kinds that come late."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Any

import orjson
import pytest

from flagger_py.errors import FlaggerError, Missing, Unavailable
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.runtime.client import Scope
from flagger_py.runtime.reflector import Reflector
from flagger_py.runtime.refusals import Gone
from flagger_py.runtime.sent import Event, Page, event_of, sent
from flagger_py.runtime.store import Change, Store
from flagger_py.wire import Manifest

WEB = Key("apps", "web")


def deployment(version: int, name: str = "web", **rest: Any) -> dict[str, Any]:
    labels = rest.pop("labels", {"app": name})
    meta = {"name": name, "namespace": "apps", "uid": rest.pop("uid", f"uid-{name}")}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {**meta, "resourceVersion": str(version), "labels": labels},
        **rest,
    }


def event(kind: str, manifest: Manifest) -> Event:
    return event_of(orjson.dumps({"type": kind, "object": manifest}))


def bookmark(version: int) -> Event:
    return event("BOOKMARK", {"metadata": {"resourceVersion": str(version)}})


List = tuple[list[Manifest], str] | FlaggerError
Watch = list[Event] | FlaggerError


class Script:
    """A source that plays lists and watches in turn, and waits for ever after the last."""

    def __init__(self, lists: list[List], watches: list[Watch]) -> None:
        self.lists = lists
        self.watches = watches
        self.watched_from: list[str] = []
        self.over = asyncio.Event()

    async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
        if not self.lists:
            self.over.set()
            await asyncio.Event().wait()
        found = self.lists.pop(0)
        if isinstance(found, FlaggerError):
            raise found
        items, middle = tuple(map(sent, found[0])), len(found[0]) // 2
        yield Page(items[:middle], "")
        yield Page(items[middle:], found[1])

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Event, None]:
        self.watched_from.append(version)
        if not self.watches:
            self.over.set()
            await asyncio.Event().wait()
        found = self.watches.pop(0)
        if isinstance(found, FlaggerError):
            raise found
        for each in found:
            yield each


def play(
    script: Callable[[], Script], heard: list[Change] | None = None
) -> tuple[Script, Reflector, list[float]]:
    """Run a reflector through *script* to its end."""
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def scene() -> tuple[Script, Reflector]:
        source = script()
        store = Store(DEPLOYMENT, (heard if heard is not None else []).append)
        reflector = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=sleep)
        task = asyncio.create_task(reflector.run())
        await asyncio.wait_for(source.over.wait(), 5)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return source, reflector

    source, reflector = asyncio.run(scene())
    return source, reflector, pauses


def test_events_are_followed_from_the_version_of_the_list() -> None:
    script = lambda: Script(  # noqa: E731 - one scene, one line
        [([deployment(5)], "7")],
        [[event("MODIFIED", deployment(8, spec={"replicas": 2})), bookmark(9)]],
    )

    source, reflector, _ = play(script)

    assert source.watched_from == ["7", "9"]
    found = reflector.store.get(WEB)
    assert found is not None
    assert found["spec"] == {"replicas": 2}


def test_an_object_deleted_in_a_gap_is_noticed_by_the_next_list() -> None:
    heard: list[Change] = []
    script = lambda: Script(  # noqa: E731
        [([deployment(5), deployment(6, "gone")], "7"), ([deployment(5)], "20")],
        [Gone("too old")],
    )

    _, reflector, _ = play(script, heard)

    assert reflector.store.keys() == (WEB,)
    assert [(change.key.name, change.after) for change in heard[2:]] == [("gone", None)]


def test_an_error_event_for_an_old_version_lists_again() -> None:
    expired = event("ERROR", {"kind": "Status", "code": 410, "message": "expired"})
    script = lambda: Script([([], "7"), ([deployment(9)], "9")], [[expired]])  # noqa: E731

    source, reflector, _ = play(script)

    assert source.watched_from == ["7", "9"]
    assert WEB in reflector.store


def test_any_other_error_event_lists_again_after_a_pause() -> None:
    broken = event("ERROR", {"kind": "Status", "code": 500, "message": "oh"})
    script = lambda: Script([([], "7"), ([deployment(9)], "9")], [[broken]])  # noqa: E731

    _, reflector, pauses = play(script)

    assert WEB in reflector.store
    assert len(pauses) == 1


def test_a_server_that_fails_again_and_again_is_asked_on_with_growing_pauses() -> None:
    failures: list[List] = [Unavailable("503") for _ in range(8)]
    script = lambda: Script([*failures, ([deployment(5)], "7")], [])  # noqa: E731

    _, reflector, pauses = play(script)

    assert reflector.synced
    assert pauses == [0.5, 1, 2, 4, 5, 5, 5, 5]


def test_a_broken_watch_goes_on_where_it_was_without_a_list() -> None:
    script = lambda: Script(  # noqa: E731
        [([], "7")], [[event("ADDED", deployment(8))], Unavailable("reset")]
    )

    source, _, _ = play(script)

    assert source.watched_from == ["7", "8", "8"]


def test_an_old_event_does_not_undo_a_newer_answer() -> None:
    """An answer to our own write may be known before the watch tells of the one before."""
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(9, spec={"replicas": 9}))

    accepted = store.put(deployment(8, spec={"replicas": 8}))

    assert not accepted
    assert store.version_of(WEB) == 9


def test_a_deleted_object_is_not_brought_back_by_a_late_answer() -> None:
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(5))
    store.drop(WEB, 9)

    store.put(deployment(8))
    late = WEB in store
    store.put(deployment(12, uid="another"))

    assert not late
    assert WEB in store


def test_an_old_deletion_does_not_take_an_object_made_anew() -> None:
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(12, uid="another"))

    store.drop(WEB, 9)

    assert WEB in store


def test_an_object_newer_than_the_list_survives_it() -> None:
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(12))

    store.keep_only(set(), 9)

    assert WEB in store


def test_only_a_change_of_the_status_is_told_as_such() -> None:
    heard: list[Change] = []
    store = Store(DEPLOYMENT, heard.append)

    store.put(deployment(1, spec={"replicas": 1}))
    store.put(deployment(2, spec={"replicas": 1}, status={"ready": 1}))
    store.put(deployment(3, spec={"replicas": 2}, status={"ready": 1}))

    assert [change.status_only for change in heard] == [False, True, False]


def test_labels_select_and_keep_selecting_after_a_change() -> None:
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(1, "b", labels={"team": "x"}))
    store.put(deployment(2, "a", labels={"team": "x", "tier": "web"}))
    first = [m["metadata"]["name"] for m in store.select("apps", {"team": "x"})]

    store.put(deployment(3, "a", labels={"team": "y"}))
    store.put(deployment(4, "c", labels={"team": "x"}))
    store.drop(Key("apps", "b"), 5)

    assert first == ["a", "b"]
    assert [m["metadata"]["name"] for m in store.select("apps", {"team": "x"})] == ["c"]
    assert [m["metadata"]["name"] for m in store.select("", {"team": "y"})] == ["a"]
    assert store.select("other", {"team": "x"}) == ()


def test_what_is_read_from_a_cache_is_the_readers_own() -> None:
    store = Store(DEPLOYMENT, lambda _: None)
    store.put(deployment(1))
    mine = store.get(WEB)
    assert isinstance(mine, dict)

    mine["metadata"]["labels"]["app"] = "spoilt"

    assert store.select("apps", {"app": "web"})[0]["metadata"]["labels"] == {"app": "web"}


def test_others_managed_fields_and_kubectls_copy_are_not_kept() -> None:
    manifest = deployment(1)
    manifest["metadata"]["managedFields"] = [
        {"manager": "flagger-rollout", "operation": "Apply"},
        {"manager": "kube-controller-manager", "operation": "Update"},
    ]
    manifest["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": "{}",
        "a": "b",
    }

    store = Store(DEPLOYMENT, lambda _: None)
    store.put(manifest)
    kept = store.get(WEB)

    assert kept is not None
    meta = kept["metadata"]
    assert [entry["manager"] for entry in meta["managedFields"]] == ["flagger-rollout"]
    assert meta["annotations"] == {"a": "b"}


def test_a_kind_installed_late_is_found_and_its_coming_told() -> None:
    recovered: list[str] = []

    async def scene() -> tuple[type[Exception], bool]:
        source = Script([Missing("no such kind"), ([deployment(5)], "7")], [])
        store = Store(DEPLOYMENT, lambda _: None)
        go = asyncio.Event()

        async def sleep(_seconds: float) -> None:
            await go.wait()

        reflector = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=sleep)
        reflector.turned = lambda: recovered.append("deployments")
        task = asyncio.create_task(reflector.run())
        try:
            await reflector.wait()
        except Missing as error:
            first: type[Exception] = type(error)
        go.set()
        await asyncio.wait_for(reflector.until_synced(), 5)
        await reflector.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return first, WEB in store

    assert asyncio.run(scene()) == (Missing, True)
    assert recovered == ["deployments"]


def test_a_definition_that_is_deleted_takes_its_objects_with_it() -> None:
    script = lambda: Script(  # noqa: E731
        [([deployment(5)], "7"), Missing("no such kind")], [Gone("too old")]
    )

    _, reflector, _ = play(script)

    assert len(reflector.store) == 0
    assert not reflector.synced


def test_a_fresh_list_corrects_a_stale_cache_beside_the_watch() -> None:
    async def scene() -> int:
        source = Script([([deployment(9)], "9")], [])
        store = Store(DEPLOYMENT, lambda _: None)
        store.put(deployment(5))
        store.put(deployment(6, "gone"))
        reflector = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0)
        await reflector.refresh()
        return store.version_of(WEB) + 100 * len(store)

    assert asyncio.run(scene()) == 109


def test_a_watch_that_told_something_makes_the_next_pause_short_again() -> None:
    failures: list[List] = [Unavailable("503") for _ in range(4)]
    broken: list[Watch] = [[event("ADDED", deployment(8)), event("ERROR", {})]]
    script = lambda: Script([*failures, ([], "7"), ([], "9")], broken)  # noqa: E731

    _, _, pauses = play(script)

    assert pauses == [0.5, 1, 2, 4, 0.5]


def test_after_an_outage_the_list_for_an_old_version_is_not_put_off() -> None:
    failures: list[List] = [Unavailable("503") for _ in range(4)]
    script = lambda: Script(  # noqa: E731
        [*failures, ([], "7"), ([], "8"), ([], "9")], [Gone("too old"), Gone("too old")]
    )

    _, _, pauses = play(script)

    assert pauses == [0.5, 1, 2, 4, 0.5, 1]


EXPIRED: Watch = Gone("too old")


@pytest.mark.parametrize(
    ("listed", "watched"),
    [("900", [EXPIRED]), ("450", [[bookmark(900)], EXPIRED])],
    ids=["by-a-list", "by-a-watch"],
)
def test_a_history_that_was_restored_replaces_what_is_known(
    listed: str, watched: list[Watch]
) -> None:
    """A list asks for the most recent state: only a backup of the storage makes that older."""
    heard: list[Change] = []
    before: List = ([deployment(300), deployment(400, "lost")], listed)
    restored: List = ([deployment(200, spec={"replicas": 9})], "500")
    script = lambda: Script(  # noqa: E731
        [before, restored, restored], [*watched, [event("MODIFIED", deployment(501))]]
    )

    source, reflector, _ = play(script, heard)

    assert source.watched_from[-2:] == ["500", "501"]
    assert reflector.store.keys() == (WEB,)
    assert [change.version for change in heard if change.key == WEB] == [300, 200, 501]


def test_a_list_that_a_newer_event_overtook_is_of_the_same_history() -> None:
    """A fresh list beside the watch may end after events that are newer than it."""

    class Overtaken(Script):
        reflector: Reflector

        async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
            self.reflector._take(event("MODIFIED", deployment(9)))
            yield Page((sent(deployment(7)),), "7")

    async def scene() -> int:
        source = Overtaken([], [])
        store = Store(DEPLOYMENT, lambda _: None)
        source.reflector = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0)
        await asyncio.wait_for(source.reflector.refresh(), 5)
        return store.version_of(WEB)

    assert asyncio.run(scene()) == 9
