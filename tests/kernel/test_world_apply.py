"""Server-side apply: who owns a field, who loses it, and who is in the way."""

from typing import Any

import pytest

from flagger_py.owned import applied_fields, says_already
from flagger_py.refs import CONFIG_MAP, SERVICE, Key, Kind
from flagger_py.testing import World, a_deployment, a_service
from flagger_py.testing.refusal import Conflicted, Invalid, NotFound
from flagger_py.testing.served import custom
from flagger_py.testing.store import Store

APP = Key("test", "app")
THING = Kind("example.com", "v1", "Thing", "things")


@pytest.fixture
def store() -> Store:
    return World(kinds=[custom(THING)]).store


def a_config(meta: dict[str, Any] | None = None, **data: str) -> dict[str, Any]:
    named = {"name": "app", "namespace": "test", **(meta or {})}
    found: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": named}
    return {**found, "data": data} if data else found


def scaled(replicas: int) -> dict[str, Any]:
    meta = {"name": "app", "namespace": "test"}
    spec = {"replicas": replicas}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec}


def a_thing(**spec: Any) -> dict[str, Any]:
    meta = {"name": "app", "namespace": "test"}
    return {"apiVersion": "example.com/v1", "kind": "Thing", "metadata": meta, "spec": spec}


def data(store: Store) -> dict[str, str]:
    found = store.get(CONFIG_MAP, APP)
    assert found is not None
    return dict(found.get("data", {}))


def test_an_apply_creates_what_is_not_there(store: Store) -> None:
    store.apply(a_config(a="1"), "me")

    assert data(store) == {"a": "1"}


def test_an_apply_of_the_same_does_not_bump_the_version(store: Store) -> None:
    store.apply(a_deployment(), "me")
    before = store.version

    store.apply(a_deployment(), "me")

    assert store.version == before


def test_a_field_no_longer_applied_disappears(store: Store) -> None:
    store.apply(a_config(a="1", b="2"), "me")

    store.apply(a_config(b="2"), "me")

    assert data(store) == {"b": "2"}


def test_a_field_that_another_applies_too_stays(store: Store) -> None:
    store.apply(a_config(a="1", b="2"), "me")
    store.apply(a_config(a="1"), "you")

    store.apply(a_config(b="2"), "me")

    assert data(store) == {"a": "1", "b": "2"}


def test_a_conflict_names_managers_and_fields(store: Store) -> None:
    store.apply(a_config(a="1"), "me")
    store.patch(CONFIG_MAP, APP, {"data": {"b": "2"}}, "kubectl-edit")

    with pytest.raises(Conflicted) as caught:
        store.apply(a_config(a="3", b="3"), "you")

    assert caught.value.held == (("kubectl-edit", ".data.b"), ("me", ".data.a"))
    assert caught.value.message == (
        "Apply failed with 2 conflicts: "
        'conflicts with "kubectl-edit" using v1:\n- .data.b\nconflicts with "me":\n- .data.a'
    )
    assert data(store) == {"a": "1", "b": "2"}


def test_force_takes_the_fields_over(store: Store) -> None:
    store.apply(a_config(a="1", b="1"), "me")

    store.apply(a_config(a="2"), "you", force=True)

    found = store.get(CONFIG_MAP, APP)
    assert found is not None
    assert applied_fields(found, "me") == {"f:data": {"f:b": {}}}
    assert applied_fields(found, "you") == {"f:data": {"f:a": {}}}


def test_an_update_takes_the_fields_it_changes_and_no_others(store: Store) -> None:
    store.apply(a_config(a="1", b="1"), "me")

    store.patch(CONFIG_MAP, APP, {"data": {"a": "2", "b": "1"}}, "kubectl-edit")

    found = store.get(CONFIG_MAP, APP)
    assert found is not None
    assert applied_fields(found, "me") == {"f:data": {"f:b": {}}}


def test_scaling_alone_is_not_in_the_way_of_a_template(store: Store) -> None:
    store.apply(a_deployment(spec={"replicas": None}), "gitops")

    store.apply(scaled(7), "flagger-rollout")
    found = store.apply(a_deployment(version="2", spec={"replicas": None}), "gitops")

    assert found["spec"]["replicas"] == 7
    with pytest.raises(Conflicted) as caught:
        store.apply(a_deployment(replicas=2), "gitops")
    assert caught.value.held[0] == ("flagger-rollout", ".spec.replicas")


