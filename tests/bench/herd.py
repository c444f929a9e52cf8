"""Many Canaries at rest with all their children, just as our controllers leave them.

One Canary is initialised in a World; the others are its objects under other names. Hashes that
were made of a name, a namespace or a uid are made anew of the same text under the other names, so
that the controllers find nothing to do.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from unittest import mock

from flagger_cli.simulator.four import Four, kinds
from flagger_py.clock import Clock, rfc3339
from flagger_py.testing.clock import START
from flagger_py.testing.served import BUILT_IN, EVENT
from flagger_py.testing.store import Store

from . import canonical, counting

_UID = "-0000-4000-8000-"
_MOMENT = re.compile(r"2026-01-01T\d\d:\d\d:\d\d")
_DIGITS = (64, 32, 16, 10, 8, 5)
"""How long the beginnings of hashes are that are kept, the longest first."""
AGO = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Herd:
    """The objects of the first Canary as JSON texts, and of what their hashes were made."""

    texts: tuple[str, ...]
    hashed: tuple[tuple[str, str], ...]
    """Each beginning of a hash that occurs in the texts, with the text that was hashed."""

    def member(self, number: int, metrics_server: str) -> Iterator[Any]:
        """Yield the objects of the Canary of this *number*, counted from 0."""
        host = metrics_server.removeprefix("http://")
        renamed = [(old, _digest(_as(number, text))[: len(old)]) for old, text in self.hashed]
        for text in self.texts:
            found = _as(number, text).replace(counting.SERVER, host)
            for old, new in renamed:
                found = found.replace(old, new)
            yield json.loads(found)


class Stocked(Store):
    """A store into which objects are put as another one had them: with uids and managers."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock, (*BUILT_IN, *kinds()))

    def stock(self, manifest: Any) -> None:
        kind = self.served(self.resolve(manifest["apiVersion"], manifest["kind"]))
        self._records.replace(kind, manifest, manifest)


def name_of(number: int) -> tuple[str, str]:
    """Return namespace and name of a member; a hundred of them share a namespace."""
    return f"shop-{number // 100:03d}", f"app-{number:05d}"


def breed(now: datetime, interval: str) -> Herd:
    """Initialise one Canary, a day before *now*."""
    with _hearing() as heard:
        objects = _initialised(interval)
    texts = [json.dumps(item) for item in objects]
    whole = "\n".join(texts)
    hashed = []
    for digest, text in heard.items():
        length = next((n for n in _DIGITS if f'"{digest[:n]}"' in whole), None)
        if length and _as(1, text) != text:
            hashed.append((digest[:length], text))
    shift = (now - AGO).replace(microsecond=0) - START
    return Herd(tuple(_later(text, shift) for text in texts), tuple(hashed))


def _initialised(interval: str) -> tuple[Any, ...]:
    server = f"http://{counting.SERVER}"
    with Four(servers={counting.SERVER: canonical.prometheus}) as four:
        store, run = four.world.store, four.simulation
        store.create(canonical.target())
        run.run_for(5)
        store.create(canonical.canary(interval=interval, metrics_server=server))
        run.run_until(lambda: counting.phase(four) == "Initialized")
        run.settle()
        served = [one.kind for one in store.kinds() if one.kind.namespaced and one.kind != EVENT]
        return tuple(item for kind in served for item in store.list(kind, canonical.NAMESPACE))


@contextmanager
def _hearing() -> Iterator[dict[str, str]]:
    """Yield a map that learns, within the block, every text hashed by SHA-256, by its digest."""
    heard: dict[str, str] = {}
    real: Callable[..., Any] = hashlib.sha256

    def sha256(data: bytes = b"", **options: Any) -> Any:
        made = real(data, **options)
        heard[made.hexdigest()] = bytes(data).decode(errors="replace")
        return made

    with mock.patch.object(hashlib, "sha256", sha256):
        yield heard


def _as(number: int, text: str) -> str:
    namespace, name = name_of(number)
    renamed = text.replace(canonical.NAME, name).replace(canonical.NAMESPACE, namespace)
    return renamed.replace(_UID, f"-{number + 1:04x}-4000-8000-")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _later(text: str, shift: timedelta) -> str:
    """Move every moment of the World's first day by *shift*."""
    return _MOMENT.sub(
        lambda found: rfc3339(datetime.fromisoformat(f"{found[0]}+00:00") + shift)[:-1], text
    )
