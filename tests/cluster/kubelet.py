"""The bed's only node: binds every pod, gives it an address and a server, and reports it.

Run as a process, `python -m tests.cluster.kubelet KUBECONFIG SUBNET`, so that requests to pods
take no time from the tests.
"""

import asyncio
import sys
from collections.abc import Coroutine
from ipaddress import IPv4Network
from itertools import cycle
from pathlib import Path
from typing import Any

from flagger_py import clock
from tests.cluster.kubelet_api import Expired, KubeletApi, Manifest
from tests.cluster.pod_lifecycle import PodRun, pod_path, release

NODE = "bed-node"
_PODS = "/api/v1/pods"
_RESERVED = 16
"""The first addresses of the subnet are those of the control plane and of what a lab adds."""


class Kubelet:
    """Does for each pod what its latest state asks for; all state is rebuilt from a list."""

    def __init__(self, api: KubeletApi, subnet: IPv4Network) -> None:
        self._api = api
        self._host = str(subnet[1])
        # In turn, so that an address is not soon someone else's while a proxy still knows it.
        self._addresses = cycle([str(address) for address in subnet.hosts()][_RESERVED:])
        self._runs: dict[str, PodRun] = {}
        self._bound: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self) -> None:
        """Register the node, then follow the pods until cancelled."""
        await self._register()
        while True:
            version = await self._relist()
            try:
                while True:
                    version = await self._follow(version)
            except Expired:
                continue

    async def _register(self) -> None:
        labels = {"kubernetes.io/hostname": NODE, "kubernetes.io/os": "linux"}
        metadata = {"name": NODE, "labels": labels}
        await self._api.send("POST", "/api/v1/nodes", {"metadata": metadata, "spec": {}})
        now = clock.rfc3339(clock.wall_clock())
        ready = {"type": "Ready", "status": "True", "reason": "KubeletReady"}
        room = {"cpu": "1000", "memory": "1000Gi", "pods": "1000"}
        status = {
            "conditions": [{**ready, "lastTransitionTime": now, "lastHeartbeatTime": now}],
            "addresses": [{"type": "InternalIP", "address": self._host}],
            "capacity": room,
            "allocatable": room,
        }
        merge = "application/merge-patch+json"
        path = f"/api/v1/nodes/{NODE}"
        await self._api.send("PATCH", f"{path}/status", {"status": status}, merge)
        # Admission taints a new node as not ready, and no node controller runs to take that back.
        await self._api.send("PATCH", path, {"spec": {"taints": None}}, merge)

    async def _relist(self) -> str:
        found = await self._api.list(_PODS)
        present = {pod["metadata"]["uid"] for pod in found["items"]}
        for uid in self._runs.keys() - present:
            self._forget(uid)
        for pod in found["items"]:
            self._observe(pod)
        version: str = found["metadata"]["resourceVersion"]
        return version

    async def _follow(self, version: str) -> str:
        """Act on changes after *version*; returns the version up to which that was done."""
        async for kind, seen in self._api.watch(_PODS, version):
            version = seen["metadata"]["resourceVersion"]
            match kind:
                case "BOOKMARK":
                    pass
                case "DELETED":
                    self._forget(seen["metadata"]["uid"])
                case _:
                    self._observe(seen)
        await asyncio.sleep(0.1)  # An API server that is gone would be asked without a break.
        return version

    def _observe(self, pod: Manifest) -> None:
        """Start what *pod* now needs; nothing when that is under way."""
        uid, deleting = pod["metadata"]["uid"], "deletionTimestamp" in pod["metadata"]
        node = pod["spec"].get("nodeName")
        if node is None and not deleting and not pod["spec"].get("schedulingGates"):
            self._bind(pod)
            return
        if node != NODE:
            return

        run = self._runs.get(uid)
        if run is None and deleting:
            self._spawn(release(self._api, pod))
        elif run is None:
            run = self._runs[uid] = PodRun(self._api, pod, self._address())
            self._keep(run.begin())
        elif deleting and not run.ending:
            run.ending = True
            self._spawn(run.end())

    def _bind(self, pod: Manifest) -> None:
        uid = pod["metadata"]["uid"]
        if uid in self._bound:
            return

        self._bound.add(uid)
        binding = {
            "apiVersion": "v1",
            "kind": "Binding",
            "metadata": {"name": pod["metadata"]["name"], "uid": uid},
            "target": {"apiVersion": "v1", "kind": "Node", "name": NODE},
        }
        self._spawn(self._send_binding(uid, f"{pod_path(pod)}/binding", binding))

    async def _send_binding(self, uid: str, path: str, binding: Manifest) -> None:
        if await self._api.send("POST", path, binding) is None:
            self._bound.discard(uid)  # Its next change, if there is one, is another chance.

    def _forget(self, uid: str) -> None:
        self._bound.discard(uid)
        if (run := self._runs.pop(uid, None)) is not None:
            self._spawn(run.stop())

    def _address(self) -> str:
        used = {run.address for run in self._runs.values()}
        return next(address for address in self._addresses if address not in used)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self._keep(asyncio.create_task(work))

    def _keep(self, task: asyncio.Task[None]) -> None:
        """Hold *task* until it is done; what goes wrong with one pod is told, and stays with it."""
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            print(f"a pod failed: {error!r}", file=sys.stderr, flush=True)


async def main(kubeconfig: Path, subnet: IPv4Network) -> None:
    async with KubeletApi(kubeconfig) as api:
        await Kubelet(api, subnet).serve()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), IPv4Network(sys.argv[2])))
