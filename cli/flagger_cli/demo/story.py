"""The story of the demo: a good release is promoted, a bad one rolled back, nobody is dropped."""

import asyncio
import shutil
import signal
import sys
import tempfile
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

from flagger_py.clock import monotonic_s, wall_clock
from flagger_py.errors import Unavailable
from flagger_py.refs import DEPLOYMENT, Key

from . import report
from .chronicle import Chronicle
from .edge import binary
from .manifests import HOST, NAME, NAMESPACE, WHERE, canary, deployment, ingress_route
from .output import Output, Unwritten, give_up, writing
from .pods import environment
from .report import Release
from .screen import Scene, Screen, screen_for
from .stage import Stage, new_store, set_up
from .users import Tally

LIMIT_S = 80.0
"""With what ending everything may take, all is over within ninety seconds."""

FIRST, GOOD, BAD = "1.0.0", "2.0.0", "3.0.0"
BAD_ERROR_RATE = 0.2
FAILED = 1
SIGNALLED = 128
"""What a shell adds to the number of the signal that ended a program."""

USER = "kubectl"
RELEASES = 2
_FRAME_S = 0.2
_CALM_S = 2.0
_ENDS = ("Succeeded", "Failed")
PRIMARY = Key(NAMESPACE, f"{NAME}-primary")


@dataclass(slots=True)
class Story:
    """One telling: the stage it plays on, and the releases that have ended."""

    stage: Stage
    scene: Scene
    releases: list[Release] = field(default_factory=list)

    async def tell(self) -> None:
        """Play all acts; raises `Unavailable` where something does not work at all."""
        await self._begin()
        users = asyncio.create_task(self.stage.users.run(), name="the users")
        try:
            await asyncio.sleep(_CALM_S)
            await self._release(GOOD, 0.0, expected="Succeeded")
            await asyncio.sleep(_CALM_S)
            await self._release(BAD, BAD_ERROR_RATE, expected="Failed")
            await asyncio.sleep(_CALM_S)
        finally:
            self.stage.users.leave()
            await users

    async def _begin(self) -> None:
        self._say(f"version {FIRST} is installed, its Canary initialises")
        store = self.stage.store
        for manifest in (deployment(FIRST), ingress_route(), canary()):
            store.apply(manifest, USER)
        if await self.scene.chronicle.reach(("Initialized", "Failed")) == "Failed":
            raise Unavailable(f"the Canary did not initialise: {self.scene.chronicle.sentence}")
        await self.stage.edge.until_routed(HOST)

    async def _release(self, version: str, error_rate: float, *, expected: str) -> None:
        """Push *version* and wait until that has ended either way."""
        quality = f"{error_rate:.0%} of its answers are errors" if error_rate else "all is well"
        self._say(f"version {version} is pushed: {quality}")
        chronicle, started_s = self.scene.chronicle, monotonic_s()
        phases, words = len(chronicle.phases), len(chronicle.said)
        template = deployment(version, error_rate)["spec"]["template"]
        self.stage.store.patch(DEPLOYMENT, WHERE, {"spec": {"template": template}}, USER)
        came = await chronicle.reach(_ENDS, phases)
        self.releases.append(
            Release(
                version=version,
                expected=expected,
                came=came,
                users_want=GOOD,
                users_get=self._primary_version(),
                took_s=monotonic_s() - started_s,
                decisions=tuple(said.text for said in chronicle.said[words:]),
            )
        )

    def _primary_version(self) -> str:
        found = self.stage.store.get(DEPLOYMENT, PRIMARY)
        return environment(found["spec"]["template"]).get("VERSION", "") if found else ""

    def _say(self, headline: str) -> None:
        self.scene.headline = headline


def run(console: Console | None = None) -> int:
    """Play the demo to its end.

    Returns 0 if both releases ended as they should and no request was dropped, 1 if not, 128 and
    the number of a signal that ended it; that is SIGPIPE's where nobody reads the output any
    more. Raises `Unavailable` where a program is missing or nothing can be written.
    """
    binary()  # Without it nothing need be started at all.
    console = console or Output()
    directory = Path(tempfile.mkdtemp(prefix="flagger-demo-"))
    code = FAILED
    try:
        code = asyncio.run(until_told(_run(console, directory), console))
    except Unwritten as error:
        code = SIGNALLED + signal.SIGPIPE
        give_up(console)
        if not error.unread:
            raise Unavailable(str(error)) from error
    finally:
        if code == FAILED:
            sys.stderr.write(f"the logs of the demo are in {directory}\n")
        else:
            shutil.rmtree(directory, ignore_errors=True)
    return code


async def until_told(work: Coroutine[Any, Any, int], console: Console) -> int:
    """Await *work*; a signal to end cancels it, so that it still ends what it started."""
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def stop(number: int) -> None:
        told.append(number)
        if len(told) == 1:  # A second one would cut short how everything is ended.
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop, number)
    try:
        return await task
    except asyncio.CancelledError:
        if not told:
            raise
    with writing():
        console.print("told to stop; everything was ended")
    return SIGNALLED + told[0]


async def _run(console: Console, directory: Path) -> int:
    store = new_store()
    chronicle = Chronicle(store, wall_clock)
    scene = Scene(chronicle, Tally(), monotonic_s, wall_clock())
    screen = screen_for(console)
    releases: list[Release] = []
    fault = ""
    with writing():
        screen.open()
    painting = asyncio.create_task(_paint(screen, scene), name="the screen")
    try:
        async with asyncio.timeout(LIMIT_S), set_up(store, directory) as stage:
            scene.tally = stage.users.tally
            await stage.accompany(Story(stage, scene, releases).tell(), painting)
    except TimeoutError:
        fault = f"not done after {LIMIT_S:g} s, while {scene.headline}: {chronicle.sentence}"
    except Unavailable as error:
        fault = error.message
    finally:
        painting.cancel()
        await asyncio.gather(painting, return_exceptions=True)
        with writing():
            screen.show(scene)
            screen.close()
    with writing():
        report.show(console, tuple(releases), scene.tally, told=screen.lasting)
        if fault:
            console.print(fault, style="red", markup=False)
    return FAILED if fault else report.exit_code(tuple(releases), scene.tally, RELEASES)


async def _paint(screen: Screen, scene: Scene) -> None:
    while True:
        with writing():
            screen.show(scene)
        await asyncio.sleep(_FRAME_S)