def test_a_field_without_owner_falls_back_to_its_default(store: Store) -> None:
    store.apply(a_deployment(spec={"replicas": None}), "gitops")
    store.apply(scaled(7), "me")

    found = store.apply(
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": scaled(0)["metadata"]}, "me"
    )

    assert found["spec"]["replicas"] == 1


def test_containers_and_variables_merge_by_name(store: Store) -> None:
    store.apply(a_deployment(), "me")
    env = [{"name": "B", "value": "b"}]
    sidecar = {"name": "sidecar", "image": "example.com/sidecar:1"}
    containers = [{"name": "app", "env": env}, sidecar]
    other = scaled(2)
    other["spec"] = {"template": {"spec": {"containers": containers}}}

    found = store.apply(other, "you")

    app, second = found["spec"]["template"]["spec"]["containers"]
    assert [item["name"] for item in app["env"]] == ["VERSION", "B"]
    assert app["image"] == "example.com/app:1"
    assert second["name"] == "sidecar"


def test_the_ports_of_a_service_merge_by_port_and_protocol(store: Store) -> None:
    store.apply(a_service(), "me")
    more = a_service()
    more["spec"] = {"ports": [{"name": "http-udp", "port": 80, "protocol": "UDP"}]}

    found = store.apply(more, "you")

    assert [(port["name"], port["protocol"]) for port in found["spec"]["ports"]] == [
        ("http", "TCP"),
        ("http-udp", "UDP"),
    ]


def test_a_selector_is_one_value(store: Store) -> None:
    store.apply(a_service(), "me")
    other = a_service()
    other["spec"] = {"selector": {"tier": "web"}}

    with pytest.raises(Conflicted) as caught:
        store.apply(other, "you")
    found = store.apply(other, "you", force=True)

    assert caught.value.held == (("me", ".spec.selector"),)
    assert found["spec"]["selector"] == {"tier": "web"}


def test_finalizers_are_a_set_and_owners_go_by_uid(store: Store) -> None:
    def owned_by(uid: str) -> dict[str, Any]:
        owner = {"apiVersion": "v1", "kind": "Node", "name": uid, "uid": uid}
        return a_config({"finalizers": [f"example.com/{uid}"], "ownerReferences": [owner]})

    store.apply(owned_by("a"), "a")
    both = store.apply(owned_by("b"), "b")
    left = store.apply(a_config(), "a")

    assert both["metadata"]["finalizers"] == ["example.com/a", "example.com/b"]
    assert [owner["uid"] for owner in both["metadata"]["ownerReferences"]] == ["a", "b"]
    assert left["metadata"]["finalizers"] == ["example.com/b"]
    assert [owner["uid"] for owner in left["metadata"]["ownerReferences"]] == ["b"]


def test_a_list_of_a_custom_resource_is_one_value(store: Store) -> None:
    store.apply(a_thing(steps=[{"name": "a"}]), "me")

    with pytest.raises(Conflicted):
        store.apply(a_thing(steps=[{"name": "b"}]), "you")

    found = store.apply(a_thing(steps=[{"name": "b"}]), "me")
    assert found["spec"]["steps"] == [{"name": "b"}]


def test_emptying_a_map_of_a_custom_resource_is_refused_as_null(store: Store) -> None:
    store.apply(a_thing(affinity={"cookie": "x"}), "me")

    with pytest.raises(Invalid, match=r'spec\.affinity: Invalid value: "null"'):
        store.apply(a_thing(affinity={}), "me")


def test_a_status_is_applied_by_its_own_owner(store: Store) -> None:
    store.apply(a_thing(size=1), "me")
    status = {**a_thing(size=5), "status": {"phase": "Ready"}}

    found = store.apply(status, "me", subresource="status")

    assert found["spec"] == {"size": 1}
    assert found["status"] == {"phase": "Ready"}
    owners = {e.get("subresource"): e["fieldsV1"] for e in found["metadata"]["managedFields"]}
    assert owners["status"] == {"f:status": {"f:phase": {}}}
    assert applied_fields(found, "me") == {"f:spec": {"f:size": {}}}


