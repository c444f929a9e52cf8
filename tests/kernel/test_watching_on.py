"""A watch cache goes on whatever comes, and whoever waits for it is told what is in the way."""

import asyncio
import itertools
import logging
from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any

import orjson
import pytest
from aiohttp import web
from kubernetes.client import Configuration
from kubernetes.config import ConfigException

from flagger_py.errors import FlaggerError, Unavailable
from flagger_py.refs import DEPLOYMENT
from flagger_py.runtime.client import Client, Page, Scope
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.reflector import Reflector
from flagger_py.runtime.store import Store
from flagger_py.runtime.transport import Transport
from tests.kernel.loopback import Handler, answer, client_of, loopback, no_wait, text
from tests.kernel.test_client import watching
from tests.kernel.test_reflector import WEB, deployment

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
            reflector = Reflector(client, scope, store, jitter=lambda: 0.0, sleep=no_wait)
            task = asyncio.create_task(reflector.run())
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
        yield Page((deployment(5),), "7")

    async def watch(
        self, scope: Scope, version: str, timeout_s: int
    ) -> AsyncGenerator[Mapping[str, Any], None]:
        if self.watches and (error := self.watches.pop(0)):
            raise error
        self.over.set()
        await asyncio.Event().wait()
        yield {}


def test_an_error_that_nobody_foresaw_is_logged_and_the_watch_tried_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        await asyncio.sleep(0)

    async def scene() -> str:
        source, store = Odd(), Store(DEPLOYMENT, lambda _: None)
        reflector = Reflector(source, Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=sleep)
        task = asyncio.create_task(reflector.run())
        with pytest.raises(Unavailable) as caught:
            await reflector.wait()
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
        reflector = Reflector(Odd(), Scope(DEPLOYMENT), store, jitter=lambda: 0.0, sleep=no_wait)
        await reflector.refresh()
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
