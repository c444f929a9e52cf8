"""The pods of the demo: each is a process of its own, on a port of its own.

A pod is ready when its process says so. One that is told to stop loses its place behind the
Services first, and ends when nobody can still be on the way to it.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

from flagger_py.clock import Clock, rfc3339
from flagger_py.errors import Unavailable
from flagger_py.refs import Key, owner_reference
from flagger_py.testing.pods import Pod, Pods
from flagger_py.testing.served import POD
from flagger_py.testing.store import Store
from flagger_py.wire import Manifest

from .children import Child, start

HOST = "127.0.0.1"
KUBELET = "kubelet"
START_S_MAX = 20.0
DRAIN_S = 2.0
"""How long a pod that left the Services still answers those who have not heard of it."""
_PROBE_S = 0.1


class ProcessPods(Pods):
    """Pods that are processes. Each is an object in *store* too, for whoever looks or waits."""

    def __init__(self, store: Store, clock: Clock, directory: Path) -> None:
        super().__init__()
        self._store = store
        self._clock = clock
        self._directory = directory
        self._children: dict[str, Child] = {}
        self._ports: dict[str, int] = {}
        self._ready: dict[str, datetime] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def of(self, namespace: str, owner: str) -> tuple[Pod, ...]:
        return tuple(self._shown(pod) for pod in super().of(namespace, owner))

    def selected(self, namespace: str, labels: Mapping[str, str]) -> tuple[Pod, ...]:
        return tuple(self._shown(pod) for pod in super().selected(namespace, labels))

    def start(self, deployment: Manifest, template_hash: str, now: datetime, nth: int) -> Pod:
        pod = super().start(deployment, template_hash, now, nth)
        self._store.create(pod_object(deployment, pod), KUBELET)
        self._spawn(self._live(pod, environment(deployment["spec"]["template"])))
        return pod

    def stop(self, pods: tuple[Pod, ...], now: datetime) -> None:
        super().stop(pods, now)
        for pod in pods:
            if self._store.get(POD, Key(pod.namespace, pod.name)) is not None:
                self._store.delete(POD, Key(pod.namespace, pod.name))
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
        key = Key(pod.namespace, pod.name)
        if self._store.get(POD, key) is not None:
            self._ports[pod.name], self._ready[pod.name] = port, self._clock()
            self._store.set_status(POD, key, running(self._clock()), KUBELET)

    async def _until_ready(self, port: int) -> None:
        url = f"http://{HOST}:{port}/readyz"
        async with aiohttp.ClientSession() as http:
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
        self._ready.pop(pod.name, None)

    def _shown(self, pod: Pod) -> Pod:
        return replace(pod, ready_at=self._ready.get(pod.name))

    def _spawn(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def pod_object(deployment: Manifest, pod: Pod) -> dict[str, Any]:
    """Render *pod* of *deployment* as an object that has just been made."""
    return {
        "apiVersion": POD.api_version,
        "kind": POD.kind,
        "metadata": {
            "name": pod.name,
            "namespace": pod.namespace,
            "labels": {**pod.labels, "pod-template-hash": pod.template_hash},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": deployment["spec"]["template"]["spec"],
    }


def running(now: datetime) -> dict[str, Any]:
    """Return the status of a pod that is ready."""
    ready = {"type": "Ready", "status": "True", "lastTransitionTime": rfc3339(now)}
    return {"phase": "Running", "podIP": HOST, "conditions": [ready]}


def environment(template: Manifest) -> dict[str, str]:
    """Return the plain variables of a template's first container."""
    containers: Any = (template.get("spec") or {}).get("containers") or ({},)
    return {item["name"]: str(item.get("value", "")) for item in containers[0].get("env") or ()}
