"""The node of the demo: each pod of a Deployment is a process of its own on a port of its own.

The deployment controller is the World's; what differs is that its pods are ready when their
process says so, and that one that is told to stop first loses its place behind the Services.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from flagger_py.clock import Clock
from flagger_py.errors import Unavailable
from flagger_py.testing.pods import Pod, Pods
from flagger_py.wire import Manifest

from .children import Child, start

HOST = "127.0.0.1"
START_S_MAX = 20.0
DRAIN_S = 2.0
"""How long a pod that left the Services still answers those who have not heard of it."""
_PROBE_S = 0.1


class ProcessPods(Pods):
    """Pods that are processes; `changed` is set whenever one of them became ready."""

    def __init__(self, clock: Clock, directory: Path) -> None:
        super().__init__()
        self.changed = asyncio.Event()
        self._clock = clock
        self._directory = directory
        self._children: dict[str, Child] = {}
        self._ports: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, deployment: Manifest, template_hash: str, now: datetime, nth: int) -> Pod:
        pod = super().start(deployment, template_hash, now, nth)
        self._replace(pod, replace(pod, ready_at=None))
        env = environment(deployment["spec"]["template"])
        self._spawn(self._live(pod, env))
        return pod

    def stop(self, pods: tuple[Pod, ...], now: datetime) -> None:
        super().stop(pods, now)
        for pod in pods:
            self._spawn(self._leave(pod))

    def endpoint(self, pod: Pod) -> tuple[str, int] | None:
        """Return where the process of *pod* listens, None while it does not."""
        port = self._ports.get(pod.name)
        return None if port is None else (HOST, port)

    async def close(self) -> None:
        """End every process that is left, without draining."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.gather(*(child.end() for child in self._children.values()))
        self._children.clear()

    async def _live(self, pod: Pod, env: Mapping[str, str]) -> None:
        command = (sys.executable, "-m", "flagger_cli.demo.app")
        child = await start(pod.name, command, env, directory=self._directory, reads=True)
        self._children[pod.name] = child
        try:
            port = int(await child.first_line(START_S_MAX))
            await self._until_ready(port)
        except (Unavailable, ValueError):
            return  # It never becomes ready; the deadline of its Deployment tells so.
        found = next((p for p in self.of(pod.namespace, pod.owner) if p.name == pod.name), None)
        if found is not None:
            self._ports[pod.name] = port
            self._replace(found, replace(found, ready_at=self._clock()))
            self.changed.set()

    async def _until_ready(self, port: int) -> None:
        url = f"http://{HOST}:{port}/readyz"
        async with aiohttp.ClientSession() as http, asyncio.timeout(None):
            while True:
                try:
                    async with http.get(url) as response:
                        if response.status == 200:  # noqa: PLR2004 - HTTP
                            return
                except aiohttp.ClientError as error:
                    raise Unavailable(f"the pod at {url} has gone: {error}") from error
                await asyncio.sleep(_PROBE_S)

    async def _leave(self, pod: Pod) -> None:
        await asyncio.sleep(DRAIN_S)
        child = self._children.get(pod.name)
        if child is not None:
            await child.end()
            self._children.pop(pod.name, None)
        self._ports.pop(pod.name, None)

    def _replace(self, pod: Pod, now: Pod) -> None:
        key = (pod.namespace, pod.owner)
        self._by_owner[key] = tuple(now if p.name == pod.name else p for p in self.of(*key))
        self._by_address[pod.address] = now

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def environment(template: Manifest) -> dict[str, str]:
    """Return the plain variables of a template's first container."""
    containers: Any = (template.get("spec") or {}).get("containers") or ({},)
    return {item["name"]: str(item.get("value", "")) for item in containers[0].get("env") or ()}
