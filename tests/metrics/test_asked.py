"""Equal questions of one second are asked once, and nothing is kept for longer."""

import asyncio
import threading
from typing import Any

from flagger_metrics.asked import LARGE_BYTES, Asked
from flagger_metrics.providers import Access, Query
from flagger_metrics.providers.openmetrics import OpenMetrics
from flagger_metrics.samples import Samples
from flagger_py.egress import Request, Response, Unreachable
from flagger_py.runtime.worker import Place

from .analyses import NOW, Wire, later

ASK = Request("GET", "http://p")


def test_an_answer_is_not_shared_with_other_credentials() -> None:
    wire, shared = Wire(lambda _: Response(200)), Asked()
    mine = Request("GET", "http://p", {"Authorization": "Bearer mine"})
    theirs = Request("GET", "http://p", {"Authorization": "Bearer theirs"})

    async def both() -> None:
        await shared.send(wire, mine, NOW)
        await shared.send(wire, theirs, NOW)

    asyncio.run(both())

    assert wire.sent == [mine, theirs]


def test_who_waits_for_a_question_that_was_given_up_asks_it_again() -> None:
    sent: list[str] = []
    request = Request("GET", "http://p")

    async def scene() -> list[object]:
        hang, shared = asyncio.Event(), Asked()

        async def slow(_request: Request) -> Response:
            sent.append("slow")
            await hang.wait()
            return Response(200)

        async def quick(_request: Request) -> Response:
            sent.append("quick")
            return Response(200)

        first = asyncio.create_task(shared.send(slow, request, NOW))
        await asyncio.sleep(0)
        second = asyncio.create_task(shared.send(quick, request, NOW))
        await asyncio.sleep(0)
        first.cancel()
        return list(await asyncio.gather(first, second, return_exceptions=True))

    given_up, answer = asyncio.run(scene())

    assert isinstance(given_up, asyncio.CancelledError)
    assert answer == Response(200)
    assert sent == ["slow", "quick"]


def test_a_page_is_read_once_for_all_who_ask_and_its_text_let_go() -> None:
    request, page = Request("GET", "http://a/metrics"), Response(200, b"requests_total 5\n")
    read: list[bytes] = []

    def digest(response: Response) -> Response:
        read.append(response.body)
        return OpenMetrics().digest(response)

    async def both() -> list[Any]:
        shared, wire = Asked(), Wire(lambda _: page)
        asked = (shared.send(wire, request, NOW, digest) for _ in range(2))
        return list(await asyncio.gather(*asked))

    first, second = asyncio.run(both())

    assert read == [page.body]
    assert first is second
    assert first.body == b""
    answer = OpenMetrics().answer(
        Query("requests_total", NOW), Access("openmetrics", request.url), (first,), Samples()
    )
    assert answer.values == (5.0,)


def test_a_large_page_is_read_beside_the_event_loop() -> None:
    threads: set[str] = set()

    def digest(response: Response) -> Response:
        threads.add(threading.current_thread().name)
        return response

    async def scene(size: int) -> None:
        wire = Wire(lambda _: Response(200, b"#" * size))
        await Asked().send(wire, Request("GET", "http://a"), NOW, digest)

    asyncio.run(scene(LARGE_BYTES + 1))
    here = threading.current_thread().name

    assert threads
    assert here not in threads
    asyncio.run(scene(LARGE_BYTES))
    assert here in threads


def test_only_the_exchanges_of_the_present_second_are_kept() -> None:
    async def scene() -> list[int]:
        shared, wire = Asked(), Wire(lambda _: Response(200, bytes(100_000)))
        kept = []
        for second in (0, 0, 1, 2, 3_600, 3_601, 10, 11):
            for path in "ab":
                await shared.send(wire, Request("GET", f"http://p/{path}"), later(second))
            kept.append(len(shared))
        return kept

    assert asyncio.run(scene()) == [2] * 8


def test_a_pass_that_began_a_little_earlier_ends_nothing() -> None:
    async def scene() -> int:
        shared, wire = Asked(), Wire(lambda _: Response(200))
        for second in (1, 0, 1, 0):
            await shared.send(wire, ASK, later(second))
        return len(wire.sent)

    assert asyncio.run(scene()) == 2


def test_who_waits_for_an_answer_that_another_asked_for_leaves_its_place() -> None:
    """One provider that hangs would otherwise stop every controller of the process."""

    async def scene() -> tuple[list[Any], int]:
        places, hang, shared = asyncio.Semaphore(3), asyncio.Event(), Asked()
        sent = 0

        async def hanging(_request: Request) -> Response:
            nonlocal sent
            sent += 1
            await hang.wait()
            raise Unreachable("no answer within 5s")

        async def one_pass() -> Any:
            place = Place(places)
            await place.take()
            try:
                return await shared.send(place.outside(hanging), ASK, NOW)
            finally:
                place.give_back()

        passes = [asyncio.create_task(one_pass()) for _ in range(7)]
        mine = Place(places)
        await asyncio.wait_for(mine.take(), 1)
        mine.give_back()
        hang.set()
        answers = await asyncio.gather(*passes)
        assert not places.locked()
        return answers, sent

    answers, sent = asyncio.run(scene())

    assert sent == 1
    assert [answer.message for answer in answers] == ["no answer within 5s"] * 7
