"""A whole controller process, from its watches to its exit code, against a served World."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

import aiohttp
import prometheus_client
import pytest

from flagger_py.decision import Decision, Gauge
from flagger_py.refs import CONFIG_MAP, SECRET, Key, Kind
from flagger_py.runtime import process, told
from flagger_py.runtime.cluster import Site
from flagger_py.testing.served import LEASE
from tests.kernel.served import Scene, controllers, scene
from tests.kernel.toy import (
    BELL,
    BELLS,
    BellStatus,
    BellSubject,
    Seen,
    a_bell,
    decide,
    hold_and_decide,
    observe,
)

T = TypeVar("T")
BIG = Key("test", "big")
MADE = Key("test", "big-sound")


def play(act: Callable[[Scene], Awaitable[T]], **options: Any) -> T:
    async def whole() -> T:
        async with scene(**options) as stage:
            return await act(stage)

    return asyncio.run(whole())


def said(stage: Scene, name: str, sound: str) -> Callable[[], bool]:
    return lambda: stage.status(name).get("sound") == sound


def test_an_object_is_reconciled_and_then_left_alone() -> None:
    """No pass without change writes: the echo of our own writes starts nothing anew."""

    async def act(stage: Scene) -> tuple[int, int, int]:
        codes: list[int] = []
        async with controllers(stage, [BELLS], codes):
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
            stage.store.create(a_bell("small", sound="ding"))
            await stage.until(said(stage, "small", "ding"))
        statuses = stage.asked("patch", "bells.toy.flagger.app/status")
        return codes[0], statuses, stage.asked("patch", "configmaps")

    assert play(act) == (0, 2, 2)


def test_a_child_that_is_deleted_is_made_again() -> None:
    async def act(stage: Scene) -> bool:
        async with controllers(stage, [BELLS]):
            stage.store.create(a_bell())
            await stage.until(lambda: stage.store.get(CONFIG_MAP, MADE))
            stage.store.delete(CONFIG_MAP, MADE)
            await stage.until(lambda: stage.store.get(CONFIG_MAP, MADE))
        return True

    assert play(act)


def test_what_a_pass_tells_is_scraped_with_the_meaning_its_part_gives() -> None:
    def weigh(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
        return replace(decide(subject, seen), gauges=(Gauge("bell_weight", {}, 5),))

    part = replace(BELLS, decide=weigh, meanings={"bell_weight": "How heavy it is"})
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"

    async def act(stage: Scene) -> str:
        async with controllers(stage, [part]), aiohttp.ClientSession() as session:
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
            async with session.get(f"http://{address}/metrics") as response:
                return await response.text()

    shown = play(act, metrics_addr=address)

    assert "# HELP bell_weight How heavy it is\n" in shown
    assert "\nbell_weight 5.0\n" in shown


def test_what_is_missing_is_acted_on_when_it_comes() -> None:
    async def act(stage: Scene) -> str:
        async with controllers(stage, [BELLS]):
            stage.store.create(a_bell(needs="rope", sound="dong"))
            await stage.until(lambda: stage.ready("big").get("status") == "False")
            rope = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "rope", "namespace": "test"},
            }
            stage.store.create(rope)
            await stage.until(said(stage, "big", "dong"))
        return str(stage.ready("big")["status"])

    # The pause after the failure is longer than anyone's patience: only the event can wake.
    assert play(act, min_retry_delay_s=900.0) == "True"


def test_a_finalizer_and_a_status_are_written_in_one_pass() -> None:
    part = replace(BELLS, decide=hold_and_decide)

    async def act(stage: Scene) -> list[str]:
        async with controllers(stage, [part]):
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
        found = stage.store.get(BELL, BIG)
        assert found is not None
        return list(found["metadata"]["finalizers"])

    assert play(act, min_retry_delay_s=900.0) == ["toy.flagger.app/bells"]


def test_an_account_that_may_not_read_stalls_its_object_alone() -> None:
    def may(_account: str, _verb: str, kind: Kind, _namespace: str) -> bool:
        return kind != CONFIG_MAP

    async def act(stage: Scene) -> tuple[str, str]:
        async with controllers(stage, [BELLS]):
            stage.store.create(a_bell("poor", serviceAccountName="guest"))
            stage.store.create(a_bell("rich", sound="dong"))
            await stage.until(said(stage, "rich", "dong"))
            await stage.until(lambda: stage.ready("poor"))
        return stage.ready("poor")["reason"], stage.ready("poor")["message"]

    reason, message = play(act, may=may)

    assert reason == "AccessDenied"
    assert "system:serviceaccount:test:guest" in message


def test_a_secret_is_read_as_the_account_and_never_listed() -> None:
    found: list[Any] = []

    async def observe_secret(subject: BellSubject, site: Site) -> Seen:
        found.append(await site.cluster.secret(Key(subject.namespace, "token")))
        return await observe(subject, site)

    async def act(stage: Scene) -> tuple[int, int]:
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": "token", "namespace": "test"},
            "data": {"token": "aHVzaA=="},
        }
        stage.store.create(secret)
        async with controllers(stage, [replace(BELLS, observe=observe_secret)]):
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
        return stage.asked("list", str(SECRET)), stage.asked("watch", str(SECRET))

    assert play(act) == (0, 0)
    assert found[0] == {"token": b"hush"}


def test_a_pass_under_way_is_finished_at_shutdown() -> None:
    begun = asyncio.Event()
    go_on = asyncio.Event()

    async def slow(subject: BellSubject, site: Site) -> Seen:
        seen = await observe(subject, site)
        begun.set()
        await go_on.wait()
        return seen

    async def act(stage: Scene) -> dict[str, Any]:
        async with controllers(stage, [replace(BELLS, observe=slow)]):
            stage.store.create(a_bell(sound="dong"))
            await begun.wait()
            asyncio.get_running_loop().call_soon(go_on.set)
        return stage.status("big")

    assert play(act)["sound"] == "dong"


def test_a_pass_that_does_not_end_is_abandoned_at_shutdown() -> None:
    begun = asyncio.Event()

    async def endless(_subject: BellSubject, _site: Site) -> Seen:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def act(stage: Scene) -> int:
        codes: list[int] = []
        async with controllers(stage, [replace(BELLS, observe=endless)], codes):
            stage.store.create(a_bell())
            await begun.wait()
        return codes[0]

    assert play(act, graceful_shutdown_timeout_s=0.01) == 0


def test_series_of_what_is_gone_end_also_where_nobody_scrapes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(told, "LAST_WORD_S", 0.0)
    monkeypatch.setattr(process, "HOUSEKEEPING_S", 0.01)
    dropped: list[str] = []
    monkeypatch.setattr(
        prometheus_client.Gauge,
        "remove",
        lambda gauge, *labels: dropped.extend(labels),
        raising=True,
    )

    def measured(subject: BellSubject, seen: Seen) -> Decision[BellStatus]:
        gauge = Gauge("bell_loudness", {"name": subject.name}, 1.0)
        return replace(decide(subject, seen), gauges=(gauge,))

    async def act(stage: Scene) -> list[str]:
        async with controllers(stage, [replace(BELLS, decide=measured)]):
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
            stage.store.delete(BELL, BIG)
            async with asyncio.timeout(5):
                while not dropped:
                    await asyncio.sleep(0.01)
        return dropped

    assert play(act) == ["big"]


def test_several_processes_live_in_one_loop() -> None:
    gongs = replace(BELLS, name="gongs")

    async def act(stage: Scene) -> bool:
        other = replace(stage, options=replace(stage.options, watch_label_selector="shard=2"))
        labelled = a_bell("two", sound="dong")
        labelled["metadata"]["labels"] = {"shard": "2"}
        async with controllers(other, [gongs]):
            stage.store.create(a_bell("one", sound="dong"))
            stage.store.create(labelled)
            await stage.until(said(stage, "two", "dong"))
            before = stage.status("one").get("sound")
            async with controllers(stage, [BELLS]):
                await stage.until(said(stage, "one", "dong"))
        return before is None

    assert play(act)


def test_the_lead_is_taken_given_back_and_its_loss_ends_the_process() -> None:
    election = {
        "leader_election": True,
        "leader_election_namespace": "test",
        "identity": "pod-1",
        "retry_period_s": 0.05,
        "renew_deadline_s": 0.5,
        "lease_duration_s": 1.0,
    }
    key = Key("test", "flagger-py-leader-election")

    def holder(stage: Scene) -> str:
        lease = stage.store.get(LEASE, key)
        return str(lease["spec"]["holderIdentity"]) if lease else ""

    async def act(stage: Scene) -> tuple[list[int], str]:
        codes: list[int] = []
        async with controllers(stage, [BELLS], codes):
            stage.store.create(a_bell(sound="dong"))
            await stage.until(said(stage, "big", "dong"))
            assert holder(stage).startswith("pod-1_")
        released = holder(stage)
        async with controllers(stage, [BELLS], codes) as running:
            await stage.until(lambda: holder(stage).startswith("pod-1_"))
            lease = stage.store.get(LEASE, key)
            assert lease is not None
            spec = {**lease["spec"], "holderIdentity": "thief"}
            meta = {k: v for k, v in lease["metadata"].items() if k != "resourceVersion"}
            stage.store.update({**lease, "metadata": meta, "spec": spec}, manager="thief")
            await asyncio.wait_for(asyncio.shield(running), 5)
        return codes, released

    assert play(act, **election) == ([0, 1], "")
