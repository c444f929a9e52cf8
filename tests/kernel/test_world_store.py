"""The store keeps objects as an API server does."""

from typing import Any

import pytest

from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, NAMESPACE, SERVICE, Key, Kind
from flagger_py.testing import World, a_deployment, a_namespace, a_service, an_http_route
from flagger_py.testing.defaults import unobserved
from flagger_py.testing.refusal import (
    AlreadyExists,
    Conflicted,
    Forbidden,
    Gone,
    Invalid,
    NotFound,
    NotServed,
)
from flagger_py.testing.served import HTTP_ROUTE, custom, from_crd
from flagger_py.testing.store import Store

APP = Key("test", "app")
THING = Kind("example.com", "v1", "Thing", "things")


def a_thing(**spec: Any) -> dict[str, Any]:
    meta = {"name": "app", "namespace": "test"}
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": meta, "spec": spec}


@pytest.fixture
def store() -> Store:
    return World(kinds=[custom(THING, default=unobserved)]).store


def meta(store: Store, kind: Kind = DEPLOYMENT) -> dict[str, Any]:
    found = store.get(kind, APP)
    assert found is not None
    return dict(found["metadata"])


def test_a_created_object_has_identity_and_defaults(store: Store) -> None:
    made = store.create(a_deployment())

    assert made["metadata"]["generation"] == 1
    assert made["metadata"]["uid"]
    assert made["metadata"]["creationTimestamp"] == "2026-01-01T00:00:00Z"
    assert made["spec"]["strategy"]["rollingUpdate"] == {"maxSurge": "25%", "maxUnavailable": "25%"}
    assert made["spec"]["template"]["spec"]["containers"][0]["ports"][0]["protocol"] == "TCP"


def test_a_service_gets_an_address_that_cannot_be_taken_away(store: Store) -> None:
    made = store.create(a_service())
    assert made["spec"]["clusterIP"].startswith("10.96.")
    assert made["spec"]["ports"][0]["protocol"] == "TCP"

    with pytest.raises(Invalid, match="may not change once set"):
        store.patch(SERVICE, APP, {"spec": {"clusterIP": "None"}})


def test_a_route_gets_the_defaults_of_the_gateway_api(store: Store) -> None:
    made = store.create(an_http_route(primary=80))

    rule = made["spec"]["rules"][0]
    assert rule["matches"] == [{"path": {"type": "PathPrefix", "value": "/"}}]
    assert {**rule["backendRefs"][1]} == {
        "group": "",
        "kind": "Service",
        "name": "app-canary",
        "port": 80,
        "weight": 20,
    }


@pytest.mark.parametrize(
    ("patch", "generation"),
    [
        ({"spec": {"replicas": 5}}, 2),
        ({"metadata": {"labels": {"a": "b"}}}, 1),
        ({"metadata": {"annotations": {"a": "b"}}}, 2),
        ({"status": {"replicas": 1}}, 1),
    ],
    ids=["spec", "labels", "annotations of a Deployment", "status"],
)
def test_the_generation_counts_changes_of_the_spec(
    store: Store, patch: dict[str, Any], generation: int
) -> None:
    store.create(a_deployment())

    store.patch(DEPLOYMENT, APP, patch)

    assert meta(store)["generation"] == generation


def test_a_write_that_changes_nothing_is_no_write(store: Store) -> None:
    store.create(a_deployment(replicas=3))
    before = store.version

    store.patch(DEPLOYMENT, APP, {"spec": {"replicas": 3}})

    assert store.version == before
    assert store.changes(DEPLOYMENT, before) == ()


def test_the_status_is_written_through_its_subresource_only(store: Store) -> None:
    store.create({**a_thing(size=1), "status": {"phase": "made up"}})
    store.patch(THING, APP, {"spec": {"size": 2}, "status": {"phase": "made up"}})
    store.patch(THING, APP, {"spec": {"size": 9}, "status": {"phase": "true"}}, "x", "status")

    thing = store.get(THING, APP)

    assert thing is not None
    assert thing["spec"] == {"size": 2}
    assert thing["status"] == {"observedGeneration": -1, "phase": "true"}


def test_an_update_from_an_old_copy_is_refused(store: Store) -> None:
    old = store.create(a_deployment())
    store.patch(DEPLOYMENT, APP, {"spec": {"replicas": 5}})

    with pytest.raises(Conflicted, match="the object has been modified"):
        store.update({**old, "spec": {**old["spec"], "replicas": 1}})


