"""Deliveries: in order for each object, side by side for all, failures only logged."""

import asyncio
import logging

import pytest

from flagger_py.decision import Deliver
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.refs import Key
from flagger_py.runtime.deliveries import PLACES, WAITING_MAX, Deliveries
from flagger_py.runtime.flux_events import FluxEvents, payload

A, B = Key("apps", "a"), Key("apps", "b")


def parcel(name: str) -> Deliver:
    return Deliver(Request("POST", f"https://hooks.test/{name}"), about=name, token=name)


def test_deliveries_of_one_object_keep_their_order() -> None:
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        name = request.url.rpartition("/")[2]
        for _ in range(5 if name == "first" else 0):
            await asyncio.sleep(0)
        sent.append(name)
        return Response(200)

    async def scene() -> None:
        deliveries = Deliveries(egress)
        for name in ("first", "second", "third"):
            deliveries.deliver(A, parcel(name))
        await deliveries.drain(5)

    asyncio.run(scene())

    assert sent == ["first", "second", "third"]


def test_a_delivery_that_hangs_holds_up_nobody_else() -> None:
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        if request.url.endswith("hangs"):
            await asyncio.Event().wait()
        sent.append(request.url.rpartition("/")[2])
        return Response(200)

    async def scene() -> None:
        deliveries = Deliveries(egress)
        deliveries.deliver(A, parcel("hangs"))
        deliveries.deliver(B, parcel("other"))
        await deliveries.drain(0.05)

    asyncio.run(scene())

    assert sent == ["other"]


async def sent_beside_what_hangs(key: Key) -> list[str]:
    """Return what else of *key* is sent while a crowd of one namespace hangs."""
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        sent.append(request.url.rpartition("/")[2])
        if request.url.endswith("hangs"):
            await asyncio.Event().wait()
        return Response(200)

    deliveries = Deliveries(egress)
    for number in range(200):
        deliveries.deliver(Key("slow", str(number)), parcel("hangs"))
    deliveries.deliver(key, parcel("other"))
    await deliveries.drain(0.05)
    return sent


def test_endpoints_of_one_tenant_that_hang_delay_no_other_tenant() -> None:
    assert "other" in asyncio.run(sent_beside_what_hangs(Key("fast", "canary")))


def test_one_namespace_has_its_places_and_no_more() -> None:
    sent = asyncio.run(sent_beside_what_hangs(Key("slow", "canary")))

    assert sent == ["hangs"] * PLACES


def test_delivering_returns_before_anything_is_sent() -> None:
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        sent.append(request.url)
        return Response(200)

    async def scene() -> int:
        deliveries = Deliveries(egress)
        deliveries.deliver(A, parcel("x"))
        at_once = len(sent)
        await deliveries.drain(5)
        return at_once

    assert asyncio.run(scene()) == 0
    assert len(sent) == 1


def test_a_failure_is_a_line_in_the_log_and_the_next_one_goes_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        name = request.url.rpartition("/")[2]
        sent.append(name)
        if name == "down":
            raise Unreachable("hooks.test: refused")
        if name == "broken":
            raise RuntimeError("token=secret")
        return Response(500 if name == "angry" else 200)

    async def scene() -> None:
        deliveries = Deliveries(egress)
        for name in ("down", "broken", "angry", "fine"):
            deliveries.deliver(A, parcel(name))
        await deliveries.drain(5)

    with caplog.at_level(logging.ERROR):
        asyncio.run(scene())

    assert sent == ["down", "broken", "angry", "fine"]
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        "down failed: hooks.test: refused",
        "broken failed: RuntimeError",
        "angry was answered 500",
    ]


def test_too_many_that_wait_lose_the_oldest() -> None:
    sent: list[str] = []

    async def egress(request: Request) -> Response:
        sent.append(request.url.rpartition("/")[2])
        return Response(200)

    async def scene() -> None:
        deliveries = Deliveries(egress)
        for number in range(WAITING_MAX + 3):
            deliveries.deliver(A, parcel(str(number)))
        await deliveries.drain(5)

    asyncio.run(scene())

    assert len(sent) == WAITING_MAX
    assert sent[0] == "3"


EVENT = {
    "apiVersion": "v1",
    "kind": "Event",
    "metadata": {
        "name": "podinfo.1",
        "namespace": "apps",
        "annotations": {"event.toolkit.fluxcd.io/team": "web"},
    },
    "involvedObject": {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "namespace": "apps",
        "name": "podinfo",
        "uid": "u",
        "resourceVersion": "7",
    },
    "reason": "Advanced",
    "message": "Advance podinfo.apps canary weight 20",
    "type": "Normal",
    "eventTime": "2026-01-01T10:00:00.123456Z",
    "reportingComponent": "flagger-rollout",
    "reportingInstance": "pod-1",
}


def test_an_event_is_posted_in_fluxs_form() -> None:
    found = payload({**EVENT, "type": "Warning"})

    assert found == {
        "involvedObject": EVENT["involvedObject"],
        "severity": "error",
        "timestamp": "2026-01-01T10:00:00Z",
        "message": "Advance podinfo.apps canary weight 20",
        "reason": "Advanced",
        "metadata": {"event.toolkit.fluxcd.io/team": "web"},
        "reportingController": "flagger-rollout",
        "reportingInstance": "pod-1",
    }


@pytest.mark.parametrize(("status", "worth"), [(429, False), (503, True), (400, False)], ids=str)
def test_an_event_is_posted_once_and_again_only_after_a_servers_fault(
    status: int, worth: bool
) -> None:
    judged: list[bool] = []

    async def scene() -> None:
        async def send(request: Request, worth_retrying: object) -> Response:
            assert request.timeout_s == 5
            assert callable(worth_retrying)
            judged.append(worth_retrying(status))
            return Response(status)

        async def never(_request: Request) -> Response:
            raise AssertionError

        deliveries = Deliveries(never)
        events = FluxEvents("http://notification.test/", send, deliveries.hand_over)
        events.post(EVENT)
        events.post(EVENT)
        await deliveries.drain(5)

    asyncio.run(scene())

    assert judged == [worth]
