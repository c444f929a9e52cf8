"""How a Canary's releases go in a simulated cluster: what happened when, and how each ended."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from flagger_py.contracts import condition_of, status_of
from flagger_py.egress import Request, Response
from flagger_py.errors import SpecError
from flagger_py.quantities import duration_text
from flagger_py.refs import DEPLOYMENT, NAMESPACE, Key
from flagger_py.testing.edges import Visit
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.refusal import Refusal
from flagger_py.testing.served import EVENT
from flagger_py.testing.simulation import NotReached
from flagger_py.testing.traffic import Load, Served
from flagger_py.wire import Manifest
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.phases import REST
from flagger_rollout.settings import RolloutSettings

from .simulator.four import Four, Settings
from .stage import Stage, edge_route, released

REQUESTS_PER_S = 50.0
PAUSE_S = 5.0
TAKEN_WITHIN_S = 30.0
"""How long a pushed revision may go unnoticed."""
NOT_TAKEN = "not taken"
USER = "flagger-cli"
_FAILED = 400
"""From this status on a request failed its user: an error, or nobody there to answer."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """How to play: *errors* is the share of requests that each revision answers with 500.

    *seconds* is how long at most, all revisions together.
    """

    seconds: float
    seed: int = 0
    errors: Mapping[int, float] = field(default_factory=dict)
    mesh_provider: str = "traefik"

    @property
    def revisions(self) -> int:
        return max(2, *self.errors) if self.errors else 2


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened *at_s* seconds after the beginning."""

    at_s: float
    phase: str
    weight: int
    what: str


