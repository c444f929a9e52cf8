"""One World: a cluster's objects, its time, and what goes wrong in it."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from flagger_py.refs import Kind
from flagger_py.testing.clock import VirtualClock
from flagger_py.testing.faults import Faults, Rates
from flagger_py.testing.served import BUILT_IN, Served
from flagger_py.testing.store import Store

May = Callable[[str, str, Kind, str], bool]
"""Tells whether (account, verb, kind, namespace) is allowed."""

READING = ("get", "list", "watch")


class World:
    """An in-memory cluster with virtual time and seeded faults.

    Equal *seed*, *rates* and acts give equal histories. *kinds* are served beside the built-in
    ones. `may` decides what impersonated accounts are allowed; it allows everything until a test
    says otherwise. `requests` counts what controllers sent by (part, verb, kind), where the kind
    of a subresource is written `canaries.flagger.app/status`.
    """

    def __init__(
        self, seed: int | str = 0, *, rates: Rates | None = None, kinds: Iterable[Served] = ()
    ) -> None:
        self.seed = seed
        self.clock = VirtualClock()
        self.store = Store(self.clock, (*BUILT_IN, *kinds))
        self.faults = Faults(seed, rates)
        self.requests: Counter[tuple[str, str, str]] = Counter()
        self.may: May = allow_everything

    def tally(self) -> "Tally":
        """Return the requests counted from now on, live."""
        return Tally(self.requests, self.requests.copy())


@dataclass(frozen=True, slots=True)
class Tally:
    """The requests since a moment: `world.tally()` before, `.writes()` after."""

    requests: Counter[tuple[str, str, str]]
    before: Counter[tuple[str, str, str]] = field(repr=False)

    def by_request(self) -> dict[tuple[str, str, str], int]:
        """Return the counts by (part, verb, kind) that are not zero."""
        return dict(self.requests - self.before)

    def total(self, part: str | None = None) -> int:
        """Return the number of requests, of one part where named."""
        counts = self.by_request().items()
        return sum(count for (who, _, _), count in counts if part in (None, who))

    def writes(self, part: str | None = None) -> int:
        """Return the number of requests that were made to change something."""
        return sum(
            count
            for (who, verb, _), count in self.by_request().items()
            if part in (None, who) and verb not in READING
        )


def allow_everything(_account: str, _verb: str, _kind: Kind, _namespace: str) -> bool:
    return True
