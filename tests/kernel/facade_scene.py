"""A served store with bicycles, and a plain HTTP client of it."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import aiohttp

from flagger_py.clock import wall_clock
from flagger_py.refs import SECRET, Kind
from flagger_py.testing import defaults
from flagger_py.testing.facade.server import Facade, serve
from flagger_py.testing.served import BUILT_IN, custom
from flagger_py.testing.store import Store

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


def nobody_reads_secrets(account: str, verb: str, kind: Kind, namespace: str) -> bool:
    return kind != SECRET
