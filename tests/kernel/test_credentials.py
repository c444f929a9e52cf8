"""Who we are to the API server, and how that is kept fresh."""

import asyncio
import itertools
import json
import os
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


def refusal(path: Path | str, context: str = "") -> str:
    with pytest.raises(Unavailable) as caught:
        asyncio.run(Credentials(Source(str(path), context)).load())
    return str(caught.value)


def test_a_kubeconfig_that_is_not_there_is_named(tmp_path: Path) -> None:
    how = "give --kubeconfig, set $KUBECONFIG, or run in a pod"

    assert refusal(tmp_path / "nope") == f"no kubeconfig: {tmp_path}/nope does not exist; {how}"
    assert refusal(f"{tmp_path}/a{os.pathsep}{tmp_path}/b") == (
        f"no kubeconfig: none of {tmp_path}/a, {tmp_path}/b exists; {how}"
    )


def test_without_any_flag_the_kubeconfig_of_kubectl_is_said_to_be_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty variable is none, as for kubectl."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("KUBECONFIG", "")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)

    assert refusal("").startswith(f"no kubeconfig: {tmp_path}/.kube/config does not exist; give ")


def test_the_variable_is_read_when_it_is_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBECONFIG", str(kubeconfig(tmp_path, "http://one.test", {"token": "t"})))
    credentials = Credentials(Source(context="other"))

    asyncio.run(credentials.load())

    assert credentials.host == "http://other.test:1"


def test_the_first_kubeconfig_to_name_a_context_wins(tmp_path: Path) -> None:
    """As for kubectl: both must be about the same cluster."""
    silent, first, second = (tmp_path / name for name in ("silent", "first", "second"))
    silent.write_text(json.dumps({"current-context": ""}))
    first.write_text(json.dumps({"current-context": "other"}))
    second.write_bytes(kubeconfig(tmp_path, "http://one.test", {"token": "t"}).read_bytes())
    credentials = Credentials(Source(os.pathsep.join(map(str, (silent, first, second)))))

    asyncio.run(credentials.load())

    assert credentials.host == "http://other.test:1"


@pytest.mark.parametrize(
    ("changes", "context", "sentence"),
    [
        (
            {"current-context": ""},
            "",
            "has no current-context; give --context or set one with kubectl config use-context",
        ),
        ({}, "nowhere", "has no context 'nowhere', only one, other; give another --context"),
        (
            {"current-context": "gone"},
            "",
            "has no context 'gone', only one, other; "
            "give --context or set one with kubectl config use-context",
        ),
        (
            {"clusters": []},
            "",
            "has no cluster 'c', which its context 'one' names; mend it or give another --context",
        ),
    ],
    ids=["no-current", "no-such-context", "current-is-gone", "no-cluster"],
)
def test_what_a_kubeconfig_lacks_is_said_with_its_path(
    tmp_path: Path, changes: dict[str, Any], context: str, sentence: str
) -> None:
    path = kubeconfig(tmp_path, "http://one.test", {"token": "t"})
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))

    assert refusal(path, context) == f"kubeconfig {path} {sentence}"


@pytest.mark.parametrize(
    ("text", "what"),
    [("", "is empty"), ("a: [", "is no YAML"), ("text", "is no YAML map")],
    ids=["empty", "not-yaml", "no-map"],
)
def test_a_file_that_is_no_kubeconfig_is_named(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "config"
    path.write_text(text)

    assert refusal(path) == (
        f"kubeconfig {path} {what}; mend it or give another one with --kubeconfig"
    )


def test_a_fault_that_is_not_known_is_told_as_it_came(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "https://one.test", {"client-certificate": str(tmp_path / "gone")})

    assert refusal(path).startswith("no credentials for the API server: ")
