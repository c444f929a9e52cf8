"""Plays a recorded scenario in real time in a namespace of the lab, and records it."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from prometheus_client.parser import text_string_to_metric_families

from flagger_cli.simulator.webhooks import Webhooks
from flagger_py.clock import wall_clock
from flagger_py.refs import Kind
from flagger_py.testing.served import INGRESS_ROUTE
from flagger_py.testing.telemetry import Series, series
from flagger_py.testing.traffic import Served
from flagger_py.wire import Manifest
from tests.beds import reports
from tests.beds.deeds import APP, do, holds
from tests.beds.history import (
    ROUTES,
    Change,
    canary_record,
    event_record,
    object_record,
    split_of,
)
from tests.beds.scenario import USER, USERS_AFTER_S
from tests.beds.story import Progress, Story, emptied
from tests.cluster.lab.running import WATCHED, Lab
from tests.cluster.lab.users import Group, Lost
from tests.cluster.waiting import eventually

TICK_S = 0.1
RPS_MAX = 6.0
"""The most that a group of users sends: two cores are there for everybody."""
RPS_OF_ERRORS_MAX = 24.0
"""The same where pods answer with errors, which are few and must be seen within an interval."""

PATIENCE = 1.5
"""How many times the recorded limit a story may take: the machine is everybody's."""

_KINDS: Mapping[str, Kind] = {kind.kind: kind for kind in (*WATCHED, INGRESS_ROUTE)}
_NO_SERIES = ("_bucket", "_sum", "_created")


@dataclass(frozen=True, slots=True)
class Played:
    """Our *record* of a story, how many seconds it took, and whether its end was reached.

    *lost* are the requests that no pod answered.
    """

    record: Mapping[str, Any]
    seconds: float
    ended: bool
    lost: tuple[Lost, ...] = ()


