"""Who we are to the API server, and how that is kept fresh."""

import asyncio
import itertools
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from flagger_py.errors import Unavailable
from flagger_py.refs import DEPLOYMENT, Key
from flagger_py.runtime.client import Client
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.transport import Transport
from tests.kernel.loopback import Handler, Loopback, answer, loopback, no_wait


def kubeconfig(folder: Path, url: str, user: dict[str, Any]) -> Path:
    path = folder / "config"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "one",
        "contexts": [
            {"name": "one", "context": {"cluster": "c", "user": "u"}},
            {"name": "other", "context": {"cluster": "other", "user": "u"}},
        ],
        "clusters": [
            {"name": "c", "cluster": {"server": url}},
            {"name": "other", "cluster": {"server": "http://other.test:1"}},
        ],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(json.dumps(config))
    return path


def plugin(folder: Path) -> dict[str, Any]:
    """Describe a credential plugin that prints what is in the file `token`."""
    program = (
        "import json,pathlib;"
        f"token=pathlib.Path({str(folder / 'token')!r}).read_text();"
        "print(json.dumps({'apiVersion':'client.authentication.k8s.io/v1',"
        "'kind':'ExecCredential','status':{'token':token}}))"
    )
    return {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": sys.executable,
            "args": ["-c", program],
        }
    }


@pytest.mark.parametrize("means", ["token-file", "plugin"])
def test_a_token_that_is_refused_is_read_anew(tmp_path: Path, means: str) -> None:
    token = tmp_path / "token"
    token.write_text("old")
    ticks = itertools.count(step=20)

    async def refuse(_request: web.Request) -> web.StreamResponse:
        token.write_text("new")
        return web.json_response({"kind": "Status", "reason": "Unauthorized"}, status=401)

    async def scene(*replies: Handler) -> Loopback:
        async with loopback(*replies) as server:
            user = {"tokenFile": str(token)} if means == "token-file" else plugin(tmp_path)
            path = kubeconfig(tmp_path, server.url, user)
            credentials = Credentials(Source(str(path)), lambda: float(next(ticks)))
            await credentials.load()
            transport = Transport(credentials, sleep=no_wait)
            try:
                await Client(transport).get(DEPLOYMENT, Key("apps", "web"))
            finally:
                await transport.close()
            return server

    server = asyncio.run(scene(refuse, answer({})))

    assert [seen.headers["Authorization"] for seen in server.seen] == ["Bearer old", "Bearer new"]


def test_a_context_and_an_address_can_be_chosen(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://one.test", {"token": "t"})

    async def host(source: Source) -> tuple[str, str | None]:
        credentials = Credentials(source)
        await credentials.load()
        return credentials.host, await credentials.authorization()

    assert asyncio.run(host(Source(str(path), "other"))) == ("http://other.test:1", "Bearer t")
    assert asyncio.run(host(Source(str(path), master="http://m.test/"))) == (
        "http://m.test",
        "Bearer t",
    )


@pytest.mark.parametrize(
    ("name", "context"), [("absent", ""), ("config", "nowhere")], ids=["file", "context"]
)
def test_credentials_that_are_not_there_are_said_to_be_missing(
    tmp_path: Path, name: str, context: str
) -> None:
    kubeconfig(tmp_path, "http://one.test", {"token": "t"})

    with pytest.raises(Unavailable, match="no credentials"):
        asyncio.run(Credentials(Source(str(tmp_path / name), context)).load())
