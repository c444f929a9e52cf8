"""How a pod of the bed answers: as its container's environment says, and it counts what it did."""

import asyncio
import os
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest

from flagger_py import clock

disable_created_metrics()  # type: ignore[no-untyped-call]  # The library left it untyped.

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_DRAIN_S = float(os.environ.get("BED_DRAIN_S", "1"))
"""How long a pod serves on while it is being deleted, where its environment does not say."""


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What the variables VERSION, ERROR_RATE (0 to 1), LATENCY_MS and so on ask for."""

    version: str = ""
    error_rate: float = 0.0
    latency_ms: float = 0.0
    ready_after_s: float = 0.0
    never_ready: bool = False
    drain_s: float = _DRAIN_S

    @classmethod
    def of(cls, env: Mapping[str, str]) -> "Behaviour":
        """Read the variables; raises `ValueError` for a number that is none."""
        return cls(
            version=env.get("VERSION", ""),
            error_rate=float(env.get("ERROR_RATE") or 0),
            latency_ms=float(env.get("LATENCY_MS") or 0),
            ready_after_s=float(env.get("READY_AFTER_S") or 0),
            never_ready=env.get("NEVER_READY", "").lower() in {"1", "true"},
            drain_s=float(env.get("DRAIN_S") or _DRAIN_S),
        )


class PodServer:
    """The HTTP server of one container, on the pod's own address.

    Errors are spread evenly instead of drawn: of n requests n * *error_rate* fail, give or take
    one, so that a test knows what its metrics must say.
    """

    def __init__(self, namespace: str, pod: str, behaviour: Behaviour) -> None:
        self.ready = False
        self.draining = False
        self._namespace = namespace
        self._pod = pod
        self._behaviour = behaviour
        self._owed = 0.0
        self._registry = CollectorRegistry()
        self._durations = Histogram(
            "http_request_duration_seconds",
            "Time to answer, by HTTP status.",
            ["status"],
            buckets=_BUCKETS,
            registry=self._registry,
        )
        self._runner: web.ServerRunner | None = None

    async def start(self, address: str, ports: tuple[int, ...]) -> None:
        self._runner = web.ServerRunner(
            web.Server(self._answer, access_log=None), shutdown_timeout=2.0
        )
        await self._runner.setup()
        for port in ports:
            await web.TCPSite(self._runner, address, port, backlog=512).start()

    async def stop(self) -> None:
        """Refuse new connections and wait a little for the answers that are under way."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        match request.path:
            case "/metrics":
                response = web.Response(
                    body=generate_latest(self._registry),
                    headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"},
                )
            case "/healthz":
                response = web.Response(text="ok")
            case "/readyz":
                response = web.Response(status=200 if self.ready else 503)
            case _:
                response = await self._work(request)
        if self.draining:
            response.force_close()  # A proxy must not find its kept connection broken.
        return response

    async def _work(self, request: web.BaseRequest) -> web.Response:
        """Do what a request asks of the application, and count it."""
        started = clock.monotonic_s()
        await request.read()
        if self._behaviour.latency_ms:
            await asyncio.sleep(self._behaviour.latency_ms / 1000)
        self._owed += self._behaviour.error_rate
        failed = self._owed >= 1.0 - 1e-9  # Ten tenths are a little less than one.
        self._owed -= failed
        status = 500 if failed else 200
        self._durations.labels(str(status)).observe(clock.monotonic_s() - started)
        told = {"version": self._behaviour.version, "pod": self._pod, "path": request.path}
        return web.json_response(
            {**told, "namespace": self._namespace},
            status=status,
            headers={"X-Version": self._behaviour.version, "X-Pod": self._pod},
        )
