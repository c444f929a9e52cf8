"""The servers around the lab's cluster: scripted webhooks, and the gates of a load tester."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from flagger_cli.simulator.tester import LoadTester
from flagger_cli.simulator.webhooks import Webhooks
from flagger_py.egress import Request, Response
from flagger_py.wire import Manifest
from tests.cluster.workloads import PORT, ready

_FOR_EVER_S = float("inf")


@dataclass(slots=True)
class Sink:
    """Answers each namespace's webhooks by the script of *hooks*: `/NAMESPACE/HOOK`."""

    hooks: dict[str, Webhooks] = field(default_factory=dict)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        namespace = request.path.split("/")[1]
        if namespace not in self.hooks:
            return web.Response(status=404, text=f"nobody scripted {namespace!r}")
        body = await request.read()
        # It is the asker who gives up or asks again; this is one attempt, as long as it takes.
        asked = Request(
            request.method, str(request.url), dict(request.headers), body, timeout_s=_FOR_EVER_S
        )
        return _told(await self.hooks[namespace](asked))


@dataclass(slots=True)
class Tester:
    """Serves the load tester's gates."""

    gates: LoadTester = field(default_factory=LoadTester)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        return _told(self.gates.answer(str(request.url), await request.read()))


@dataclass(frozen=True, slots=True)
class Targets:
    """Tells Prometheus which pods there are to scrape: those of *pods* that are ready."""

    pods: Callable[[], Iterable[Manifest]]

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer as `http_sd_config` of Prometheus documents it."""
        return web.json_response([_target(pod) for pod in self.pods() if ready(dict(pod))])


@asynccontextmanager
async def serving(server: Sink | Tester | Targets, address: str) -> AsyncIterator[None]:
    """Let *server* answer what is sent to *address*."""
    runner = web.ServerRunner(web.Server(server.answer, access_log=None), shutdown_timeout=1.0)
    await runner.setup()
    host, _, port = address.partition(":")
    await web.TCPSite(runner, host, int(port)).start()
    try:
        yield
    finally:
        await runner.cleanup()


def _target(pod: Manifest) -> dict[str, object]:
    """Describe the first port of *pod*, which is the application's, with the recorded labels."""
    ports = pod["spec"]["containers"][0].get("ports") or ({"containerPort": PORT},)
    labels = {
        "kubernetes_namespace": pod["metadata"]["namespace"],
        "kubernetes_pod_name": pod["metadata"]["name"],
    }
    return {"targets": [f"{pod['status']['podIP']}:{ports[0]['containerPort']}"], "labels": labels}


def _told(response: Response) -> web.Response:
    return web.Response(status=response.status, body=response.body)
