"""The application of the demo, as the process that it is."""

import asyncio
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import aiohttp
import pytest

from flagger_cli.demo.app import Measured, behaviour_of
from flagger_cli.demo.children import Child, start

T = TypeVar("T")
PROGRAM = (sys.executable, "-m", "flagger_cli.demo.app")


@asynccontextmanager
async def running(directory: Path, **env: str) -> AsyncIterator[tuple[Child, str]]:
    """Run the application; yields its process and address."""
    child = await start("app", PROGRAM, env, directory=directory, reads=True)
    try:
        yield child, f"http://127.0.0.1:{await child.first_line(20)}"
    finally:
        await child.end()


def meet(
    directory: Path, act: Callable[[aiohttp.ClientSession, Child], Awaitable[T]], **env: str
) -> T:
    """Do *act* with an application that behaves as *env* says."""

    async def scene() -> T:
        async with (
            running(directory, **env) as (child, url),
            aiohttp.ClientSession(url) as http,
        ):
            return await act(http, child)

    return asyncio.run(scene())


def test_it_answers_with_its_version_and_fails_in_the_share_it_is_told(tmp_path: Path) -> None:
    async def act(http: aiohttp.ClientSession, _child: Child) -> Counter[tuple[str, int]]:
        found: Counter[tuple[str, int]] = Counter()
        for _ in range(50):
            async with http.get("/") as response:
                found[response.headers["X-Version"], response.status] += 1
        return found

    found = meet(tmp_path, act, VERSION="3.1", ERROR_RATE="0.2", LATENCY_MS="0")

    assert found == {("3.1", 200): 40, ("3.1", 500): 10}


def test_it_is_ready_only_after_its_time(tmp_path: Path) -> None:
    async def act(http: aiohttp.ClientSession, _child: Child) -> list[int]:
        found = []
        for path in ("/readyz", "/healthz"):
            async with http.get(path) as response:
                found.append(response.status)
        return found

    assert meet(tmp_path, act, READY_AFTER_S="60") == [503, 200]


def test_it_answers_what_is_under_way_when_told_to_leave(tmp_path: Path) -> None:
    async def act(http: aiohttp.ClientSession, child: Child) -> tuple[bytes, bool, int]:
        base = http._base_url
        assert base is not None
        reader, writer = await asyncio.open_connection(base.host, base.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: app\r\n\r\n")
        async with http.get("/healthz"):
            pass  # What came before this on the other connection has been read by now.
        ending = asyncio.create_task(child.end())
        answer = await reader.read()
        writer.close()
        await ending
        return answer.split(b"\r\n")[0], b"Connection: close" in answer, await child.wait()

    assert meet(tmp_path, act, LATENCY_MS="300") == (b"HTTP/1.1 200 OK", True, 0)


def test_it_leaves_when_whoever_started_it_is_gone(tmp_path: Path) -> None:
    async def scene() -> int:
        reading, writing = os.pipe()
        process = await asyncio.create_subprocess_exec(*PROGRAM, stdin=reading, cwd=tmp_path)
        os.close(reading)
        os.close(writing)
        async with asyncio.timeout(20):
            return await process.wait()

    assert asyncio.run(scene()) == 0


def test_its_metrics_are_cumulative() -> None:
    measured = Measured()
    for took_s in (0.004, 0.02, 9.0):
        measured.add(200, took_s)

    page = measured.page()

    assert 'http_request_duration_seconds_bucket{path="root",status="200",le="0.005"} 1' in page
    assert 'http_request_duration_seconds_bucket{path="root",status="200",le="2.5"} 2' in page
    assert 'http_request_duration_seconds_bucket{path="root",status="200",le="+Inf"} 3' in page
    assert 'http_request_duration_seconds_count{path="root",status="200"} 3' in page


def test_a_share_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValueError, match="often"):
        behaviour_of({"ERROR_RATE": "often"})
