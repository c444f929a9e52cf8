"""What the controllers of a simulation told the outside: metrics, events, requests."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from flagger_py.decision import Count, Gauge, Observe, Telling
from flagger_py.egress import Request, Response
from flagger_py.errors import FlaggerError
from flagger_py.refs import Key
from flagger_py.wire import Manifest

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels, sorted by name."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that left on behalf of the object *key*; *at_s* is elapsed time.

    *about* is what a delivery says it is about, empty for what an observer asked.
    """

    part: str
    key: Key
    at_s: float
    request: Request
    answer: Response | FlaggerError
    about: str = ""


@dataclass(slots=True)
class Telemetry:
    """Everything that left a simulation, in order.

    *deliveries* are those of `Deliver` actions, *asked* the requests of observers, *events* the
    core/v1 Events as they were created.
    """

    gauges: dict[Series, float] = field(default_factory=dict)
    counts: Counter[Series] = field(default_factory=Counter)
    observations: dict[Series, list[float]] = field(default_factory=dict)
    deliveries: list[Exchange] = field(default_factory=list)
    asked: list[Exchange] = field(default_factory=list)
    events: list[Manifest] = field(default_factory=list)
    _parts: dict[Series, dict[Key, float]] = field(default_factory=dict)

    def tell(self, item: Telling, key: Key) -> None:
        """Note what a pass over *key* tells."""
        told = series(item.name, item.labels)
        match item:
            case Gauge():
                parts = self._parts.setdefault(told, {})
                parts[key] = item.value
                self.gauges[told] = sum(parts.values()) if item.shared else item.value
            case Count():
                self.counts[told] += 1
            case Observe():
                self.observations.setdefault(told, []).append(item.value)


def series(name: str, labels: Mapping[str, str]) -> Series:
    return name, tuple(sorted(labels.items()))
