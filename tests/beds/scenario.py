"""Plays a recorded scenario on a World with all four parts, and records it as it was recorded."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from flagger_cli.simulator.four import Four, Settings
from flagger_py.refs import Key, Kind
from flagger_py.testing import history
from flagger_py.testing.edges import Visit
from flagger_py.testing.history import Happened
from flagger_py.testing.traffic import Load, Served
from flagger_py.wire import Manifest

from . import reports
from .deeds import APP, do, holds
from .history import ROUTES, Change, canary_record, event_record, object_record, split_of
from .story import NAMESPACE, Progress, Story, emptied

USER = "kubectl"
TICK_S = 0.25
USERS_AFTER_S = 1.5
"""How long after the initialisation users came in the recordings."""

PARTS = ("rollout", "routing", "gating", "metrics")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Our *record* of a story, how many seconds it took, and whether its end was reached.

    *requests* is how many the four controllers sent to the API server, watches not counted.
    """

    record: Mapping[str, Any]
    seconds: float
    ended: bool
    requests: int


class Stage:
    """One play of *story*; it is the `Bed` of what is done in it, on the World's store."""

    def __init__(self, story: Story, settings: Settings | None = None) -> None:
        self.story = story
        self.four = Four(answers=story.answers, settings=settings)
        self.store = self.four.world.store
        self.changes: list[Change] = []
        self.splits: list[tuple[Any, datetime, dict[Served, float]]] = []
        self.store.listen(self._note)
        self._users_at: datetime | None = None

    def play(self) -> Outcome:
        """Let the story happen until its end or its timeout."""
        with self.four:
            self._prepare()
            began, progress = self._now(), Progress(self.story)
            limit = began + timedelta(seconds=self.story.timeout_s)
            while not (ended := progress.ended(self._holds, self._now())):
                if self._now() >= limit:
                    break
                self._let_users_come()
                for action in progress.due(self._holds, self._now()):
                    do(action, self)
                self.four.simulation.run_for(TICK_S)
            self.four.users.settle(self._now())
            seconds = (self._now() - began).total_seconds()
            requests = sum(self.four.world.requests.values())
            return Outcome(emptied(self._record()), seconds, ended, requests)

    def canary(self) -> Manifest | None:
        return self.find("Canary", APP)

    def calls(self) -> Mapping[str, int]:
        return Counter(call.hook for call in self.four.hooks.calls)

    def find(self, kind: str, name: str) -> Manifest | None:
        served = self._kind(kind)
        return self.store.get(served, Key(NAMESPACE if served.namespaced else "", name))

    def create(self, manifest: Mapping[str, Any]) -> None:
        metadata = {"namespace": NAMESPACE, **manifest["metadata"]}
        self.store.create({**manifest, "metadata": metadata}, USER)

    def patch(self, kind: str, name: str, patch: Any) -> None:
        self.store.patch(self._kind(kind), Key(NAMESPACE, name), patch, USER)

    def delete(self, kind: str, name: str) -> None:
        self.store.delete(self._kind(kind), Key(NAMESPACE, name))

    def answer(self, hook: str, script: Any) -> None:
        self.four.hooks.answer(hook, script)

    def behave(self, env: Mapping[str, str]) -> None:
        self.four.behave(NAMESPACE, env)

    def post(self, url: str, body: Mapping[str, Any]) -> None:
        self.four.tester.answer(url, json.dumps(body).encode())

    def kill(self, down_s: float) -> None:
        for part in PARTS:
            self.four.simulation.stop(part)
        self.four.simulation.run_for(down_s)
        for part in PARTS:
            self.four.simulation.start(part)

    def _prepare(self) -> None:
        """Apply what was given; the Canary comes when its target is ready."""
        canary = [item for item in self.story.manifests if item["kind"] == "Canary"]
        for manifest in self.story.manifests:
            if manifest not in canary:
                self.create(manifest)
        if self.story.waits_for_target:
            self.four.simulation.run_for(5)
        self._users("start")
        for manifest in canary:
            self.create(manifest)

    def _let_users_come(self) -> None:
        now = self._now()
        if self._users_at is None and self._holds({"phase": "Initialized"}):
            self._users_at = now + timedelta(seconds=USERS_AFTER_S)
        if self._users_at is not None and now >= self._users_at:
            self._users_at = datetime.max.replace(tzinfo=now.tzinfo)
            self._users("initialized")

    def _users(self, moment: str) -> None:
        """Let those users come who come at *moment*: `start` or `initialized`."""
        for load in self.story.load:
            if load.get("from", "initialized") == moment:
                self.four.send(_load(load))

    def _holds(self, when: Mapping[str, Any]) -> bool:
        return holds(when, self)

    def _kind(self, kind: str) -> Kind:
        return next(s.kind for s in self.store.kinds() if s.kind.kind == kind)

    def _now(self) -> datetime:
        return self.four.world.clock()

    def _note(self, change: history.Change) -> None:
        if change.key.namespace != NAMESPACE:
            return
        gone = change.type is Happened.DELETED
        told = Change(
            self._now(), change.kind.kind, change.key.name, None if gone else change.object
        )
        self.changes.append(told)
        if told.kind in ROUTES and told.name == APP:
            self.four.users.settle(self._now())
            split = None if gone else split_of(change.object)
            if not self.splits or self.splits[-1][0] != split:
                self.splits.append((split, self._now(), dict(self.four.users.counts)))

    def _record(self) -> dict[str, Any]:
        given = frozenset(f"{m['kind']}/{m['metadata']['name']}" for m in self.story.manifests)
        return {
            **canary_record(self.changes),
            **object_record(self.changes, given),
            **event_record(self.changes, NAMESPACE),
            "webhooks": reports.webhooks(self.four.hooks.calls),
            "metrics": reports.metrics(reports.told(self.four.simulation.telemetry)),
            "clients": reports.clients(self.four.users.counts),
            "shares": reports.shares(self.splits, self._now(), self.four.users.counts),
        }


def play(story: Story, settings: Settings | None = None) -> Outcome:
    """Play *story* with all four parts."""
    return Stage(story, settings).play()


def _load(load: Mapping[str, Any]) -> Load:
    visit = Visit(load.get("host", f"{NAMESPACE}.lab"), headers=load.get("headers", {}))
    return Load(float(load["rps"]), visit, load.get("id", "all"))
