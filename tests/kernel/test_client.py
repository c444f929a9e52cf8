"""What is said to an API server, and what its refusals mean."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import pytest
from aiohttp import web

from flagger_py.errors import Conflict, FlaggerError, Missing, SpecError, Unavailable
from flagger_py.refs import DEPLOYMENT, NAMESPACE, SERVICE, Key, Kind
from flagger_py.runtime import transport
from flagger_py.runtime.access import Access
from flagger_py.runtime.client import EVENT, Client, Scope
from flagger_py.runtime.discovery import Kinds
from flagger_py.runtime.refusals import Ask, Gone, refusal
from flagger_py.runtime.sent import Event, Page
from flagger_py.wire import Manifest
from tests.kernel.loopback import Handler, Loopback, answer, client_of, hang_up, loopback, text
from tests.kernel.loopback import refusal as refused

T = TypeVar("T")
WEB = Key("apps", "web")
ACCOUNT = "system:serviceaccount:apps:deployer"
MANIFEST = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "apps"},
}
GONE = {"name": "web", "kind": "deployments", "group": "apps"}


def ask(act: Callable[[Client], Awaitable[T]], *replies: Handler) -> tuple[T, Loopback]:
    """Do *act* against a server that answers with *replies*."""

    async def scene() -> tuple[T, Loopback]:
        async with loopback(*replies) as server, client_of(server.url) as client:
            return await act(client), server

    return asyncio.run(scene())


def test_an_object_is_got_by_its_path() -> None:
    found, server = ask(lambda c: c.get(DEPLOYMENT, WEB), answer(MANIFEST))

    assert found == MANIFEST
    assert server.seen[0].path == "/apis/apps/v1/namespaces/apps/deployments/web"
    assert "Impersonate-User" not in server.seen[0].headers


def test_an_absent_object_is_none() -> None:
    found, _ = ask(lambda c: c.get(DEPLOYMENT, WEB), refused(404, "NotFound", **GONE))

    assert found is None


@pytest.mark.parametrize(
    "reply",
    [text("404 page not found\n", 404), refused(404, "NotFound")],
    ids=["plain-text", "without-details"],
)
def test_a_path_that_is_not_served_is_a_missing_kind(reply: Handler) -> None:
    with pytest.raises(Missing, match="does not serve apps/v1 Deployment"):
        ask(lambda c: c.get(DEPLOYMENT, WEB), reply)


def test_an_account_is_impersonated_without_naming_groups() -> None:
    _, server = ask(lambda c: c.get(DEPLOYMENT, WEB, account=ACCOUNT), answer(MANIFEST))

    headers = server.seen[0].headers
    assert headers["Impersonate-User"] == ACCOUNT
    assert not [name for name in headers if name.startswith("Impersonate-G")]


def test_apply_names_its_manager_and_the_content_it_sends() -> None:
    _, server = ask(
        lambda c: c.apply(
            DEPLOYMENT,
            MANIFEST,
            params={"fieldManager": "flagger-rollout", "force": "true"},
            subresource="status",
        ),
        answer(MANIFEST),
    )

    seen = server.seen[0]
    assert (seen.method, seen.body) == ("PATCH", MANIFEST)
    assert seen.path.endswith("/deployments/web/status")
    assert seen.query == {"fieldManager": "flagger-rollout", "force": "true"}
    assert seen.headers["Content-Type"] == "application/apply-patch+yaml"


def test_a_list_is_read_page_by_page_and_its_items_know_their_kind() -> None:
    async def act(client: Client) -> list[tuple[list[str], str]]:
        return [
            ([f"{m['kind']} {m['metadata']['name']}" for m in _manifests(page)], page.version)
            async for page in client.pages(Scope(DEPLOYMENT, "apps", labels="shard=1"))
        ]

    item = {"metadata": {"name": "a", "namespace": "apps"}}
    pages, server = ask(
        act,
        answer({"metadata": {"resourceVersion": "7", "continue": "next"}, "items": [item]}),
        answer({"metadata": {"resourceVersion": "7"}, "items": []}),
    )

    assert pages == [(["Deployment a"], "7"), ([], "7")]
    assert server.seen[0].query == {"labelSelector": "shard=1", "limit": "500"}
    assert server.seen[1].query["continue"] == "next"


def _manifests(page: Page) -> list[Manifest]:
    return [item.manifest() for item in page.items]


def watching(*chunks: bytes) -> Handler:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for chunk in chunks:
            await response.write(chunk)
        return response

    return handler


async def watch_all(client: Client) -> list[Event]:
    scope = Scope(SERVICE, "apps", "web")
    return [event async for event in client.watch(scope, "7", 240)]


def test_watch_events_may_be_cut_anywhere() -> None:
    long = "x" * 300_000
    line = f'{{"type":"MODIFIED","object":{{"metadata":{{"name":"{long}"}}}}}}\n'.encode()

    events, server = ask(
        watch_all, watching(b'{"type":"ERROR","ob', b'ject":{"n":1}}\n', line[:9], line[9:])
    )

    assert [event.type for event in events] == ["ERROR", "MODIFIED"]
    assert events[0].status == {"n": 1}
    assert events[1].item is not None
    assert events[1].item.key.name == long
    assert server.seen[0].query == {
        "fieldSelector": "metadata.name=web",
        "watch": "1",
        "allowWatchBookmarks": "true",
        "resourceVersion": "7",
        "timeoutSeconds": "240",
    }


def test_a_watch_from_too_old_a_version_says_so() -> None:
    with pytest.raises(Gone):
        ask(watch_all, refused(410, "Expired", "too old resource version"))


def test_a_watch_on_which_nothing_comes_begins_with_a_list(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """From a version that the server has yet to reach it is silent, whatever happens."""
    monkeypatch.setattr(transport, "SILENCE_S_MAX", 0.05)

    async def silent(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    with pytest.raises(Gone, match="nothing came"):
        ask(watch_all, silent)


def test_deletion_is_bound_to_the_object_that_was_meant() -> None:
    _, server = ask(
        lambda c: c.delete(DEPLOYMENT, WEB, uid="u1", account=ACCOUNT), answer({"kind": "Status"})
    )

    assert server.seen[0].body["preconditions"] == {"uid": "u1"}
    assert server.seen[0].body["propagationPolicy"] == "Background"
    assert server.seen[0].headers["Impersonate-User"] == ACCOUNT


@pytest.mark.parametrize(
    "reply",
    [refused(404, "NotFound", **GONE), refused(409, "Conflict", "uid mismatch")],
    ids=["gone", "another-one"],
)
def test_deleting_what_is_gone_is_fine(reply: Handler) -> None:
    _, server = ask(lambda c: c.delete(DEPLOYMENT, WEB, uid="u1"), reply)

    assert len(server.seen) == 1


def test_a_request_is_repeated_after_429_and_a_broken_connection() -> None:
    found, server = ask(
        lambda c: c.get(DEPLOYMENT, WEB),
        answer({}, 429, Retry_After="1"),
        hang_up(),
        answer(MANIFEST),
    )

    assert found == MANIFEST
    assert len(server.seen) == 3


def test_what_the_server_asks_to_wait_is_told_when_it_is_too_long_to_wait_here() -> None:
    with pytest.raises(Unavailable) as caught:
        ask(lambda c: c.get(DEPLOYMENT, WEB), answer({}, 429, Retry_After="60"))

    assert caught.value.retry_after_s == 60


@pytest.mark.parametrize("asked", ["nan", "inf", "-1", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_time_to_wait_that_makes_no_sense_is_none(asked: str) -> None:
    with pytest.raises(Unavailable) as caught:
        ask(lambda c: c.get(DEPLOYMENT, WEB), answer({}, 503, Retry_After=asked))

    assert caught.value.retry_after_s is None


def test_a_lease_is_not_written_again_after_a_failure() -> None:
    with pytest.raises(Unavailable):
        ask(
            lambda c: c.replace(DEPLOYMENT, MANIFEST, timeout_s=5),
            answer({}, 503),
            answer(MANIFEST),
        )


def test_no_answer_at_all_names_request_and_cause() -> None:
    async def scene() -> None:
        async with client_of("http://127.0.0.1:1") as client:
            await client.get(DEPLOYMENT, WEB)

    with pytest.raises(Unavailable, match="does not answer GET /apis/apps/v1"):
        asyncio.run(scene())


def test_an_event_that_exists_is_a_conflict() -> None:
    event = {"apiVersion": "v1", "kind": "Event", "metadata": {"name": "e", "namespace": "apps"}}

    with pytest.raises(Conflict):
        ask(lambda c: c.create(EVENT, event), refused(409, "AlreadyExists", "exists"))


def test_kinds_are_found_by_discovery_once() -> None:
    async def act(client: Client) -> tuple[Kind, Kind]:
        kinds = Kinds(client.discover)
        first = await kinds.resolve("example.com/v1", "Edge")
        return first, await kinds.resolve("example.com/v1", "Edge")

    resources = [
        {"name": "edges", "kind": "Edge", "namespaced": True},
        {"name": "edges/status", "kind": "Edge", "namespaced": True},
    ]
    (first, second), server = ask(act, answer({"resources": resources}))

    assert first == second == Kind("example.com", "v1", "Edge", "edges")
    assert [seen.path for seen in server.seen] == ["/apis/example.com/v1"]


def test_an_undiscovered_kind_is_missing_and_asked_for_again_later() -> None:
    now_s = [0.0]

    async def act(client: Client) -> int:
        kinds = Kinds(client.discover, clock_s=lambda: now_s[0])
        raised = 0
        for moment in (0.0, 5.0, 11.0):
            now_s[0] = moment
            try:
                await kinds.resolve("example.com/v1", "Edge")
            except Missing:
                raised += 1
        return raised

    raised, server = ask(act, text("404 page not found", 404))

    assert (raised, len(server.seen)) == (3, 2)


def test_an_account_that_may_read_is_asked_about_once_a_minute() -> None:
    now_s = [0.0]

    async def act(client: Client) -> None:
        access = Access(client.allowed, lambda: now_s[0])
        for moment in (0.0, 59.0, 61.0):
            now_s[0] = moment
            await access.demand(Ask("get", DEPLOYMENT, Key("apps", f"web-{moment:g}"), ACCOUNT))

    _, server = ask(act, answer({"status": {"allowed": True}}))

    assert len(server.seen) == 2
    spec = server.seen[0].body["spec"]
    assert spec["user"] == ACCOUNT
    assert "system:serviceaccounts:apps" in spec["groups"]
    assert spec["resourceAttributes"]["namespace"] == "apps"
    assert "name" not in spec["resourceAttributes"]


def test_an_account_that_may_not_read_is_asked_about_again_soon() -> None:
    now_s = [0.0]

    async def act(client: Client) -> int:
        access = Access(client.allowed, lambda: now_s[0])
        denied = 0
        for moment in (0.0, 4.0, 6.0):
            now_s[0] = moment
            try:
                await access.demand(Ask("list", DEPLOYMENT, Key("apps", ""), ACCOUNT))
            except SpecError:
                denied += 1
        return denied

    denied, server = ask(
        act, answer({"status": {"allowed": False}}), answer({"status": {"allowed": True}})
    )

    assert (denied, len(server.seen)) == (2, 2)


def test_an_account_that_may_read_one_name_may_read_that_one() -> None:
    async def act(client: Client) -> None:
        await Access(client.allowed).demand(Ask("get", DEPLOYMENT, WEB, ACCOUNT))

    _, server = ask(
        act, answer({"status": {"allowed": False}}), answer({"status": {"allowed": True}})
    )

    assert server.seen[1].body["spec"]["resourceAttributes"]["name"] == "web"


def test_an_account_that_may_not_read_is_told_what_it_lacks() -> None:
    async def act(client: Client) -> None:
        await Access(client.allowed).demand(Ask("get", DEPLOYMENT, WEB, ACCOUNT))

    with pytest.raises(SpecError) as caught:
        ask(act, answer({"status": {"allowed": False, "reason": "no role"}}))

    assert caught.value.reason == "AccessDenied"
    for word in (ACCOUNT, "get", "deployments", "namespace apps", "Role", "no role"):
        assert word in caught.value.message


def conflict_status() -> dict[str, Any]:
    return {
        "reason": "Conflict",
        "message": "Apply failed with 2 conflicts",
        "details": {
            "causes": [
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "kustomize-controller" using apps/v1',
                    "field": ".spec.replicas",
                },
                {
                    "reason": "FieldManagerConflict",
                    "message": 'conflict with "kustomize-controller" using apps/v1',
                    "field": ".spec.paused",
                },
            ]
        },
    }


def test_an_apply_conflict_names_managers_and_fields() -> None:
    error = refusal(409, conflict_status(), Ask("patch", DEPLOYMENT, WEB))

    assert isinstance(error, Conflict)
    assert error.managers == ("kustomize-controller",)
    assert error.fields == (".spec.replicas", ".spec.paused")


@pytest.mark.parametrize(
    ("code", "status", "kind", "reason"),
    [
        pytest.param(409, {"message": "modified"}, Conflict, "Conflict", id="old-version"),
        pytest.param(404, {"details": GONE}, Conflict, "Conflict", id="object-gone"),
        pytest.param(
            404,
            {"details": {"kind": "namespaces", "name": "apps"}},
            Unavailable,
            "NamespaceNotFound",
            id="namespace-gone",
        ),
        pytest.param(422, {"message": "bad"}, SpecError, "InvalidSpec", id="invalid"),
        pytest.param(
            403,
            {"message": "unable to create: namespace apps is being terminated"},
            Unavailable,
            "NamespaceTerminating",
            id="namespace-terminating",
        ),
        pytest.param(
            403, {"message": "exceeded quota: q"}, Unavailable, "QuotaExceeded", id="quota"
        ),
        pytest.param(
            403,
            {"message": 'admission webhook "x" denied the request'},
            SpecError,
            "AdmissionDenied",
            id="admission",
        ),
        pytest.param(403, {"message": "cannot patch"}, SpecError, "AccessDenied", id="rbac"),
        pytest.param(410, {}, Gone, "Expired", id="too-old"),
        pytest.param(500, {}, Unavailable, "Unavailable", id="server-error"),
    ],
)
def test_a_refusal_says_what_to_do_about_it(
    code: int, status: dict[str, Any], kind: type[FlaggerError], reason: str
) -> None:
    error = refusal(code, status, Ask("patch", DEPLOYMENT, WEB, ACCOUNT))

    assert type(error) is kind
    assert error.reason == reason
    assert "web" in error.message


def test_a_denied_cluster_scoped_read_asks_for_a_cluster_role() -> None:
    error = refusal(403, {"message": "no"}, Ask("list", NAMESPACE, Key("", "")))

    assert "the controller's own account may not list namespaces" in error.message
    assert "ClusterRole" in error.message


def test_what_we_may_do_ourselves_is_asked_without_a_name() -> None:
    (allowed, _), server = ask(
        lambda c: c.allowed(None, Ask("list", DEPLOYMENT, Key("apps", ""))),
        answer({"status": {"allowed": True}}),
    )

    assert allowed
    assert server.seen[0].path.endswith("/selfsubjectaccessreviews")
    assert "user" not in server.seen[0].body["spec"]
