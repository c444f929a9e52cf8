"""What a tenant writes into a name leads nowhere but to an object of that name."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from flagger_py.errors import Missing, SpecError
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SECRET, Key, Kind
from flagger_py.runtime.caches import Caches
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.discovery import ABSENT_S, Kinds
from flagger_py.runtime.paths import collection, path
from tests.kernel.loopback import answer, client_of, loopback
from tests.kernel.served import controllers, scene
from tests.kernel.toy import BELLS, a_bell

NO_NAMES = (
    *("", ".", "..", "../../kube-system/secrets/admin", "x/../../../nodes", "a/b"),
    *("?labelSelector=a", "a#b", "%2e%2e", "a b", "a\nb", "a\\b", "é"),
)
Act = Callable[[Client], Awaitable[object]]


def asked_by(act: Act) -> list[str]:
    """Return the paths that *act* asked a server for."""

    async def scene() -> list[str]:
        async with loopback(answer({"metadata": {}})) as server, client_of(server.url) as client:
            with pytest.raises(SpecError):
                await act(client)
            return [seen.path for seen in server.seen]

    return asyncio.run(scene())


@pytest.mark.parametrize("name", NO_NAMES, ids=repr)
def test_what_is_no_name_is_not_asked_for(name: str) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "tenant"},
    }

    assert asked_by(lambda c: c.get(SECRET, Key("tenant", name))) == []
    assert asked_by(lambda c: c.delete(SECRET, Key("tenant", name), uid="u")) == []
    assert asked_by(lambda c: c.apply(SECRET, manifest, params={})) == []


@pytest.mark.parametrize("name", NO_NAMES[1:], ids=repr)
def test_what_is_no_namespace_is_not_looked_into(name: str) -> None:
    assert asked_by(lambda c: c.get(SECRET, Key(name, "token"))) == []


def test_the_error_names_kind_name_and_namespace() -> None:
    with pytest.raises(SpecError, match=r"'\.\.' is no name of a Secret in namespace tenant"):
        path(SECRET, Key("tenant", ".."))


@pytest.mark.parametrize(
    ("kind", "key", "found"),
    [
        (DEPLOYMENT, Key("apps", "web"), "/apis/apps/v1/namespaces/apps/deployments/web"),
        (NAMESPACE, Key("", "apps"), "/api/v1/namespaces/apps"),
        (
            Kind("rbac.authorization.k8s.io", "v1", "ClusterRole", "clusterroles", False),
            Key("", "system:node"),
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
        ),
    ],
    ids=["namespaced", "cluster-scoped", "colon"],
)
def test_a_name_leads_to_its_object(kind: Kind, key: Key, found: str) -> None:
    assert path(kind, key) == found


def test_a_collection_without_a_namespace_is_that_of_all() -> None:
    assert collection(DEPLOYMENT, "") == "/apis/apps/v1/deployments"


@pytest.mark.parametrize("name", ["", "..", "a/b"], ids=repr)
def test_no_secret_is_listed_for_want_of_a_name(name: str) -> None:
    caches = Caches(object(), lambda *_: None, lambda _: None, "", lambda: 0.0)  # type: ignore[arg-type]  # never asked

    with pytest.raises(SpecError):
        caches.scope_of(SECRET, Key("tenant", name), "system:serviceaccount:tenant:sa")


def test_a_watch_of_what_is_no_name_is_not_opened() -> None:
    async def watch(client: Client) -> None:
        async for _ in client.watch(Scope(CONFIG_MAP, "tenant", "a/b"), "7", 240):
            pass

    assert asked_by(watch) == []


@pytest.mark.parametrize(
    "api_version",
    ["", "/", "v1/../../api/v1/namespaces/kube-system/secrets?x=", "apps/", "a/b/c", "../v1", "v?"],
    ids=repr,
)
def test_what_is_no_api_version_is_not_discovered(api_version: str) -> None:
    assert asked_by(lambda c: Kinds(c.discover).resolve(api_version, "Edge")) == []


def test_absences_that_are_long_ago_are_not_remembered() -> None:
    """Whoever invents apiVersions must not fill our memory with them."""
    now_s = [0.0]

    async def nothing(_api_version: str) -> tuple[Kind, ...]:
        return ()

    async def act() -> int:
        kinds = Kinds(nothing, clock_s=lambda: now_s[0])
        for number in range(1000):
            now_s[0] += ABSENT_S / 10
            with pytest.raises(Missing):
                await kinds.resolve(f"invented{number}.example/v1", "Edge")
        return kinds.absences

    assert asyncio.run(act()) <= 10


@pytest.mark.parametrize("account", ["a:b", "../x", "a\nb"], ids=repr)
def test_an_account_that_is_none_is_a_fault_of_the_spec(account: str) -> None:
    async def act() -> str:
        async with scene() as stage, controllers(stage, [BELLS]):
            stage.store.create(a_bell(serviceAccountName=account))
            await stage.until(lambda: stage.ready("big"))
            return f"{stage.ready('big')['reason']}: {stage.ready('big')['message']}"

    said = asyncio.run(act())

    assert said.startswith("InvalidSpec: spec.serviceAccountName")
