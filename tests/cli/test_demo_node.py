"""Pods of the demo are processes, and stand behind their Services only while they are ready."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import aiohttp

from flagger_cli.demo import pods as pods_module
from flagger_cli.demo.manifests import NAMESPACE, PORT, WHERE, deployment
from flagger_cli.demo.node import Node
from flagger_cli.demo.pods import ProcessPods
from flagger_py.clock import wall_clock
from flagger_py.refs import DEPLOYMENT, ENDPOINT_SLICE
from flagger_py.testing.facade.driving import drive
from flagger_py.testing.served import POD
from flagger_py.testing.store import Store

T = TypeVar("T")
SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "app", "namespace": NAMESPACE},
    "spec": {"selector": {"app": "app"}, "ports": [{"name": "http", "port": PORT}]},
}


def play(directory: Path, act: Callable[[Store, ProcessPods], Awaitable[T]]) -> T:
    """Let a node work on a store with the demo's Deployment of two pods and a Service."""

    async def scene() -> T:
        store = Store(wall_clock)
        pods = ProcessPods(store, wall_clock, directory)
        store.create(SERVICE)
        store.create(deployment("1.0.0"))
        driving = asyncio.create_task(drive(store, (Node(pods),), wall_clock))
        try:
            async with asyncio.timeout(30):
                return await act(store, pods)
        finally:
            driving.cancel()
            await asyncio.gather(driving, return_exceptions=True)
            await pods.close()

    return asyncio.run(scene())


async def until(store: Store, true: Callable[[], bool]) -> None:
    """Wait for a change of the store that makes it *true*."""
    changed = asyncio.Event()
    stop = store.listen(lambda _change: changed.set())
    while not true():
        changed.clear()
        await changed.wait()
    stop()


def ready(store: Store) -> bool:
    found = store.get(DEPLOYMENT, WHERE) or {}
    return (found.get("status") or {}).get("readyReplicas") == 2


def ports(store: Store) -> set[int]:
    return {item["ports"][0]["port"] for item in store.list(ENDPOINT_SLICE)}


def test_each_pod_has_a_port_and_a_slice_of_its_own(tmp_path: Path) -> None:
    async def act(store: Store, _pods: ProcessPods) -> tuple[set[int], list[str], list[Any]]:
        await until(store, lambda: ready(store) and len(ports(store)) == 2)
        versions = []
        async with aiohttp.ClientSession() as http:
            for port in ports(store):
                async with http.get(f"http://127.0.0.1:{port}/") as response:
                    versions.append(response.headers["X-Version"])
        phases = [pod["status"]["phase"] for pod in store.list(POD)]
        return ports(store), versions, phases

    found, versions, phases = play(tmp_path, act)

    assert len(found) == 2
    assert versions == ["1.0.0", "1.0.0"]
    assert phases == ["Running", "Running"]


def test_a_pod_that_must_go_leaves_the_service_first_and_still_answers(tmp_path: Path) -> None:
    async def act(store: Store, _pods: ProcessPods) -> tuple[int, int]:
        await until(store, lambda: ready(store) and len(ports(store)) == 2)
        before = ports(store)
        store.patch(DEPLOYMENT, WHERE, {"spec": {"replicas": 1}})
        await until(store, lambda: len(ports(store)) == 1)
        (gone,) = before - ports(store)
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{gone}/") as response,
        ):
            return response.status, len(store.list(POD))

    assert play(tmp_path, act) == (200, 1)
    assert pods_module.DRAIN_S >= 1.0


def test_nothing_is_written_when_nothing_changes(tmp_path: Path) -> None:
    async def act(store: Store, pods: ProcessPods) -> int:
        await until(store, lambda: ready(store) and len(ports(store)) == 2)
        version = store.version
        Node(pods)._keep_slices(store, wall_clock())
        return store.version - version

    assert play(tmp_path, act) == 0
