"""How watch events travel to processes: in order, a little late, sometimes twice or not at all.

An event that is lost takes the watch with it: nothing more arrives on it until it is opened anew,
which lists everything. So a process may never see what came between, as in a real cluster.
"""

from collections.abc import Callable
from functools import partial

from flagger_py.refs import Kind
from flagger_py.testing.agenda import Agenda
from flagger_py.testing.cluster import WorldCluster
from flagger_py.testing.history import Change
from flagger_py.testing.process import Process
from flagger_py.testing.world import World

_Watch = tuple[WorldCluster, Kind]


class Mail:
    """Delivers changes *latency_s* after they happened, and what faults add to that."""

    def __init__(self, world: World, agenda: Agenda, latency_s: float) -> None:
        self._world = world
        self._agenda = agenda
        self._latency_s = latency_s
        self._last_s: dict[tuple[str, Kind], float] = {}
        self._torn: set[_Watch] = set()
        self.under_way = 0
        """How many deliveries and re-listings are still to come."""

    def post(self, process: Process, change: Change) -> None:
        """Send *change* to *process* if it watches the kind."""
        cluster, faults = process.cluster, self._world.faults
        if not process.up or cluster.watched(change.kind) is None:
            return
        watch = (cluster, change.kind)
        if watch in self._torn:
            return
        if faults.chance(faults.rates.lost):
            self._torn.add(watch)
            due_s = self._world.clock.elapsed_s + faults.seconds(faults.rates.relist_s_max)
            self._add(due_s, partial(self._open_anew, process, watch))
            return
        due_s = self._due_s(process, change.kind)
        self._add(due_s, partial(self._arrive, process, cluster, change))
        if faults.chance(faults.rates.repeated):
            self._add(due_s, partial(self._arrive, process, cluster, change))

    def _add(self, due_s: float, call: Callable[[], None]) -> None:
        self.under_way += 1
        self._agenda.add(due_s, call)

    def _due_s(self, process: Process, kind: Kind) -> float:
        """Return when the next event of a watch arrives: never before the one ahead of it."""
        faults, stream = self._world.faults, (process.part.name, kind)
        lag_s = faults.seconds(faults.rates.lag_s_max)
        due_s = self._world.clock.elapsed_s + self._latency_s + lag_s
        due_s = max(due_s, self._last_s.get(stream, 0.0))
        self._last_s[stream] = due_s
        return due_s

    def _arrive(self, process: Process, cluster: WorldCluster, change: Change) -> None:
        self.under_way -= 1
        if process.cluster is not cluster:
            return
        news, readers = cluster.receive(change)
        if news and change.kind == process.kind:
            process.wake(change.key)
        for reader in readers:
            process.wake(reader)

    def _open_anew(self, process: Process, watch: _Watch) -> None:
        self.under_way -= 1
        cluster, kind = watch
        self._torn.discard(watch)
        if process.cluster is not cluster:
            return
        cache = cluster.open(kind)
        keys = tuple(cache.objects) if kind == process.kind else ()
        for key in dict.fromkeys((*keys, *cluster.interests.readers_of(kind))):
            process.wake(key)
