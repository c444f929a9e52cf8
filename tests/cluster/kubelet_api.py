"""How the test kubelet speaks to the API server: it outlives outages and shrugs at what is gone."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import aiohttp

Manifest = dict[str, Any]

_RETRY_S = 0.2


class Expired(RuntimeError):
    """The watch cannot go on from where it was: list again."""


class KubeletApi:
    """Requests as the user of one kubeconfig; open it inside the event loop with `async with`."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())  # `Credentials.kubeconfig` writes JSON.
        cluster = config["clusters"][0]["cluster"]
        self._server: str = cluster["server"]
        self._authority: str = cluster["certificate-authority"]
        self._token: str = config["users"][0]["user"]["token"]
        self._session: aiohttp.ClientSession

    async def __aenter__(self) -> "KubeletApi":
        trust = ssl.create_default_context(cafile=self._authority)
        self._session = aiohttp.ClientSession(
            self._server,
            connector=aiohttp.TCPConnector(ssl=trust, limit=32),
            headers={"Authorization": f"Bearer {self._token}", "User-Agent": "bed-kubelet"},
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._session.close()

    async def send(
        self, method: str, path: str, body: Manifest | None = None, content: str = ""
    ) -> Manifest | None:
        """Return the answer's object, None when it was refused; waits as long as nobody answers.

        A refusal means that the object is gone or another one by now, which the watch tells.
        """
        headers = {"Content-Type": content or "application/json"}
        data = None if body is None else json.dumps(body)
        while True:
            try:
                async with self._session.request(method, path, data=data, headers=headers) as said:
                    if said.status < HTTPStatus.BAD_REQUEST:
                        found: Manifest = await said.json()
                        return found
                    if (
                        said.status < HTTPStatus.INTERNAL_SERVER_ERROR
                        and said.status != HTTPStatus.TOO_MANY_REQUESTS
                    ):
                        return None
            except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
                pass
            await asyncio.sleep(_RETRY_S)

    async def list(self, path: str) -> Manifest:
        """Return the list at *path*, however long it takes to get one."""
        while (found := await self.send("GET", path)) is None:
            await asyncio.sleep(_RETRY_S)
        return found

    async def watch(self, path: str, version: str) -> AsyncIterator[tuple[str, Manifest]]:
        """Yield the changes after *version* as (type, object) until the server ends the watch.

        Raises `Expired` when *version* is too old for it.
        """
        query = {"watch": "true", "resourceVersion": version, "allowWatchBookmarks": "true"}
        try:
            async with self._session.get(path, params=query) as stream:
                if stream.status == HTTPStatus.GONE:
                    raise Expired
                stream.raise_for_status()
                async for line in _lines(stream.content):
                    event = json.loads(line)
                    if event["type"] == "ERROR":
                        raise Expired
                    yield event["type"], event["object"]
        except (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            return
        except aiohttp.ClientResponseError as error:
            raise Expired from error


async def _lines(stream: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    """Cut the stream into lines; an object is longer than what `readline` takes."""
    rest = b""
    async for part in stream.iter_any():
        *lines, rest = (rest + part).split(b"\n")
        for line in lines:
            yield line
