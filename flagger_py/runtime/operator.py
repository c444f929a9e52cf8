"""kopf around a controller process: it starts with the process, hears its signals, ends it.

Why kopf is the shell and not the source of events. Measured on kopf 1.45.2: a deletion that falls
into a gap of its watch is never told (after a 410 it lists again without comparing: 200 memories
stayed of 100 objects), so that a controller would go on working for what is gone, or would have
to list periodically to find out, although an idle controller shall ask nothing. It has no way to
list afresh when a replica takes the lead, which must happen before the first pass. An event costs
1.3 ms and an object 0.8 ms at start, four and seven times what `flagger_py.runtime.reflector`
needs; any `ERROR` event of a watch but 410 ends the process. Its intake therefore is the reflector,
behind `flagger_py.runtime.intake`; no kind is registered with kopf, which so writes nothing.

kopf ends every task of the loop that is younger than itself; ours are kept from that, so that
its death costs nothing: it is started again.
"""

import asyncio
import contextlib
import logging
import signal
from collections.abc import Awaitable, Callable, Collection, Iterator

import kopf

from flagger_py.runtime.credentials import Credentials

log = logging.getLogger(__name__)

Serve = Callable[[asyncio.Event, asyncio.Event], Awaitable[int]]
"""Runs controllers until the first event is set, sets the second once ready; the exit code."""
_PAUSE_S_MAX = 60.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def under_kopf(serve: Serve, credentials: Credentials, grace_s: float) -> int:
    """Run *serve* until it ends or a signal comes; a second signal abandons what is under way."""
    # It tells of each failed attempt of its start at length; that it died we say ourselves.
    logging.getLogger("kopf").setLevel(logging.CRITICAL)
    stop, ready = asyncio.Event(), asyncio.Event()
    work = asyncio.ensure_future(serve(stop, ready))
    shell = asyncio.create_task(_supervise(stop, credentials, grace_s), name="kopf")
    await asyncio.wait((work, shell), return_when=asyncio.FIRST_COMPLETED)
    stop.set()
    loop = asyncio.get_running_loop()
    await shell
    for number in _SIGNALS:
        loop.add_signal_handler(number, work.cancel)
    try:
        return await work
    except asyncio.CancelledError:
        return 1
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


async def _supervise(stop: asyncio.Event, credentials: Credentials, grace_s: float) -> None:
    """Keep kopf running until *stop* is set or it is told to stop by a signal."""
    pause_s = 1.0
    loop = asyncio.get_running_loop()
    while not stop.is_set():
        registry = _registry(credentials)
        try:
            tasks = await kopf.spawn_tasks(
                registry=registry,
                settings=_settings(grace_s),
                standalone=True,
                clusterwide=True,
                stop_flag=stop,
            )
            await kopf.run_tasks(tasks, ignored=_EVERY_TASK)
            return
        except Exception:
            log.exception("kopf ended; it is started again in %gs", pause_s)
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop.set)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), pause_s)
        pause_s = min(pause_s * 2, _PAUSE_S_MAX)


def _registry(credentials: Credentials) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    async def login(**_: object) -> kopf.ConnectionInfo:
        await credentials.renew()
        scheme, _space, token = (await credentials.authorization() or "").partition(" ")
        config = credentials.config
        return kopf.ConnectionInfo(
            server=credentials.host,
            ca_path=config.ssl_ca_cert or None,
            insecure=not config.verify_ssl,
            scheme=scheme or None,
            token=token or None,
            certificate_path=config.cert_file or None,
            private_key_path=config.key_file or None,
        )

    kopf.on.login(registry=registry)(login)
    return registry


def _settings(grace_s: float) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.diffbase_storage = _NoDiffs()
    settings.persistence.progress_storage = _NoProgress()
    settings.networking.error_backoffs = _Forever()
    settings.networking.request_timeout = 30
    settings.process.ultimate_exiting_timeout = grace_s + 60
    return settings


class _Forever:
    """Pauses between attempts, in seconds, without an end: an API server may be away for long."""

    def __iter__(self) -> Iterator[float]:
        yield from (1, 1, 2, 3, 5, 8, 13, 21)
        while True:
            yield 30


class _NoDiffs(kopf.DiffBaseStorage):
    """Keeps nothing on anyone's object."""

    def build(self, **_: object) -> kopf.BodyEssence:
        return kopf.BodyEssence()

    def fetch(self, **_: object) -> kopf.BodyEssence | None:
        return None

    def store(self, **_: object) -> None:
        pass


class _NoProgress(kopf.ProgressStorage):
    """Keeps nothing on anyone's object."""

    def fetch(self, **_: object) -> kopf.ProgressRecord | None:
        return None

    def store(self, **_: object) -> None:
        pass

    purge = touch = store

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        return essence


class _EveryTask(Collection[asyncio.Task[None]]):
    """Contains all tasks: none of them is kopf's to end."""

    def __contains__(self, _task: object) -> bool:
        return True

    def __iter__(self) -> Iterator[asyncio.Task[None]]:
        return iter(())

    def __len__(self) -> int:
        return 0


_EVERY_TASK = _EveryTask()
