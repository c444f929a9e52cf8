"""A real Traefik takes its routes from a served store, by both of its Kubernetes providers."""

import asyncio
import platform
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from flagger_cli.demo.edge import GATEWAY_CONTROLLER, Edge, start_edge
from flagger_py.clock import wall_clock
from flagger_py.refs import Key
from flagger_py.testing.facade.server import serve
from flagger_py.testing.facade.traefik import TRAEFIK_KINDS
from flagger_py.testing.served import BUILT_IN, GATEWAY_CLASS, HTTP_ROUTE, TRAEFIK_SERVICE
from flagger_py.testing.store import Store

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() != "x86_64",
    reason="the wheel of Traefik exists for Linux on x86-64 only",
)

HOST = "bikes.example.com"
GATEWAY_API = "gateway.networking.k8s.io/v1"
Json = dict[str, Any]


@asynccontextmanager
async def backend(name: str) -> AsyncIterator[int]:
    """Serve a pod that answers its name; yields its port."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(headers={"X-Version": name})

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def service(name: str) -> Json:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": name, "namespace": "shop"},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    }


def endpoint(name: str, port: int) -> Json:
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-one",
            "namespace": "shop",
            "labels": {"kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.0.0.1"], "conditions": {"ready": True, "serving": True}}],
        "ports": [{"name": "http", "port": port, "protocol": "TCP"}],
    }


def weighted(blue: int, red: int) -> Json:
    weights = {"blue": blue, "red": red}
    services = [{"name": name, "port": 80, "weight": weight} for name, weight in weights.items()]
    return {
        "apiVersion": TRAEFIK_SERVICE.api_version,
        "kind": TRAEFIK_SERVICE.kind,
        "metadata": {"name": "bikes", "namespace": "shop"},
        "spec": {"weighted": {"services": services}},
    }


def ingress_route() -> Json:
    backend_ref = {"kind": "TraefikService", "name": "bikes"}
    rule = {"kind": "Rule", "match": f"Host(`{HOST}`)", "services": [backend_ref]}
    return {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "bikes", "namespace": "shop"},
        "spec": {"entryPoints": ["web"], "routes": [rule]},
    }


def gateway(port: int) -> Iterator[Json]:
    """Yield a class of Traefik's and a Gateway on the port of its entry point."""
    yield {
        "apiVersion": GATEWAY_API,
        "kind": "GatewayClass",
        "metadata": {"name": "traefik"},
        "spec": {"controllerName": GATEWAY_CONTROLLER},
    }
    listener = {"name": "web", "port": port, "protocol": "HTTP"}
    yield {
        "apiVersion": GATEWAY_API,
        "kind": "Gateway",
        "metadata": {"name": "shop", "namespace": "shop"},
        "spec": {"gatewayClassName": "traefik", "listeners": [listener]},
    }


def http_route(blue: int, red: int) -> Json:
    refs = [
        {"name": "blue", "port": 80, "weight": blue},
        {"name": "red", "port": 80, "weight": red},
    ]
    return {
        "apiVersion": GATEWAY_API,
        "kind": "HTTPRoute",
        "metadata": {"name": "bikes", "namespace": "shop"},
        "spec": {
            "parentRefs": [{"name": "shop"}],
            "hostnames": [HOST],
            "rules": [{"backendRefs": refs}],
        },
    }


async def shares(edge: Edge, until: Callable[[Counter[str]], bool]) -> Counter[str]:
    """Count who answers a hundred requests; try again until that is as wanted."""
    async with aiohttp.ClientSession() as http, asyncio.timeout(15):
        for _ in count():
            found: Counter[str] = Counter()
            for _ in range(100):
                async with http.get(edge.url, headers={"Host": HOST}) as response:
                    found[response.headers.get("X-Version", str(response.status))] += 1
            if until(found):
                return found
    raise AssertionError("the timeout ends the loop")


def follow(
    prepare: Callable[[Store, Edge], None],
    change: Callable[[Store], object],
    directory: Path,
    after: Callable[[Store], Awaitable[Any]] | None = None,
) -> tuple[Counter[str], Counter[str], Any]:
    """Route to blue 70 and red 30, then *change* that to red alone; return both shares."""

    async def scene() -> tuple[Counter[str], Counter[str], Any]:
        store = Store(wall_clock, (*BUILT_IN, *TRAEFIK_KINDS))
        facade = await serve(store)
        try:
            edge = await start_edge(facade.url, directory)
            try:
                async with backend("blue") as blue, backend("red") as red:
                    for name, port in (("blue", blue), ("red", red)):
                        store.create(service(name))
                        store.create(endpoint(name, port))
                    prepare(store, edge)
                    first = await shares(edge, lambda found: set(found) == {"blue", "red"})
                    change(store)
                    second = await shares(edge, lambda found: set(found) == {"red"})
                    return first, second, await after(store) if after else None
            finally:
                await edge.process.end()
        finally:
            await facade.close()

    return asyncio.run(scene())


def test_traefik_follows_a_weighted_service(tmp_path: Path) -> None:
    def prepare(store: Store, _edge: Edge) -> None:
        store.apply(weighted(70, 30), "flagger-routing")
        store.create(ingress_route())

    first, second, _ = follow(
        prepare, lambda store: store.apply(weighted(0, 100), "flagger-routing"), tmp_path
    )

    assert first["red"] == pytest.approx(30, abs=2)
    assert second == {"red": 100}


def test_traefik_follows_an_http_route_and_reports_on_it(tmp_path: Path) -> None:
    def prepare(store: Store, edge: Edge) -> None:
        for item in gateway(int(edge.url.rpartition(":")[2])):
            store.create(item)
        store.apply(http_route(70, 30), "flagger-routing")

    async def reports(store: Store) -> tuple[Json, Json]:
        key = Key("shop", "bikes")
        async with asyncio.timeout(10):
            while "parents" not in (store.get(HTTP_ROUTE, key) or {}).get("status", {}):
                await asyncio.sleep(0.01)
        route, class_ = store.get(HTTP_ROUTE, key), store.get(GATEWAY_CLASS, Key("", "traefik"))
        assert route is not None
        assert class_ is not None
        return route["status"]["parents"][0], class_["status"]

    first, second, (parent, class_status) = follow(
        prepare,
        lambda store: store.apply(http_route(0, 100), "flagger-routing"),
        tmp_path,
        reports,
    )

    assert first["red"] == pytest.approx(30, abs=2)
    assert second == {"red": 100}
    assert {c["type"]: c["status"] for c in parent["conditions"]} == {
        "Accepted": "True",
        "ResolvedRefs": "True",
    }
    assert class_status["conditions"][0]["status"] == "True"