def test_a_custom_resource_is_not_replaced_blindly(store: Store) -> None:
    store.create(a_thing(size=1))

    with pytest.raises(Invalid, match="must be specified for an update"):
        store.update(a_thing(size=2))


def test_put_creates_and_replaces(store: Store) -> None:
    store.put(a_thing(size=1), "somebody")

    made = store.put(a_thing(other=2), "somebody")

    assert made["spec"] == {"other": 2}


def test_a_second_object_of_a_name_is_refused(store: Store) -> None:
    store.create(a_deployment())

    with pytest.raises(AlreadyExists, match=r'deployments.apps "app" already exists'):
        store.create(a_deployment())


def test_what_no_server_would_store_is_refused(store: Store) -> None:
    with pytest.raises(Invalid, match="does not match template"):
        store.create(a_deployment(spec={"selector": {"matchLabels": {"app": "other"}}}))
    with pytest.raises(Invalid, match=r"spec\.selector: Required value"):
        store.create(a_deployment(spec={"selector": None}))


def test_an_unknown_kind_is_not_served(store: Store) -> None:
    with pytest.raises(NotServed, match="no matches for kind"):
        store.resolve("example.com/v2", "Thing")

    store.unregister(THING)

    with pytest.raises(NotServed):
        store.get(THING, APP)


def test_a_kind_is_read_in_every_version_it_is_served_in(store: Store) -> None:
    store.create(an_http_route())
    beta = store.resolve("gateway.networking.k8s.io/v1beta1", "HTTPRoute")

    found, stored = store.get(beta, APP), store.get(HTTP_ROUTE, APP)

    assert found is not None
    assert stored is not None
    assert found["apiVersion"].endswith("v1beta1")
    assert found["spec"] == stored["spec"]


def test_a_finalizer_holds_a_deletion(store: Store) -> None:
    store.create(a_deployment(metadata={"finalizers": ["example.com/a", "example.com/b"]}))

    marked = store.delete(DEPLOYMENT, APP)
    store.patch(DEPLOYMENT, APP, {"metadata": {"finalizers": ["example.com/b"]}})

    assert marked is not None
    assert marked["metadata"]["generation"] == 2
    assert meta(store)["deletionTimestamp"] == "2026-01-01T00:00:00Z"

    store.patch(DEPLOYMENT, APP, {"metadata": {"finalizers": []}})

    assert store.get(DEPLOYMENT, APP) is None
    assert [str(change.type) for change in store.changes(DEPLOYMENT, 0)] == [
        "ADDED",
        "MODIFIED",
        "MODIFIED",
        "DELETED",
    ]


def test_a_dying_object_takes_no_new_finalizer(store: Store) -> None:
    store.create(a_deployment(metadata={"finalizers": ["example.com/a"]}))
    store.delete(DEPLOYMENT, APP)

    with pytest.raises(Invalid, match="no new finalizers"):
        store.patch(DEPLOYMENT, APP, {"metadata": {"finalizers": ["example.com/a", "b.com/b"]}})


def test_a_deletion_holds_to_its_preconditions(store: Store) -> None:
    made = store.create(a_deployment())

    with pytest.raises(Conflicted, match="Precondition failed: UID"):
        store.delete(DEPLOYMENT, APP, uid="another")
    with pytest.raises(Conflicted):
        store.delete(DEPLOYMENT, APP, version="1")

    assert store.delete(DEPLOYMENT, APP, uid=made["metadata"]["uid"]) is None
    with pytest.raises(NotFound):
        store.delete(DEPLOYMENT, APP)


def test_a_watch_begins_where_a_list_was_made(store: Store) -> None:
    store.create(a_deployment())
    listed_at = store.version
    store.patch(DEPLOYMENT, APP, {"spec": {"replicas": 5}})
    store.delete(DEPLOYMENT, APP)

    changes = store.changes(DEPLOYMENT, listed_at)

    assert [change.event()["type"] for change in changes] == ["MODIFIED", "DELETED"]
    assert changes[0].object["spec"]["replicas"] == 5