class Play:
    """One play of *story* in its namespace; it is the `Bed` of what is done in it."""

    def __init__(self, lab: Lab, story: Story, broken_off: threading.Event) -> None:
        self.lab = lab
        self._broken_off = broken_off
        self.story = story
        self.namespace = story.namespace
        self.hooks = Webhooks(wall_clock, story.answers)
        self.splits: list[tuple[Any, datetime, Mapping[Served, float]]] = []
        self._users_at: datetime | None = None

    def play(self) -> Played:
        """Let the story happen until its end, until it has taken far too long or is broken off."""
        self.lab.sink.hooks[self.namespace] = self.hooks
        self.lab.watching.listen(self.namespace, self._noticed)
        self.lab.plane.create_namespace(self.namespace)
        try:
            self._prepare()
            began, progress = wall_clock(), Progress(self.story)
            limit = began + timedelta(seconds=self.story.timeout_s * PATIENCE)
            while not (ended := progress.ended(self._holds, wall_clock())):
                if wall_clock() >= limit or self._broken_off.wait(TICK_S):
                    break
                self._let_users_come()
                for action in progress.due(self._holds, wall_clock()):
                    do(action, self)
                self.lab.check()
            self.lab.background.run(self.lab.users.go(self.namespace))
            seconds = (wall_clock() - began).total_seconds()
            places = self.lab.addresses.places(self.namespace)
            lost = tuple(self.lab.users.lost[self.namespace])
            return Played(emptied(self._record(), places), seconds, ended, lost)
        finally:
            self.lab.background.run(self.lab.users.go(self.namespace))
            self.lab.plane.api.delete("v1", "Namespace", self.namespace)

    def canary(self) -> Manifest | None:
        return self.lab.watching.latest(self.namespace, "Canary", APP)

    def calls(self) -> Mapping[str, int]:
        return Counter(call.hook for call in tuple(self.hooks.calls))

    def find(self, kind: str, name: str) -> Manifest | None:
        return self.lab.plane.api.find(_KINDS[kind].api_version, kind, name, self.namespace)

    def create(self, manifest: Mapping[str, Any]) -> None:
        metadata = {"namespace": self.namespace, **manifest["metadata"]}
        path = self._path(manifest["apiVersion"], manifest["kind"])
        self.lab.plane.api.request("POST", path, {**manifest, "metadata": metadata})

    def patch(self, kind: str, name: str, patch: Any) -> None:
        content = "application/merge-patch+json"
        if isinstance(patch, list):
            content = "application/json-patch+json"
        path = self._path(_KINDS[kind].api_version, kind, name)
        self.lab.plane.api.request("PATCH", path, patch, content)

    def delete(self, kind: str, name: str) -> None:
        self.lab.plane.api.delete(_KINDS[kind].api_version, kind, name, self.namespace)

    def answer(self, hook: str, script: Any) -> None:
        self.hooks.answer(hook, script)

    def behave(self, env: Mapping[str, str]) -> None:
        raise NotImplementedError("the pods of the control plane behave as their env says")

    def post(self, url: str, body: Mapping[str, Any]) -> None:
        httpx.post(url, json=body, trust_env=False).raise_for_status()

    def kill(self, down_s: float) -> None:
        self.lab.kill(down_s)

    def _prepare(self) -> None:
        """Apply what was given; the Canary comes when its target is ready."""
        canary = [item for item in self.story.manifests if item["kind"] == "Canary"]
        rest = [item for item in self.story.manifests if item["kind"] != "Canary"]
        for manifest in rest:
            self.create(manifest)
        if self.story.waits_for_target:
            for manifest in rest:
                if manifest["kind"] == "Deployment":
                    self._until_available(manifest["metadata"]["name"])
        self._users("start")
        for manifest in canary:
            self.create(manifest)

    def _until_available(self, name: str) -> None:
        def available() -> bool:
            found = self.lab.watching.latest(self.namespace, "Deployment", name)
            if found is None:
                return False
            ready = (found.get("status") or {}).get("availableReplicas", 0)
            return bool(ready == found["spec"]["replicas"])

        eventually(available, f"{self.namespace}/{name} is available", 60.0)

    def _let_users_come(self) -> None:
        now = wall_clock()
        if self._users_at is None and self._holds({"phase": "Initialized"}):
            self._users_at = now + timedelta(seconds=USERS_AFTER_S)
        if self._users_at is not None and now >= self._users_at:
            self._users_at = datetime.max.replace(tzinfo=now.tzinfo)
            self._users("initialized")

    def _users(self, moment: str) -> None:
        """Let those users come who come at *moment*: `start` or `initialized`."""
        for load in self.story.load:
            if load.get("from", "initialized") == moment:
                host = load.get("host", f"{self.namespace}.lab")
                headers, name = load.get("headers", {}), load.get("id", "all")
                rps = min(float(load["rps"]), self._rps_max())
                group = Group(self.namespace, rps, host, headers, name)
                self.lab.background.run(self.lab.users.come(group))

    def _rps_max(self) -> float:
        actions = (action for step in self.story.steps for action in step.actions)
        faulty = any("ERROR_RATE" in action.get("env", {}) for action in actions)
        return RPS_OF_ERRORS_MAX if faulty else RPS_MAX

    def _holds(self, when: Mapping[str, Any]) -> bool:
        return holds(when, self)

    def _path(self, api_version: str, kind: str, name: str = "") -> str:
        path = self.lab.plane.api.path(api_version, kind, self.namespace, name)
        return f"{path}?fieldManager={USER}"

    def _noticed(self, change: Change) -> None:
        if change.kind in ROUTES and change.name == APP:
            split = None if change.manifest is None else split_of(change.manifest)
            if not self.splits or self.splits[-1][0] != split:
                self.splits.append((split, change.at, self._counts()))

    def _counts(self) -> dict[Served, float]:
        return {served: float(n) for served, n in self.lab.users.counts[self.namespace].items()}

    def _record(self) -> dict[str, Any]:
        changes = self.lab.watching.changes(self.namespace)
        given = frozenset(f"{m['kind']}/{m['metadata']['name']}" for m in self.story.manifests)
        return {
            **canary_record(changes),
            **object_record(changes, given),
            **event_record(changes, self.namespace),
            "webhooks": reports.webhooks(tuple(self.hooks.calls), self.namespace),
            "metrics": reports.metrics(_told(self.lab.exported(), self.namespace)),
            "clients": reports.clients(self._counts()),
            "shares": reports.shares(self.splits, wall_clock(), self._counts()),
        }


def _told(exposition: str, namespace: str) -> dict[Series, float]:
    """Read the series that *exposition* has of the Canaries of *namespace*, less the buckets."""
    return {
        series(sample.name, sample.labels): sample.value
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.labels.get("namespace") == namespace and not sample.name.endswith(_NO_SERIES)
    }
