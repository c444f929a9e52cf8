"""What one controller process sees of a World, and what becomes of its requests."""

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, TypeVar

import pytest

from flagger_py.errors import Conflict, FlaggerError, Missing, SpecError, Unavailable
from flagger_py.refs import CONFIG_MAP, DEPLOYMENT, Key, Kind
from flagger_py.testing import Crash, Rates, World, a_deployment, a_service
from flagger_py.testing.cluster import WorldCluster
from flagger_py.testing.faults import Fault
from flagger_py.testing.history import Change
from flagger_py.testing.served import EVENT

APP, READER = Key("test", "app"), Key("test", "reader")
T = TypeVar("T")


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def cluster(world: World) -> WorldCluster:
    return WorldCluster(world, "toy")


def run(work: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
    async def wait() -> T:
        return await work

    return asyncio.run(wait())


def get(cluster: WorldCluster, kind: Kind = DEPLOYMENT) -> Any:
    return run(cluster.reads("toy", READER, None).get(kind, APP))


def apply(cluster: WorldCluster, replicas: int = 2, **how: Any) -> Any:
    how = {"manager": "me", "force": False, **how}
    return run(cluster.apply(a_deployment(replicas=replicas), **how))


def newest(world: World) -> Change:
    return world.store.changes(DEPLOYMENT, world.store.version - 1)[0]


def test_the_cache_knows_what_it_was_told_and_no_more(world: World, cluster: WorldCluster) -> None:
    world.store.create(a_deployment())
    assert get(cluster)["spec"]["replicas"] == 2

    world.store.patch(DEPLOYMENT, APP, {"spec": {"replicas": 5}})
    assert get(cluster)["spec"]["replicas"] == 2

    news, readers = cluster.receive(newest(world))
    assert news
    assert readers == (READER,)
    assert get(cluster)["spec"]["replicas"] == 5


def test_own_writes_are_read_at_once(cluster: WorldCluster) -> None:
    apply(cluster)

    assert get(cluster)["spec"]["replicas"] == 2


def test_an_own_write_comes_back_as_no_news(world: World, cluster: WorldCluster) -> None:
    cluster.cache(DEPLOYMENT)
    apply(cluster)

    assert cluster.receive(newest(world))[0] is False


def test_an_event_older_than_an_own_write_is_news_but_changes_nothing(
    world: World, cluster: WorldCluster
) -> None:
    world.store.create(a_deployment())
    cluster.cache(DEPLOYMENT)
    world.store.patch(DEPLOYMENT, APP, {"metadata": {"labels": {"by": "hand"}}})
    by_hand = newest(world)
    apply(cluster, 5, force=True)

    assert cluster.receive(by_hand)[0] is True
    assert get(cluster)["spec"]["replicas"] == 5


def test_an_apply_that_says_nothing_new_is_not_sent(world: World, cluster: WorldCluster) -> None:
    apply(cluster)
    tally = world.tally()

    apply(cluster)

    assert tally.total() == 0


def test_a_conflict_tells_managers_and_fields(world: World, cluster: WorldCluster) -> None:
    world.store.apply(a_deployment(), "gitops")

    with pytest.raises(Conflict) as caught:
        apply(cluster, 5)

    assert caught.value.managers == ("gitops",)
    assert caught.value.fields == (".spec.replicas",)


def test_a_kind_that_is_not_served_is_missing(cluster: WorldCluster) -> None:
    with pytest.raises(Missing):
        get(cluster, Kind("example.com", "v1", "Thing", "things"))
    with pytest.raises(Missing):
        run(cluster.reads("toy", READER, None).resolve("example.com/v1", "Thing"))


def test_what_the_server_finds_invalid_is_the_users_to_mend(cluster: WorldCluster) -> None:
    with pytest.raises(SpecError) as caught:
        apply(cluster, -1)

    assert caught.value.reason == "InvalidSpec"


def test_an_account_may_only_what_it_may(world: World, cluster: WorldCluster) -> None:
    world.may = lambda account, verb, _kind, _namespace: (account, verb) == ("dev", "get")
    reads = cluster.reads("toy", READER, "dev")

    assert run(reads.get(DEPLOYMENT, APP)) is None
    with pytest.raises(SpecError) as caught:
        run(reads.select(DEPLOYMENT, "test", {}))
    assert caught.value.reason == "AccessDenied"
    with pytest.raises(SpecError, match="cannot apply"):
        apply(cluster, account="dev")


def test_a_secret_is_read_live_and_decoded(world: World, cluster: WorldCluster) -> None:
    meta = {"name": "app", "namespace": "test"}
    data = {"token": "c2VjcmV0"}
    world.store.create({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": data})

    assert run(cluster.reads("toy", READER, None).secret(APP)) == {"token": b"secret"}
    assert run(cluster.reads("toy", READER, None).secret(Key("test", "none"))) is None
    assert world.requests["toy", "get", "secrets"] == 2


def test_a_selection_wakes_for_what_enters_and_what_leaves_it(
    world: World, cluster: WorldCluster
) -> None:
    world.store.create(a_deployment(metadata={"labels": {"tier": "web"}}))
    found = run(cluster.reads("toy", READER, None).select(DEPLOYMENT, "test", {"tier": "web"}))
    assert [item["metadata"]["name"] for item in found] == ["app"]

    world.store.patch(DEPLOYMENT, APP, {"metadata": {"labels": {"tier": "db"}}})
    assert cluster.receive(newest(world))[1] == (READER,)
    world.store.patch(DEPLOYMENT, APP, {"metadata": {"labels": {"tier": "cache"}}})
    assert cluster.receive(newest(world))[1] == ()


def test_only_what_the_last_pass_asked_for_wakes(world: World, cluster: WorldCluster) -> None:
    world.store.create(a_deployment())
    get(cluster)

    get(cluster, CONFIG_MAP)
    world.store.patch(DEPLOYMENT, APP, {"spec": {"replicas": 5}})

    assert cluster.receive(newest(world))[1] == ()


def test_a_deletion_is_sent_once_and_to_the_object_meant(
    world: World, cluster: WorldCluster
) -> None:
    uid = world.store.create(a_deployment())["metadata"]["uid"]

    run(cluster.delete(DEPLOYMENT, APP, uid="another"))
    assert world.store.get(DEPLOYMENT, APP) is not None
    run(cluster.delete(DEPLOYMENT, APP, uid=uid))
    run(cluster.delete(DEPLOYMENT, APP, uid=uid))

    assert world.store.get(DEPLOYMENT, APP) is None
    assert get(cluster) is None
    assert world.requests["toy", "delete", "deployments.apps"] == 1


def test_a_deletion_of_what_was_replaced_meanwhile_harms_nobody(
    world: World, cluster: WorldCluster
) -> None:
    uid = world.store.create(a_deployment())["metadata"]["uid"]
    cluster.cache(DEPLOYMENT)
    world.store.delete(DEPLOYMENT, APP)
    gone = newest(world)
    world.store.create(a_deployment(replicas=7))

    run(cluster.delete(DEPLOYMENT, APP, uid=uid))
    cluster.receive(gone)
    cluster.receive(newest(world))

    assert get(cluster)["spec"]["replicas"] == 7


def test_an_event_told_twice_is_kept_once(world: World, cluster: WorldCluster) -> None:
    meta = {"name": "app.1", "namespace": "test"}
    event = {"apiVersion": "v1", "kind": "Event", "metadata": meta, "reason": "Rang"}

    run(cluster.record(event))
    run(cluster.record(event))

    assert len(world.store.list(EVENT)) == 1


@pytest.mark.parametrize(
    ("fault", "error", "happens"),
    [
        (Fault.CRASH_BEFORE, Crash, False),
        (Fault.CRASH_AFTER, Crash, True),
        (Fault.CONFLICT, Conflict, False),
        (Fault.THROTTLED, Unavailable, False),
        (Fault.DOWN, Unavailable, False),
        (Fault.TIMED_OUT, Unavailable, True),
    ],
    ids=[fault.value for fault in Fault],
)
def test_each_fault_shows_as_its_error_and_takes_effect_or_not(
    world: World, cluster: WorldCluster, fault: Fault, error: type[BaseException], happens: bool
) -> None:
    world.faults.strike_at(1, fault)

    with pytest.raises(error):
        apply(cluster)

    assert (world.store.get(DEPLOYMENT, APP) is not None) is happens
    assert [str(point) for point, _ in world.faults.struck] == [
        "point 2: toy apply deployments.apps test/app"
    ]


def test_a_throttled_request_says_how_long_to_wait(world: World, cluster: WorldCluster) -> None:
    world.faults.strike_at(1, Fault.THROTTLED)

    with pytest.raises(Unavailable) as caught:
        apply(cluster)

    assert caught.value.retry_after_s is not None
    assert caught.value.retry_after_s > 0


def test_rates_are_kept_and_can_be_stopped() -> None:
    world = World(seed=3, rates=Rates(down=0.5))
    cluster = WorldCluster(world, "toy")
    failures = 0
    for number in range(200):
        try:
            run(cluster.apply(a_service(f"app-{number}"), manager="me", force=False))
        except FlaggerError:
            failures += 1
    assert 60 < failures < 140

    world.faults.stop()

    run(cluster.apply(a_service("last"), manager="me", force=False))
    assert len(world.faults.struck) == failures


def test_an_ended_process_sends_nothing_more(world: World, cluster: WorldCluster) -> None:
    cluster.dead = True

    with pytest.raises(Crash):
        apply(cluster)

    assert world.store.get(DEPLOYMENT, APP) is None
