"""The server itself: which request is answered how, on one loopback address and port."""

import asyncio
import ipaddress
from collections import Counter
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from flagger_py.testing import refusal
from flagger_py.testing.facade import reviews, verbs
from flagger_py.testing.facade.encoding import decode_object, encode, view_of
from flagger_py.testing.facade.listing import Lists, select
from flagger_py.testing.facade.paths import Place, document, parts_of, place_of
from flagger_py.testing.facade.selection import selection_of
from flagger_py.testing.facade.streaming import Watches, send_list
from flagger_py.testing.facade.verbs import Write
from flagger_py.testing.store import Store
from flagger_py.testing.world import May, allow_everything

JSON = "application/json"
BOOKMARK_S = 60.0
_LAST_TURNS = 3
"""Turns of the loop in which those who wait for a connection get it: one that is accepted while
the server closes is never closed itself (python/cpython#109564)."""
_BACKLOG = 512


class Facade:
    """A running server. `requests` counts what was asked by (User-Agent, verb, resource).

    Watches count under the verb `watch` once, when they are opened.
    """

    def __init__(self, store: Store, may: May, bookmark_s: float) -> None:
        self.store = store
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.url = ""
        self._may = may
        self._lists = Lists(store)
        self._watches = Watches(store, bookmark_s)
        self._runner = web.ServerRunner(
            web.Server(self._answer, access_log=None, handler_cancellation=True),
            shutdown_timeout=1.0,
        )

    @property
    def watches(self) -> int:
        """How many watches are open."""
        return len(self._watches)

    def kubeconfig(self, path: Path) -> Path:
        """Write a kubeconfig for this server to *path*; any token is as good as any other."""
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "facade",
            "clusters": [{"name": "facade", "cluster": {"server": self.url}}],
            "users": [{"name": "facade", "user": {"token": "facade"}}],
            "contexts": [{"name": "facade", "context": {"cluster": "facade", "user": "facade"}}],
        }
        path.write_text(yaml.safe_dump(config), encoding="utf-8")
        return path

    async def start(self, host: str, port: int) -> None:
        await self._runner.setup()
        await web.TCPSite(self._runner, host, port, backlog=_BACKLOG).start()
        name, bound = self._runner.addresses[0][:2]
        self.url = f"http://[{name}]:{bound}" if ":" in name else f"http://{name}:{bound}"

    async def close(self) -> None:
        """End all watches, then stop listening."""
        self._watches.close()
        for _ in range(_LAST_TURNS):
            await asyncio.sleep(0)
        await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        try:
            return await self._routed(request)
        except refusal.NotServed as error:
            return web.Response(text=f"{error.message}\n", status=int(error.code))
        except refusal.Refusal as error:
            return _json(error.status(), int(error.code))

    async def _routed(self, request: web.BaseRequest) -> web.StreamResponse:
        if (parts := parts_of(request.path)) is None:
            return self._plain(request.path)
        account = request.headers.get("Impersonate-User")
        if reviews.is_review(parts):
            body = decode_object(await request.read())
            self._count(request, "create", parts.plural)
            answer = reviews.reviewed(self.store, self._may, body, account)
            return _json(answer, HTTPStatus.CREATED)
        place = place_of(self.store, parts)
        verb = _verb(request, place)
        resource = "/".join(filter(None, (str(place.kind), place.subresource)))
        self._count(request, verb, resource)
        reviews.permit(self._may, account, verb, place.kind, place.namespace)
        if verb in ("get", "list", "watch"):
            return await self._read(request, place, verb)
        return self._written(await _write(request, place), verb)

    async def _read(self, request: web.BaseRequest, place: Place, verb: str) -> web.StreamResponse:
        view = view_of(place.kind, request.headers.get("Accept", ""))
        if verb == "get":
            found = self.store.get(place.kind, place.key)
            if found is None or place.subresource not in ("", "status"):
                raise refusal.not_found(place.kind, place.name)
            return _json(view.of(found))
        selection = selection_of(place.namespace, request.query)
        if verb == "watch":
            return await self._watches.serve(request, place, view, selection)
        page = self._lists.page(place, selection, request.query)
        bare = not place.served.versioned_updates and not view.metadata_only
        return await send_list(request, page, view, bare=bare)

    def _written(self, write: Write, verb: str) -> web.Response:
        place, view = write.place, view_of(write.place.kind, write.accept)
        match verb:
            case "create":
                return _json(view.of(verbs.create(self.store, write)), HTTPStatus.CREATED)
            case "update":
                return _json(view.of(verbs.update(self.store, write)))
            case "patch":
                found, fresh = verbs.patch(self.store, write)
                return _json(view.of(found), HTTPStatus.CREATED if fresh else HTTPStatus.OK)
            case "delete":
                left, uid = verbs.delete(self.store, write)
                return _json(verbs.deleted_status(place, uid) if left is None else view.of(left))
            case _:
                selection = selection_of(place.namespace, write.query)
                return _json(
                    verbs.delete_all(self.store, write, select(self.store, place, selection))
                )

    def _plain(self, path: str) -> web.Response:
        if path in ("/readyz", "/healthz", "/livez"):
            return web.Response(text="ok")
        if path == "/metrics":
            return web.Response(text=self._metrics())
        found = document(self.store, path)
        if found is None:
            raise refusal.NotServed("404 page not found")
        return _json(found)

    def _metrics(self) -> str:
        """Return the counted requests as Prometheus text."""
        lines = ["# TYPE apiserver_request_total counter"]
        for (agent, verb, resource), count in sorted(self.requests.items()):
            labels = f'user_agent="{agent}",verb="{verb}",resource="{resource}"'
            lines.append(f"apiserver_request_total{{{labels}}} {count}")
        return "\n".join([*lines, ""])

    def _count(self, request: web.BaseRequest, verb: str, resource: str) -> None:
        agent = request.headers.get("User-Agent", "").partition("/")[0].replace('"', "")
        self.requests[agent, verb, resource] += 1


async def serve(
    store: Store,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    may: May = allow_everything,
    bookmark_s: float = BOOKMARK_S,
) -> Facade:
    """Serve *store* to real clients until `close`; port 0 takes a free one.

    Nobody is asked who they are, so that *host* must be a loopback address; ValueError otherwise.
    *may* rules over impersonated accounts.
    """
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"the façade asks nobody who they are: {host} is no loopback address")
    facade = Facade(store, may, bookmark_s)
    await facade.start(host, port)
    return facade


def _verb(request: web.BaseRequest, place: Place) -> str:
    """Return what Kubernetes calls the request; raises `MethodNotAllowed`."""
    single = bool(place.name)
    match request.method:
        case "GET" | "HEAD" if single:
            return "get"
        case "GET" | "HEAD":
            return "watch" if request.query.get("watch") in ("1", "true") else "list"
        case "POST":
            return "create"
        case "PUT" if single:
            return "update"
        case "PATCH" if single:
            return "patch"
        case "DELETE":
            return "delete" if single else "deletecollection"
        case _:
            raise verbs.MethodNotAllowed(
                "the server does not allow this method on the requested resource"
            )


async def _write(request: web.BaseRequest, place: Place) -> Write:
    headers = request.headers
    return Write(
        place,
        await request.read(),
        headers.get("Content-Type", JSON).partition(";")[0].strip(),
        dict(request.query),
        headers.get("User-Agent", ""),
        headers.get("Accept", ""),
    )


def _json(value: Any, status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(body=encode(value), status=int(status), content_type=JSON)