@dataclass(frozen=True, slots=True)
class Ending:
    """How a revision fared: its phase in the end, how long that took, what users got."""

    revision: int
    phase: str
    took_s: float
    requests: int
    failed: int


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it; *stuck* says in a sentence why it is not what was asked for, if so."""

    endings: tuple[Ending, ...]
    stuck: str = ""


def play(on: Stage, wishes: Wishes, tell: Callable[[Moment], None]) -> Played:
    """Play one revision after another and *tell* what happens as it does.

    Raises `SpecError` when the imitated API server refuses a manifest.
    """
    settings = Settings(rollout=RolloutSettings(mesh_provider=wishes.mesh_provider))
    servers = dict.fromkeys(on.webhook_hosts, _approve)
    with Four(seed=wishes.seed, settings=settings, servers=servers) as bed:
        play_of = _Play(on, wishes, bed, tell)
        bed.world.store.listen(play_of.noticed)
        play_of.set_up()
        return play_of.run()


class _Play:
    """One play: the stage, the bed, and what was told last."""

    def __init__(
        self, on: Stage, wishes: Wishes, bed: Four, tell: Callable[[Moment], None]
    ) -> None:
        self._on, self._wishes, self._bed, self._tell = on, wishes, bed, tell
        self._phase = self._said = ""

    def set_up(self) -> None:
        """Create everything; users begin when the first version serves them."""
        on, errors = self._on, self._wishes.errors
        space = {"apiVersion": "v1", "kind": NAMESPACE.kind, "metadata": {"name": on.namespace}}
        if self._bed.world.store.get(NAMESPACE, Key("", on.namespace)) is None:
            self._create(space)
        for other in on.others:
            self._create(other)
        template = released(on.target, 1, errors.get(1, 0.0))
        self._create({**on.target, "spec": {**on.target["spec"], "template": template}})
        self._create(edge_route(on, self._wishes.mesh_provider))
        self._create(on.canary)

    def run(self) -> Played:
        """Release one revision after another, each when the last one has come to rest."""
        endings = []
        for revision in range(1, self._wishes.revisions + 1):
            began_s, before = self._now_s, self._counts()
            if revision > 1 and not self._release(revision):
                endings.append(replace(self._ending(revision, began_s, before), phase=NOT_TAKEN))
                return Played(tuple(endings), f"revision {revision} was not taken: {self._why()}")
            if not self._rest():
                endings.append(self._ending(revision, began_s, before))
                late = f"after {duration_text(self._wishes.seconds)} of --seconds"
                return Played(
                    tuple(endings), f"revision {revision} was not at rest {late}: {self._why()}"
                )
            endings.append(self._ending(revision, began_s, before))
            if revision == 1:
                self._let_users_begin()
            if self._now_s + PAUSE_S < self._wishes.seconds:
                self._bed.simulation.run_for(PAUSE_S)
        return Played(tuple(endings))

    def noticed(self, change: Change) -> None:
        """Tell of what the Canary says anew, and of events about it and its objects."""
        if change.kind == CANARY and change.type is not Happened.DELETED:
            status = status_of(change.object)
            decision = (status.get("progress") or {}).get("decision") or {}
            phase, sentence = str(status.get("phase", "")), str(decision.get("sentence", ""))
            if sentence and sentence != self._said:
                self._say(sentence)
            elif phase != self._phase:
                self._say(f"The phase is {phase} now.")
            self._phase, self._said = phase, sentence
        elif change.kind == EVENT and change.type is Happened.ADDED:
            about = change.object.get("involvedObject", {})
            self._say(f"{about.get('kind')}: {change.object.get('message', '')}")

    def _let_users_begin(self) -> None:
        load = Load(REQUESTS_PER_S, Visit(self._on.host))
        self._bed.users.send(load, self._bed.world.clock())

    @property
    def _now_s(self) -> float:
        return float(self._bed.world.clock.elapsed_s)

    def _say(self, what: str) -> None:
        status = status_of(self._canary())
        phase, weight = status.get("phase", ""), int(status.get("canaryWeight", 0))
        self._tell(Moment(self._now_s, phase, weight, what))

    def _canary(self) -> Manifest:
        found = self._bed.world.store.get(CANARY, Key(self._on.namespace, self._on.name))
        return found if found is not None else {"metadata": {"name": self._on.name}}

    def _release(self, revision: int) -> bool:
        """Push *revision*; tells whether the Canary left its rest for it."""
        error_rate = self._wishes.errors.get(revision, 0.0)
        share = f", which fails {error_rate:.0%} of its requests" if error_rate else ""
        self._say(f"You push revision {revision}{share}.")
        store, target = self._bed.world.store, self._on.target
        key = Key(self._on.namespace, target["metadata"]["name"])
        live = store.get(DEPLOYMENT, key) or target
        template = released(live, revision, error_rate)
        store.patch(DEPLOYMENT, key, {"spec": {"template": template}}, USER)
        left_s = self._wishes.seconds - self._now_s
        return self._wait(lambda: not self._resting(), min(TAKEN_WITHIN_S, left_s))

    def _rest(self) -> bool:
        """Wait until the Canary is at rest; tells whether it was in time."""
        return self._wait(self._resting, self._wishes.seconds - self._now_s)

    def _wait(self, done: Callable[[], bool], timeout_s: float) -> bool:
        if timeout_s <= 0:
            return done()
        try:
            self._bed.simulation.run_until(done, timeout_s)
        except NotReached:
            return False
        return True

    def _resting(self) -> bool:
        status = status_of(self._canary())
        return status.get("phase") in REST and not (status.get("progress") or {}).get("closing")

    def _why(self) -> str:
        status = status_of(self._canary())
        if (self._canary().get("spec") or {}).get("suspend"):
            return "the Canary is paused by spec.suspend"
        told = condition_of(status, "Stalled") or condition_of(status, "Ready")
        return str(told.get("message", "")) or "no controller said anything"

    def _ending(self, revision: int, began_s: float, before: Mapping[Served, float]) -> Ending:
        now = self._counts()
        seen = {served: count - before.get(served, 0.0) for served, count in now.items()}
        failed = sum(count for served, count in seen.items() if served.code >= _FAILED)
        phase = str(status_of(self._canary()).get("phase", ""))
        took_s = self._now_s - began_s
        return Ending(revision, phase, took_s, round(sum(seen.values())), round(failed))

    def _counts(self) -> dict[Served, float]:
        self._bed.users.settle(self._bed.world.clock())
        return dict(self._bed.users.counts)

    def _create(self, manifest: Mapping[str, Any]) -> None:
        try:
            self._bed.world.store.create(manifest, USER)
        except Refusal as error:
            what = f"{manifest['kind']} {manifest['metadata']['name']}"
            raise SpecError(f"{what}: the simulation cannot have it: {error}") from error


async def _approve(_request: Request) -> Response:
    return Response(200, b"{}")