def test_an_apply_may_say_which_version_it_is_made_for(store: Store) -> None:
    old = store.apply(a_config(a="1"), "me")
    store.apply(a_config(a="2"), "me")
    version = old["metadata"]["resourceVersion"]

    with pytest.raises(Conflicted, match="the object has been modified"):
        store.apply(a_config({"resourceVersion": version}, a="3"), "me")
    with pytest.raises(Conflicted):
        store.apply({**a_thing(), "metadata": {**a_thing()["metadata"], "uid": "gone"}}, "me")
    with pytest.raises(NotFound):
        store.apply(a_thing(), "me", subresource="status")


def test_says_already_is_true_after_an_apply(store: Store) -> None:
    live = store.apply(a_deployment(), "me")

    assert says_already(a_deployment(), live, "me")


@pytest.mark.parametrize(
    "desired",
    [
        a_deployment(replicas=3),
        a_deployment(metadata={"labels": {"a": "b"}}),
        a_deployment(spec={"replicas": None}),
        a_deployment(spec={"paused": True}),
        {**a_deployment(), "metadata": {"name": "app", "namespace": "test", "finalizers": ["x"]}},
    ],
    ids=["another value", "a label more", "a field less", "a field more", "a finalizer more"],
)
def test_says_already_is_false_for_anything_else(store: Store, desired: dict[str, Any]) -> None:
    live = store.apply(a_deployment(), "me")

    assert not says_already(desired, live, "me")


def test_says_already_is_false_for_what_others_say(store: Store) -> None:
    live = store.create(a_deployment(), "kubectl")

    assert not says_already(a_deployment(), live, "me")
    assert not says_already(a_deployment(), None, "me")


def test_says_already_sees_an_item_that_another_put_into_our_list(store: Store) -> None:
    store.apply(a_thing(steps=[{"name": "a"}]), "me")
    assert says_already(a_thing(steps=[{"name": "a"}]), store.get(THING, APP), "me")

    store.patch(THING, APP, {"spec": {"steps": [{"name": "a", "loud": True}]}}, "hand")

    assert not says_already(a_thing(steps=[{"name": "a"}]), store.get(THING, APP), "me")


@pytest.mark.parametrize("given_up", [{"tags": ["x"]}, {"limits": {"cpu": 1}}], ids=["list", "map"])
def test_says_already_sees_what_an_item_of_our_list_says_no_more(
    store: Store, given_up: dict[str, Any]
) -> None:
    live = store.apply(a_thing(steps=[{"name": "a", **given_up}]), "me")

    assert not says_already(a_thing(steps=[{"name": "a"}]), live, "me")


def test_says_already_takes_a_plain_value_in_an_item_for_a_default(store: Store) -> None:
    live = store.apply(a_thing(steps=[{"name": "a", "weight": 1}]), "me")

    assert says_already(a_thing(steps=[{"name": "a"}]), live, "me")


def test_says_already_matches_items_by_their_keys(store: Store) -> None:
    live = store.apply(a_service(), "me")
    store.patch(SERVICE, APP, [{"op": "add", "path": "/spec/ports/0", "value": a_port()}], "hand")

    assert says_already(a_service(), store.get(SERVICE, APP), "me")
    assert says_already(a_service(), live, "me")
    assert not says_already(a_service(port=81), live, "me")


def a_port() -> dict[str, Any]:
    return {"name": "grpc", "port": 9000}


def test_who_owns_a_status_owns_nothing_else(store: Store) -> None:
    store.create(a_thing(size=1))

    found = store.apply({**a_thing(), "status": {"phase": "Ready"}}, "me", subresource="status")

    assert applied_fields(found, "me") == {}
    assert not says_already(a_thing(size=1), found, "me")


def test_says_already_is_true_of_nothing_where_nothing_is_owned(store: Store) -> None:
    live = store.create(a_deployment())
    nothing = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": live["metadata"]}
    released = {**nothing, "metadata": {"name": "app", "namespace": "test"}}

    assert says_already(released, live, "me")
    held = store.apply(
        {**released, "metadata": {**released["metadata"], "finalizers": ["a.com/x"]}}, "me"
    )
    assert not says_already(released, held, "me")
