"""Real clients of a World's store: the project's own, and the official one by kubeconfig."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from kubernetes import client as official
from kubernetes import config as official_config
from kubernetes import dynamic

from flagger_py.errors import Conflict, Missing, SpecError
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, SECRET, Key, Kind
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.reflector import Reflector
from flagger_py.runtime.refusals import Ask
from flagger_py.runtime.store import Store as Cache
from tests.kernel.facade_scene import BICYCLE, Scene, bicycle, fill, nobody_reads_secrets, play
from tests.kernel.loopback import client_of

T = TypeVar("T")


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
    async def act(scene: Scene, client: Client) -> tuple[Any, ...]:
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
        cache = Cache(BICYCLE, lambda change: news.put_nowait(change.key.name))
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
        untyped: Any = official_config
        with untyped.new_client_from_config(str(path)) as api:
            untyped = dynamic
            resources = untyped.DynamicClient(api, cache_file=str(tmp_path / "cache")).resources
            bicycles = resources.get(api_version="shop.example/v1", kind="Bicycle")
            bicycles.server_side_apply(bicycle(), field_manager="me", namespace="shop")
            found = bicycles.get(name="red", namespace="shop")
            with pytest.raises(official.ApiException) as refused:
                official.CoreV1Api(api).read_namespaced_secret("none", "shop")
            listed: Any = official.CoreV1Api(api).list_namespace()
        return found.spec.gears, refused.value.status, listed.items[0].metadata.name

    async def act(scene: Scene) -> tuple[Any, ...]:
        return await asyncio.to_thread(use, scene.facade.kubeconfig(tmp_path / "config"))

    assert play(act) == (3, 404, "shop")
