"""What there is of a kind, and then what changes: a batch at a time, until nobody asks any more."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from uuid import uuid4

from flagger_py.clock import seeded
from flagger_py.refs import Key
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.reflector import Reflector, Source
from flagger_py.runtime.store import Change, Store
from flagger_py.wire import Manifest


@dataclass(frozen=True, slots=True)
class Seen:
    """An object as it is now, or with *gone* as it was last."""

    manifest: Manifest
    gone: bool = False


async def follow(source: Client | Source, scope: Scope) -> AsyncGenerator[tuple[Seen, ...], None]:
    """Yield all objects of *scope*, sorted by name and maybe none; after that what changed.

    A watch that breaks is taken up again, and what went meanwhile is yielded as gone. Raises what
    is in the way of the first list; later faults are logged and waited out.
    """
    heard: asyncio.Queue[Change | None] = asyncio.Queue()
    store = Store(scope.kind, heard.put_nowait)
    reflector = Reflector(source, scope, store, jitter=seeded(uuid4().hex).random)
    watching = asyncio.create_task(reflector.run(), name=f"watch {scope.kind}")
    watching.add_done_callback(lambda _: heard.put_nowait(None))
    known: dict[Key, Manifest] = {}
    try:
        await reflector.wait()
        yield _news(store, sorted(set(_waiting(heard))), known)
        while (change := await heard.get()) is not None:
            keys = dict.fromkeys((change.key, *_waiting(heard)))
            if batch := _news(store, list(keys), known):
                yield batch
        watching.result()  # It never ends by itself, unless by a defect: that is raised here.
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching


def _waiting(heard: asyncio.Queue[Change | None]) -> list[Key]:
    """Take what was heard by now, without waiting for more."""
    found = []
    while not heard.empty():
        change = heard.get_nowait()
        if change is None:
            heard.put_nowait(None)
            break
        found.append(change.key)
    return found


def _news(store: Store, keys: list[Key], known: dict[Key, Manifest]) -> tuple[Seen, ...]:
    """Return what is new about *keys*; several changes of one object are one piece of news."""
    found = []
    for key in keys:
        manifest, before = store.get(key), known.get(key)
        if manifest is not None and manifest != before:
            known[key] = manifest
            found.append(Seen(manifest))
        elif manifest is None and before is not None:
            del known[key]
            found.append(Seen(before, gone=True))
    return tuple(found)
