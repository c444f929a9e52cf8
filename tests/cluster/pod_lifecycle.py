"""The life of one pod on the test kubelet: configured, served, ready, drained, gone."""

import asyncio
from collections.abc import Mapping
from typing import Any

from flagger_py import clock
from tests.cluster.kubelet_api import KubeletApi, Manifest
from tests.cluster.pod_env import MissingSource, resolve
from tests.cluster.pod_server import Behaviour, PodServer

_CONFIG_RETRY_S = 0.5
_STRATEGIC = "application/strategic-merge-patch+json"


class PodRun:
    """One pod at *address*, from when it is bound; `begin` it, then `end` it or `stop` it."""

    def __init__(self, api: KubeletApi, pod: Manifest, address: str) -> None:
        self.address = address
        self.ending = False
        self._api = api
        self._pod = pod
        self._behaviours: dict[str, Behaviour] = {}
        self._servers: dict[str, PodServer] = {}
        self._running: asyncio.Task[None] | None = None

    @property
    def path(self) -> str:
        return pod_path(self._pod)

    def begin(self) -> asyncio.Task[None]:
        self._running = asyncio.create_task(self._run())
        return self._running

    async def end(self) -> None:
        """Serve on for a short drain, stop serving, then let the object go."""
        self.ending = True
        for server in self._servers.values():
            server.draining = True
        drain_s = max((b.drain_s for b in self._behaviours.values()), default=0.0)
        await asyncio.sleep(
            min(drain_s, self._pod["metadata"].get("deletionGracePeriodSeconds", 30))
        )
        await self.stop()
        await release(self._api, self._pod)

    async def stop(self) -> None:
        """Stop serving at once, for a pod whose object is gone."""
        if self._running is not None:
            self._running.cancel()
        for server in self._servers.values():
            await server.stop()

    async def _run(self) -> None:
        while (trouble := await self._configure()) is not None:
            await self._report(trouble)
            await asyncio.sleep(_CONFIG_RETRY_S)
        for container in self._pod["spec"]["containers"]:
            ports = tuple(port["containerPort"] for port in container.get("ports", ()))
            await self._servers[container["name"]].start(self.address, ports)

        started = clock.monotonic_s()
        awaited = {b.ready_after_s for b in self._behaviours.values() if not b.never_ready}
        for moment in sorted({0.0, *awaited}):
            await asyncio.sleep(moment - (clock.monotonic_s() - started))
            for name, behaviour in self._behaviours.items():
                due = behaviour.ready_after_s <= moment and not behaviour.never_ready
                self._servers[name].ready = due
            await self._report()

    async def _configure(self) -> str | None:
        """Read the containers' environments; returns why that cannot be done yet, if so."""
        for container in self._pod["spec"]["containers"]:
            try:
                env = await resolve(self._pod, container, self._fetch)
                behaviour = Behaviour.of(env)
            except (MissingSource, ValueError) as error:
                return str(error)
            name, metadata = container["name"], self._pod["metadata"]
            self._behaviours[name] = behaviour
            self._servers[name] = PodServer(metadata["namespace"], metadata["name"], behaviour)
        return None

    async def _fetch(self, kind: str, name: str) -> Mapping[str, Any] | None:
        namespace = self._pod["metadata"]["namespace"]
        return await self._api.send("GET", f"/api/v1/namespaces/{namespace}/{kind.lower()}s/{name}")

    async def _report(self, trouble: str | None = None) -> None:
        ready = {name for name, server in self._servers.items() if server.ready}
        status = running(self._pod, self.address, ready)
        if trouble is not None:
            status = waiting(self._pod, trouble)
        await self._api.send("PATCH", f"{self.path}/status", {"status": status}, _STRATEGIC)


def pod_path(pod: Mapping[str, Any]) -> str:
    metadata = pod["metadata"]
    return f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}"


async def release(api: KubeletApi, pod: Mapping[str, Any]) -> None:
    """Remove a pod's object for good, as only its kubelet may."""
    preconditions = {"uid": pod["metadata"]["uid"]}
    options = {"apiVersion": "v1", "kind": "DeleteOptions", "gracePeriodSeconds": 0}
    await api.send("DELETE", pod_path(pod), {**options, "preconditions": preconditions})


def running(pod: Mapping[str, Any], address: str, ready: set[str]) -> Manifest:
    """Describe a pod whose containers all run and of which those in *ready* are ready."""
    now = clock.rfc3339(clock.wall_clock())
    states = [
        {
            **_named(container),
            "ready": container["name"] in ready,
            "started": True,
            "state": {"running": {"startedAt": now}},
        }
        for container in pod["spec"]["containers"]
    ]
    done = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    initial = [
        {**_named(container), "ready": True, "state": done}
        for container in pod["spec"].get("initContainers", ())
    ]
    return {
        **_conditions(pod, len(ready) == len(states), now),
        "phase": "Running",
        "podIP": address,
        "podIPs": [{"ip": address}],
        "startTime": now,
        "containerStatuses": states,
        **({"initContainerStatuses": initial} if initial else {}),
    }


def waiting(pod: Mapping[str, Any], trouble: str) -> Manifest:
    """Describe a pod whose containers cannot be made because of *trouble*."""
    state = {"waiting": {"reason": "CreateContainerConfigError", "message": trouble}}
    states = [
        {**_named(container), "ready": False, "started": False, "state": state}
        for container in pod["spec"]["containers"]
    ]
    now = clock.rfc3339(clock.wall_clock())
    return {**_conditions(pod, False, now), "phase": "Pending", "containerStatuses": states}


def _named(container: Mapping[str, Any]) -> Manifest:
    image = container.get("image", "")
    return {"name": container["name"], "image": image, "imageID": image, "restartCount": 0}


def _conditions(pod: Mapping[str, Any], ready: bool, now: str) -> Manifest:
    generation = pod["metadata"].get("generation", 0)
    claims = {"Initialized": True, "ContainersReady": ready, "Ready": ready}
    conditions = [
        {
            "type": kind,
            "status": str(holds),
            "lastTransitionTime": now,
            "observedGeneration": generation,
            **({} if holds else {"reason": "ContainersNotReady"}),
        }
        for kind, holds in claims.items()
    ]
    return {"conditions": conditions, "observedGeneration": generation}
