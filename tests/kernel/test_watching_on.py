"""A watch cache goes on whatever comes, and whoever waits for it is told what is in the way."""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import orjson
import pytest
from aiohttp import web
from kubernetes.client import Configuration
from kubernetes.config import ConfigException

from flagger_py.errors import FlaggerError, SpecError, Unavailable
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, Key
from flagger_py.runtime import reflector
from flagger_py.runtime.caches import Caches
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.reflector import Reflector
from flagger_py.runtime.refusals import access_denied
from flagger_py.runtime.sent import Event, Page, sent
from flagger_py.runtime.store import Store
from flagger_py.runtime.transport import Transport
from tests.kernel.loopback import Handler, answer, client_of, loopback, no_wait, text
from tests.kernel.test_client import watching
from tests.kernel.test_reflector import WEB, deployment, event

EMPTY = answer({"metadata": {"resourceVersion": "5"}, "items": []})
SEEN = {"metadata": {"name": "web", "namespace": "apps", "resourceVersion": "8"}}
FILLED = answer({"metadata": {"resourceVersion": "9"}, "items": [SEEN]})
ADDED = watching(orjson.dumps({"type": "ADDED", "object": SEEN}) + b"\n")


@pytest.mark.parametrize(
    ("listed", "watched"),
    [
        ([text("<html>the gateway is starting</html>")], []),
        ([answer({"items": []})], []),
        ([answer(["no", "list"])], []),
        ([answer({"metadata": {"resourceVersion": "5"}, "items": [{"metadata": {}}]})], []),
        ([EMPTY], [watching(b'{"type":"ADDED","obj\n')]),
        ([EMPTY], [watching(b"[]\n")]),
        ([EMPTY], [watching(b'{"type":"ADDED"}\n')]),
        ([EMPTY], [watching(b'{"type":"ADDED","object":{"metadata":{}}}\n')]),
    ],
    ids=[
        "html-for-a-list",
        "list-without-metadata",
        "list-that-is-none",
        "item-without-name",
        "half-a-line",
        "event-that-is-none",
        "event-without-object",
        "object-without-name",
    ],
)
def test_an_answer_that_cannot_be_read_ends_no_watch(
    listed: list[Handler], watched: list[Handler]
) -> None:
    """What comes after it is seen, by a list or by the watch."""
    lists, watches = [*listed], [*watched]

    async def by_verb(request: web.Request) -> web.StreamResponse:
        watch = "watch" in request.query
        asked = watches if watch else lists
        reply = asked.pop(0) if asked else ADDED if watch else FILLED
        return await reply(request)

    async def scene() -> bool:
        async with loopback(by_verb) as server, client_of(server.url) as client:
            store = Store(DEPLOYMENT, lambda _: None)
            scope = Scope(DEPLOYMENT)
            watch = Reflector(client, scope, store, jitter=lambda: 0.0, sleep=no_wait)
            task = asyncio.create_task(watch.run())
            while WEB not in store and not task.done():
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            return WEB in store

    assert asyncio.run(asyncio.wait_for(scene(), 5))


class Odd:
    """A source that raises what nobody foresaw, once in a list and once in a watch."""

    def __init__(self) -> None:
        self.lists: list[Exception | None] = [ZeroDivisionError("list"), None]
        self.watches: list[Exception | None] = [ZeroDivisionError("watch"), None]
        self.over = asyncio.Event()

    async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
        if self.lists and (error := self.lists.pop(0)):
            raise error
        yield Page((sent(deployment(5)),), "7")

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Event, None]:
        if self.watches and (error := self.watches.pop(0)):
            raise error
        self.over.set()
        await asyncio.Event().wait()
        yield event("BOOKMARK", {})


def test_an_error_that_nobody_foresaw_is_logged_and_the_watch_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def scene() -> str:
        source, store = Odd(), Store(DEPLOYMENT, lambda _: None)
        watch = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=sleep)
        task = asyncio.create_task(watch.run())
        with pytest.raises(Unavailable) as caught:
            await watch.wait()
        await source.over.wait()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return caught.value.message

    with caplog.at_level(logging.ERROR):
        said = asyncio.run(asyncio.wait_for(scene(), 5))

    assert "ZeroDivisionError" in said
    assert len(pauses) == 2
    assert [bool(record.exc_info) for record in caplog.records] == [True, True]


def test_a_fresh_list_survives_what_nobody_foresaw() -> None:
    async def scene() -> bool:
        store = Store(DEPLOYMENT, lambda _: None)
        watch = Reflector(Odd(), Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=no_wait)
        await watch.refresh()
        return WEB in store

    assert asyncio.run(asyncio.wait_for(scene(), 5))


def broken(error: Exception) -> Callable[[Configuration], None]:
    def hook(_config: Configuration) -> None:
        raise error

    return hook


@pytest.mark.parametrize(
    "error",
    [ConfigException("File does not exist: ca.crt"), OSError("no such file"), KeyError("status")],
    ids=lambda error: type(error).__name__,
)
def test_a_token_that_cannot_be_read_anew_is_no_answer(error: Exception) -> None:
    """It may be there again in a moment: whoever asks tries again, as while nobody answers."""

    async def scene() -> FlaggerError | None:
        async with loopback(answer({})) as server:
            ticks = itertools.count(step=60)
            credentials = Credentials(Source(master=server.url), lambda: float(next(ticks)))
            await credentials.load()
            setattr(credentials.config, "refresh_api_key_hook", broken(error))  # noqa: B010 - untyped
            transport = Transport(credentials, sleep=no_wait)
            try:
                await Client(transport).get(DEPLOYMENT, WEB)
            except FlaggerError as caught:
                return caught
            finally:
                await transport.close()
            return None

    found = asyncio.run(scene())

    assert isinstance(found, Unavailable)
    assert "credentials" in found.message


