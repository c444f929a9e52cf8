"""Controllers of the runtime against a World served over HTTP: for tests of the whole process."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from flagger_py.clock import wall_clock
from flagger_py.refs import Key, Kind
from flagger_py.runtime.options import RuntimeOptions
from flagger_py.runtime.part import Part
from flagger_py.runtime.process import run
from flagger_py.testing import defaults
from flagger_py.testing.facade.server import Facade, serve
from flagger_py.testing.served import BUILT_IN, custom
from flagger_py.testing.store import Store
from flagger_py.testing.world import May, allow_everything
from flagger_py.wire import Manifest
from tests.kernel.toy import BELL

PATIENCE_S = 10.0


@dataclass(frozen=True, slots=True)
class Scene:
    """A served store and the options of a process that works on it."""

    store: Store
    facade: Facade
    options: RuntimeOptions

    async def until(self, holds: Callable[[], object]) -> None:
        """Wait for the write after which *holds* is true."""
        changed = asyncio.Event()
        stop_listening = self.store.listen(lambda _: changed.set())
        try:
            async with asyncio.timeout(PATIENCE_S):
                while not holds():
                    await changed.wait()
                    changed.clear()
        finally:
            stop_listening()

    def status(self, name: str, kind: Kind = BELL) -> dict[str, Any]:
        found = self.store.get(kind, Key("test", name))
        return dict(found.get("status") or {}) if found else {}

    def ready(self, name: str) -> Manifest:
        """Return the Ready condition, empty without one."""
        conditions = self.status(name).get("conditions", ())
        return next((c for c in conditions if c["type"] == "Ready"), {})

    def asked(self, verb: str, resource: str) -> int:
        """How often our client asked for this."""
        return self.facade.requests["flagger-py", verb, resource]


@asynccontextmanager
async def scene(may: May = allow_everything, **options: Any) -> AsyncIterator[Scene]:
    """Serve an empty store that knows bells."""
    store = Store(wall_clock, (*BUILT_IN, custom(BELL, default=defaults.unobserved)))
    facade = await serve(store, may=may)
    try:
        yield Scene(store, facade, RuntimeOptions(master=facade.url, **options))
    finally:
        await facade.close()


@asynccontextmanager
async def controllers(
    stage: Scene, parts: Sequence[Part[Any, Any, Any]], codes: list[int] | None = None
) -> AsyncIterator[asyncio.Task[int]]:
    """Run *parts* until the end of the block; *codes* gets the exit code."""
    stop, ready = asyncio.Event(), asyncio.Event()
    task = asyncio.create_task(run(parts, stage.options, stop=stop, ready=ready))
    waiting = asyncio.create_task(ready.wait())
    await asyncio.wait((task, waiting), return_when=asyncio.FIRST_COMPLETED, timeout=PATIENCE_S)
    waiting.cancel()
    try:
        yield task
    finally:
        stop.set()
        code = await asyncio.wait_for(task, PATIENCE_S)
        if codes is not None:
            codes.append(code)
