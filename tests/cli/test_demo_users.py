"""What the users of the demo count, and what that makes of its end."""

import asyncio
import io
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from aiohttp import web
from rich.console import Console

from flagger_cli.demo import report
from flagger_cli.demo.chronicle import Chronicle
from flagger_cli.demo.manifests import CANARY, WHERE, canary
from flagger_cli.demo.report import Release, exit_code
from flagger_cli.demo.screen import LineScreen, Scene, picture
from flagger_cli.demo.stage import new_store
from flagger_cli.demo.users import Tally, Users
from flagger_py.testing.store import Store

START = datetime(2026, 1, 1, tzinfo=UTC)
GOOD = Release("2.0.0", "Succeeded", "Succeeded", "2.0.0", "2.0.0", 10.0, ("Advance",))
BAD = Release("3.0.0", "Failed", "Failed", "2.0.0", "2.0.0", 6.0, ("Halt",))


def served(*dropped: str) -> Tally:
    return Tally(Counter({"2.0.0": 90, "3.0.0": 10}), Counter({"3.0.0": 2}), Counter(dropped))


def visit(*responses: web.Response, seconds: float) -> Tally:
    """Let users visit a server that gives *responses* in turn, for some time."""
    waiting = list(responses)

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        found = waiting.pop(0) if waiting else responses[-1]
        return web.Response(status=found.status, headers=found.headers)

    async def scene() -> Tally:
        runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        users = Users(f"http://127.0.0.1:{runner.addresses[0][1]}/", "app.example.com", rps=200)
        running = asyncio.create_task(users.run())
        asyncio.get_running_loop().call_later(seconds, users.leave)
        await running
        await runner.cleanup()
        return users.tally

    return asyncio.run(scene())


def test_an_error_of_the_application_is_no_dropped_request() -> None:
    tally = visit(
        web.Response(status=500, headers={"X-Version": "3.0.0"}),
        web.Response(status=502),
        web.Response(headers={"X-Version": "2.0.0"}),
        seconds=0.3,
    )

    assert tally.failures == {"3.0.0": 1}
    assert tally.dropped == {"502 by the edge": 1}
    assert tally.answers["2.0.0"] >= 20
    assert set(tally.answers) == {"2.0.0", "3.0.0"}


def test_a_connection_that_is_refused_is_a_dropped_request() -> None:
    async def scene() -> Tally:
        users = Users("http://127.0.0.1:9/", "app.example.com", rps=200)
        asyncio.get_running_loop().call_later(0.1, users.leave)
        await users.run()
        return users.tally

    assert asyncio.run(scene()).dropped.total() > 0


def test_rates_are_those_of_the_last_two_seconds() -> None:
    tally = Tally()
    for at_s, version in ((0.0, "1.0.0"), (9.0, "1.0.0"), (9.5, "2.0.0"), (10.0, "2.0.0")):
        tally.answered(version, 200, at_s)

    assert tally.rates(10.5) == {"1.0.0": 0.5, "2.0.0": 1.0}


@pytest.mark.parametrize(
    ("releases", "tally", "code"),
    [
        ((GOOD, BAD), served(), 0),
        ((GOOD, BAD), served("503 by the edge"), 1),
        ((GOOD,), served(), 1),
        ((GOOD, Release("3.0.0", "Failed", "Succeeded", "2.0.0", "3.0.0", 6, ())), served(), 1),
        ((GOOD, Release("3.0.0", "Failed", "Failed", "2.0.0", "3.0.0", 6, ())), served(), 1),
        ((GOOD, BAD), Tally(), 1),
    ],
    ids=["all-fine", "dropped", "unfinished", "bad-promoted", "wrong-primary", "nobody-came"],
)
def test_the_exit_code_is_zero_only_if_all_went_as_it_should(
    releases: tuple[Release, ...], tally: Tally, code: int
) -> None:
    assert exit_code(releases, tally, 2) == code


def test_the_closing_tables_name_versions_failures_and_drops() -> None:
    out = io.StringIO()

    report.show(Console(file=out, width=80), (GOOD, BAD), served("503 by the edge"))

    text = out.getvalue()
    assert "101 requests, 1 dropped by routing (1x 503 by the edge)" in text
    assert "Why 3.0.0 failed\n  Halt\n" in text


def tell(store: Store, message: str, reason: str = "Advanced") -> None:
    store.create(
        {
            "apiVersion": "v1",
            "kind": "Event",
            "metadata": {"generateName": "app.", "namespace": "demo"},
            "involvedObject": {"kind": "Canary", "name": "app"},
            "reason": reason,
            "message": message,
            "type": "Normal",
        }
    )


def scene_of(store: Store) -> Scene:
    return Scene(Chronicle(store, lambda: START + timedelta(seconds=3)), Tally(), lambda: 0, START)


def test_lines_are_printed_once_when_there_is_no_terminal() -> None:
    store, out = new_store(), io.StringIO()
    scene, screen = scene_of(store), LineScreen(Console(file=out, width=80))
    scene.headline = "version 2.0.0 is pushed"
    tell(store, "Advance app.demo canary weight 20")

    screen.show(scene)
    screen.show(scene)

    assert out.getvalue().splitlines() == [
        "== version 2.0.0 is pushed",
        "   3.0s  Advance app.demo canary weight 20",
    ]


def test_the_picture_shows_phase_weights_and_the_decision() -> None:
    store, out = new_store(), io.StringIO()
    scene = scene_of(store)
    store.create(canary())
    ready = {"type": "Ready", "status": "Unknown", "message": "canary weight 40 in force"}
    status = {"phase": "Progressing", "canaryWeight": 40, "conditions": [ready]}
    store.set_status(CANARY, WHERE, status)

    console = Console(file=out, width=100)
    console.print(picture(scene, console))

    for words in ("Progressing", "primary 60 %, canary 40 %", "canary weight 40 in force"):
        assert words in out.getvalue()


def test_a_phase_counts_each_time_it_is_entered() -> None:
    store = new_store()
    chronicle = scene_of(store).chronicle
    store.create(canary())
    for phase in ("Succeeded", "Progressing", "Progressing", "Succeeded"):
        store.set_status(CANARY, WHERE, {"phase": phase})

    assert chronicle.phases == ["Succeeded", "Progressing", "Succeeded"]
    assert asyncio.run(chronicle.reach(("Succeeded", "Failed"), since=1)) == "Succeeded"