GUEST = "system:serviceaccount:apps:guest"
CONFIG = Key("apps", "config")
MINE = Scope(CONFIG_MAP, "apps", "config", account=GUEST)


def config_map(version: int) -> dict[str, Any]:
    meta = {"name": "config", "namespace": "apps", "resourceVersion": str(version)}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta}


class Door:
    """A source that shows one ConfigMap while it is *open*, and refuses once it is shut."""

    def __init__(self, scope: Scope, *items: dict[str, Any]) -> None:
        self.open = True
        self.items = items
        self.denied = access_denied(scope.ask("watch"))
        self.changed = asyncio.Event()

    async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
        if not self.open:
            raise self.denied
        yield Page(tuple(map(sent, self.items)), "7")

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Event, None]:
        while self.open:
            await asyncio.sleep(0)
        raise self.denied
        yield event("BOOKMARK", {})


class Told:
    """What caches say to whoever reads them, and the caches."""

    def __init__(self, source: Any) -> None:
        self.woken: list[Scope] = []
        self.caches = Caches(source, lambda *_: None, self.woken.append, "", lambda: 0.0, no_wait)


@pytest.mark.parametrize("items", [(config_map(5),), ()], ids=["there", "absent"])
def test_an_account_that_loses_its_right_is_served_nothing_any_more(
    items: tuple[dict[str, Any], ...],
) -> None:
    async def scene() -> tuple[list[Scope], int, bool]:
        door = Door(MINE, *items)
        told = Told(door)
        store = await told.caches.ready(MINE)
        door.open = False
        while not told.woken:
            await asyncio.sleep(0)
        with pytest.raises(SpecError) as caught:
            await told.caches.ready(MINE)
        assert caught.value.reason == "AccessDenied"
        left = len(store)
        door.open = True
        while len(told.woken) < 2:
            await asyncio.sleep(0)
        back = CONFIG in await told.caches.ready(MINE)
        await told.caches.close()
        return told.woken, left, back

    woken, left, back = asyncio.run(asyncio.wait_for(scene(), 5))

    assert (woken, left, back) == ([MINE, MINE], 0, bool(items))


def test_what_we_lose_the_right_to_ourselves_is_served_as_it_was() -> None:
    """Nobody else's eyes depend on it; an authorizer that errs must not stop every release."""

    async def scene() -> tuple[list[Scope], bool]:
        scope = Scope(DEPLOYMENT)
        door = Door(scope, deployment(5))
        told = Told(door)
        await told.caches.ready(scope)
        door.open = False
        watch = told.caches.open(scope)
        while watch.fault is None:
            await asyncio.sleep(0)
        found = WEB in await told.caches.ready(scope)
        await told.caches.close()
        return told.woken, found

    assert asyncio.run(asyncio.wait_for(scene(), 5)) == ([], True)


class Slow:
    """A source whose pages come one at each *turn*, and whose watch is silent."""

    def __init__(self, pages: int, turn: Callable[[], Awaitable[object]]) -> None:
        self._left = pages
        self._turn = turn

    async def pages(self, scope: Scope) -> AsyncGenerator[Page, None]:
        while self._left:
            await self._turn()
            self._left -= 1
            yield Page((sent(deployment(5)),), "7")

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Event, None]:
        await asyncio.Event().wait()
        yield event("BOOKMARK", {})


def test_a_kind_whose_list_hangs_keeps_its_readers_for_a_few_seconds_only(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their places are others' too; when the list comes after all they are woken."""
    monkeypatch.setattr(reflector, "FIRST_LIST_S", 0.05)

    async def scene() -> tuple[list[Scope], bool]:
        answered = asyncio.Event()
        scope = Scope(DEPLOYMENT)
        told = Told(Slow(1, answered.wait))
        for _ in range(2):
            with pytest.raises(Unavailable, match="deployments"):
                await told.caches.ready(scope)
        answered.set()
        while not told.woken:
            await asyncio.sleep(0)
        found = WEB in await told.caches.ready(scope)
        await told.caches.close()
        return told.woken, found

    assert asyncio.run(asyncio.wait_for(scene(), 5)) == ([Scope(DEPLOYMENT)], True)


def test_a_long_list_that_comes_page_by_page_is_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reflector, "FIRST_LIST_S", 0.2)

    async def scene() -> bool:
        told = Told(Slow(4, lambda: asyncio.sleep(0.1)))
        found = WEB in await told.caches.ready(Scope(DEPLOYMENT))
        await told.caches.close()
        return found and not told.woken

    assert asyncio.run(asyncio.wait_for(scene(), 5))


@pytest.mark.parametrize("begun", [True, False], ids=["listing", "not-begun"])
def test_a_watch_that_is_closed_leaves_nobody_waiting(begun: bool) -> None:
    async def scene() -> None:
        told = Told(Slow(1, asyncio.Event().wait))
        waiting = asyncio.ensure_future(told.caches.ready(MINE))
        # The waiter has its turn first, the reflector that it opens only after the sweep.
        for _ in range(5 if begun else 1):
            await asyncio.sleep(0)
        told.caches.sweep(lambda *_: False)
        with pytest.raises(Unavailable, match="configmaps"):
            await asyncio.wait_for(waiting, 1)
        await told.caches.close()

    asyncio.run(scene())