def test_a_watch_from_before_the_compaction_is_gone(store: Store) -> None:
    store.create(a_deployment())
    listed_at = store.version
    store.create(a_service())

    store.compact()

    with pytest.raises(Gone, match="too old resource version"):
        store.changes(DEPLOYMENT, listed_at)
    assert store.changes(DEPLOYMENT, store.version) == ()


@pytest.mark.parametrize(
    ("selector", "names"),
    [
        ({"app": "a"}, ["a"]),
        ("app=a", ["a"]),
        ("app!=a", ["b", "c"]),
        ("app in (a, b)", ["a", "b"]),
        ("app notin (a),tier", ["b"]),
        ("!tier", ["a", "c"]),
        ("", ["a", "b", "c"]),
    ],
    ids=["map", "equal", "unequal", "in", "not in and there", "not there", "empty"],
)
def test_a_list_is_narrowed_by_labels(store: Store, selector: Any, names: list[str]) -> None:
    for name in "cab":
        tier = {"tier": "web"} if name == "b" else {}
        labels = {"app": name, **tier}
        store.create(a_service(name, metadata={"labels": labels}))

    found = store.list(SERVICE, "test", selector)

    assert [item["metadata"]["name"] for item in found] == names


def test_a_json_patch_changes_what_it_names(store: Store) -> None:
    store.create(a_deployment())
    path = "/spec/template/spec/containers/0/env"

    store.patch(
        DEPLOYMENT,
        APP,
        [
            {"op": "test", "path": "/spec/replicas", "value": 2},
            {"op": "add", "path": f"{path}/-", "value": {"name": "X", "value": "1"}},
            {"op": "remove", "path": f"{path}/0"},
            {"op": "replace", "path": "/spec/replicas", "value": 7},
        ],
    )

    found = store.get(DEPLOYMENT, APP)
    assert found is not None
    assert found["spec"]["replicas"] == 7
    assert found["spec"]["template"]["spec"]["containers"][0]["env"] == [
        {"name": "X", "value": "1"}
    ]


def test_namespaces_come_with_their_first_object_and_refuse_more_when_they_end(
    store: Store,
) -> None:
    store.create(a_deployment())
    assert store.get(NAMESPACE, Key("", "test")) is not None

    store.delete(NAMESPACE, Key("", "test"))

    with pytest.raises(Forbidden, match="is being terminated"):
        store.create(a_service())
    with pytest.raises(AlreadyExists):
        store.create(a_namespace())


def test_a_name_is_generated_where_only_its_beginning_is_given(store: Store) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap"}
    meta = {"generateName": "app-", "namespace": "test"}

    names = {store.create({**config, "metadata": meta})["metadata"]["name"] for _ in range(3)}

    assert len(names) == 3
    assert all(name.startswith("app-") and len(name) == 9 for name in names)


def test_a_crd_brings_its_lists_and_defaults() -> None:
    spec = {
        "properties": {
            "size": {"type": "integer", "default": 3},
            "parts": {
                "type": "array",
                "x-kubernetes-list-type": "map",
                "x-kubernetes-list-map-keys": ["name"],
                "items": {"properties": {"name": {}, "loud": {"default": False}}},
            },
        }
    }
    status = {"properties": {"observedGeneration": {"default": -1}}}
    schema = {"properties": {"spec": spec, "status": status}}
    version = {"name": "v1", "storage": True, "served": True, "subresources": {"status": {}}}
    names = {"kind": "Thing", "plural": "things"}
    crd = {
        "spec": {
            "group": "example.com",
            "scope": "Namespaced",
            "names": names,
            "versions": [{**version, "schema": {"openAPIV3Schema": schema}}],
        }
    }
    store = World(kinds=[from_crd(crd)]).store

    store.apply(a_thing(parts=[{"name": "a"}]), "first")
    made = store.apply(a_thing(parts=[{"name": "b", "loud": True}]), "second")

    assert made["spec"] == {
        "size": 3,
        "parts": [{"name": "a", "loud": False}, {"name": "b", "loud": True}],
    }
    assert made["status"] == {"observedGeneration": -1}


def test_what_a_caller_keeps_is_not_what_the_store_keeps(store: Store) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "app"}, "data": {}}
    config["metadata"] = {"name": "app", "namespace": "test"}
    store.create(config)

    config["data"] = {"changed": "behind its back"}

    found = store.get(CONFIG_MAP, APP)
    assert found is not None
    assert found["data"] == {}
