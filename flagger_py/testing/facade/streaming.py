"""How long answers leave: lists piece by piece, watches line by line until their time is up."""

import asyncio
from collections.abc import Iterator, Mapping
from http import HTTPStatus

from aiohttp import web

from flagger_py.clock import monotonic_s
from flagger_py.testing.facade.encoding import View, encode
from flagger_py.testing.facade.listing import Page, check_version, select
from flagger_py.testing.facade.paths import Place
from flagger_py.testing.facade.selection import Selection
from flagger_py.testing.facade.watching import Hub, Watcher, added, bookmark, written
from flagger_py.testing.refusal import Gone, Invalid
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

WATCH_S_MAX = 1800.0
_PIECE_ITEMS = 200
_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-cache, private"}


async def send_list(
    request: web.BaseRequest, page: Page, view: View, *, bare: bool
) -> web.StreamResponse:
    """Answer with *page*; *bare* items name neither apiVersion nor kind, as built-in ones do."""
    pieces = _pieces(page, view, bare)
    if len(page.items) <= _PIECE_ITEMS:
        return web.Response(body=b"".join(pieces), headers=_HEADERS)
    response = web.StreamResponse(headers=_HEADERS)
    await response.prepare(request)
    for piece in pieces:
        await response.write(piece)
        await asyncio.sleep(0)
    await response.write_eof()
    return response


class Watches:
    """All open watches of a store; every *bookmark_s* those who want one get a bookmark."""

    def __init__(self, store: Store, bookmark_s: float) -> None:
        self._store = store
        self._hub = Hub(store)
        self._bookmark_s = bookmark_s

    def __len__(self) -> int:
        return len(self._hub)

    def close(self) -> None:
        self._hub.close()

    async def serve(
        self, request: web.BaseRequest, place: Place, view: View, selection: Selection
    ) -> web.StreamResponse:
        """Answer a watch to its end."""
        kind, query = place.served.kind, request.query
        since, snapshot = self._beginning(place, selection, query)
        watcher = Watcher(view, selection)
        response = web.StreamResponse(headers=_HEADERS)
        try:
            self._hub.open(kind, watcher, since)
        except Gone as error:
            return await _send_error(request, response, error)
        # From here on nothing is missed: what happens while the beginning is sent is pending.
        version = self._store.version
        try:
            await response.prepare(request)
            for piece in added(snapshot, view):
                await response.write(piece)
            if query.get("sendInitialEvents") == "true":
                await response.write(bookmark(view, version, initial_end=True))
            await self._follow(response, watcher, query)
            await response.write_eof()
        except ConnectionError:
            pass  # The client has gone; it says nothing of the store.
        finally:
            self._hub.leave(kind, watcher)
        return response

    def _beginning(
        self, place: Place, selection: Selection, query: Mapping[str, str]
    ) -> tuple[int | None, tuple[Manifest, ...]]:
        """Return the version to go on from, or None and the objects that are told first."""
        version = check_version(self._store, {**query, "resourceVersionMatch": ""})
        listed = query.get("sendInitialEvents") == "true"
        if "sendInitialEvents" in query and query.get("resourceVersionMatch") != "NotOlderThan":
            raise Invalid(
                'ListOptions.meta.k8s.io "" is invalid: resourceVersionMatch: Forbidden: '
                "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"
            )
        if not listed and version:
            return version, ()
        if query.get("sendInitialEvents") == "false":
            return None, ()
        return None, select(self._store, place, selection)

    async def _follow(
        self, response: web.StreamResponse, watcher: Watcher, query: Mapping[str, str]
    ) -> None:
        limit_s = float(query.get("timeoutSeconds") or WATCH_S_MAX)
        end_s = monotonic_s() + min(limit_s, WATCH_S_MAX)
        marked = query.get("allowWatchBookmarks") in ("1", "true")
        last = False
        while not (watcher.ended or last):
            left_s = end_s - monotonic_s()
            woken = await _woken(watcher, max(0.0, min(left_s, self._bookmark_s)))
            last = left_s <= 0 or (left_s <= self._bookmark_s and not woken)
            if lines := watcher.take():
                await response.write(lines)
            elif marked:
                # Nothing is pending, so that the watch has been told all there is.
                await response.write(bookmark(watcher.view, self._store.version))


async def _woken(watcher: Watcher, timeout_s: float) -> bool:
    try:
        async with asyncio.timeout(timeout_s):
            await watcher.wake.wait()
    except TimeoutError:
        return False
    return True


async def _send_error(
    request: web.BaseRequest, response: web.StreamResponse, error: Gone
) -> web.StreamResponse:
    """Tell within the stream that it cannot go on, as the API server's watch cache does."""
    response.set_status(HTTPStatus.OK)
    await response.prepare(request)
    await response.write(written("ERROR", error.status()))
    await response.write_eof()
    return response


def _pieces(page: Page, view: View, bare: bool) -> Iterator[bytes]:
    head = encode({**view.list_identity, "metadata": page.metadata})
    yield head[:-1] + b',"items":['
    for start in range(0, len(page.items), _PIECE_ITEMS):
        items = [_item(item, view, bare) for item in page.items[start : start + _PIECE_ITEMS]]
        yield (b"," if start else b"") + encode(items)[1:-1]
    yield b"]}"


def _item(stored: Manifest, view: View, bare: bool) -> Manifest:
    if not bare:
        return view.of(stored)
    return {name: value for name, value in stored.items() if name not in ("apiVersion", "kind")}
