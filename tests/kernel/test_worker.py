"""Who works side by side: as many as there are places, and those who wait outside take none."""

import asyncio

from flagger_py.egress import Request, Response
from flagger_py.refs import Key, Kind
from flagger_py.runtime.intake import Intake
from flagger_py.runtime.interest import Reader
from flagger_py.runtime.store import Change
from flagger_py.runtime.worker import Place

ASK = Request("GET", "https://slow.test/")
CANARY = Kind("flagger.app", "v1beta1", "Canary", "canaries")
KEY = Key("apps", "podinfo")


def test_a_place_is_free_for_others_while_its_pass_waits_for_a_foreign_server() -> None:
    async def scene() -> bool:
        answered = asyncio.Event()

        async def slow(_request: Request) -> Response:
            await answered.wait()
            return Response(200)

        places = asyncio.Semaphore(1)
        first, second = Place(places), Place(places)
        await first.take()
        waiting = asyncio.ensure_future(first.outside(slow)(ASK))
        await asyncio.wait_for(second.take(), 1)
        answered.set()
        await asyncio.wait_for(waiting, 1)
        first.give_back()
        still_held = places.locked()
        second.give_back()
        return still_held and not places.locked()

    assert asyncio.run(scene())


def test_passes_that_hold_every_place_may_wait_for_what_another_brings_back() -> None:
    """Equal queries are asked once, and whoever asked must not wait for those who wait for it."""

    async def scene() -> tuple[Response, ...]:
        asked: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        answered = asyncio.Event()

        async def slow(_request: Request) -> Response:
            await answered.wait()
            return Response(200)

        async def asks(place: Place) -> Response:
            await place.take()
            asked.set_result(await place.outside(slow)(ASK))
            place.give_back()
            return asked.result()

        async def waits(place: Place) -> Response:
            await place.take()
            answered.set()
            found = await asyncio.shield(asked)
            place.give_back()
            return found

        places = asyncio.Semaphore(1)
        passes = asks(Place(places)), waits(Place(places))
        return tuple(await asyncio.wait_for(asyncio.gather(*passes), 1))

    assert asyncio.run(scene()) == (Response(200), Response(200))


def test_a_place_is_held_once_however_many_requests_were_outside() -> None:
    async def scene() -> bool:
        async def quick(_request: Request) -> Response:
            await asyncio.sleep(0)
            return Response(200)

        places = asyncio.Semaphore(1)
        place = Place(places)
        await place.take()
        ask = place.outside(quick)
        await asyncio.gather(*(ask(ASK) for _ in range(5)))
        held = places.locked()
        place.give_back()
        return held and not places.locked()

    assert asyncio.run(scene())


def change(version: int, *, status_only: bool) -> Change:
    return Change(CANARY, KEY, version, {}, {}, status_only)


def test_the_echo_of_our_own_status_asks_for_no_pass() -> None:
    woken: list[Reader] = []
    intake = Intake({CANARY: ("rollout",)}, woken.append)

    with intake.writing(CANARY, KEY) as echo:
        intake.heard(change(7, status_only=True))  # The watch was faster than the answer.
        echo.version = 7

    assert woken == []


def test_a_status_written_by_another_asks_for_a_pass() -> None:
    woken: list[Reader] = []
    intake = Intake({CANARY: ("rollout",)}, woken.append)

    intake.heard(change(5, status_only=True))
    with intake.writing(CANARY, KEY) as echo:
        intake.heard(change(7, status_only=True))
        intake.heard(change(8, status_only=True))
        echo.version = 7

    assert woken == [("rollout", KEY), ("rollout", KEY)]


def test_a_change_of_the_spec_asks_for_a_pass_even_while_the_status_is_written() -> None:
    woken: list[Reader] = []
    intake = Intake({CANARY: ("rollout",)}, woken.append)

    with intake.writing(CANARY, KEY) as echo:
        intake.heard(change(6, status_only=False))
        echo.version = 7

    assert woken == [("rollout", KEY)]
