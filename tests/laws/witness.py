"""Watches every write of a World and says which of the laws it breaks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from flagger_py.contracts import read_judged
from flagger_py.refs import DEPLOYMENT, ENDPOINT_SLICE, Kind
from flagger_py.testing.clock import VirtualClock
from flagger_py.testing.history import Change, Happened
from flagger_py.testing.store import Store
from flagger_rollout.api import KIND as CANARY
from flagger_rollout.children import METRIC_ANALYSIS

ROUTES = ("TraefikService", "HTTPRoute")
SLACK_S = 3.0
"""How old what a controller acts upon may be: the longest lag of a watch, and a little more."""


@dataclass
class Witness:
    """Collects what breaks a law; *bad* names the versions that must never be promoted."""

    clock: VirtualClock
    bad: frozenset[str]
    skew_s: float = 0.0
    """How far the clocks of two controllers may be apart."""
    broken: list[str] = field(default_factory=list)
    shares: list[tuple[datetime, int]] = field(default_factory=list)
    ready: dict[str, list[tuple[datetime, int]]] = field(default_factory=dict)
    canary: Mapping[str, Any] = field(default_factory=dict)
    analysis: Mapping[str, Any] = field(default_factory=dict)

    def watch(self, store: Store) -> None:
        store.listen(self.noticed)

    def noticed(self, change: Change) -> None:
        if change.type is Happened.DELETED:
            return
        kind: Kind = change.kind
        if kind.kind in ROUTES:
            self._routed(change.object)
        elif kind == ENDPOINT_SLICE:
            self._served(change.object)
        elif kind == DEPLOYMENT:
            self._deployed(change.object)
        elif kind == METRIC_ANALYSIS:
            self.analysis = change.object
        elif kind == CANARY:
            self._decided(change.object)

    def _routed(self, route: Mapping[str, Any]) -> None:
        weights = _weights(route)
        if sum(weights.values()) != 100:
            self._break(2, f"weights {weights} do not sum to 100")
        share = weights.get("app-canary", 0)
        before = self.shares[-1][1] if self.shares else 0
        if share > before and not self._was_ready("app-canary"):
            self._break(5, f"the canary's share grew from {before} to {share} without ready pods")
        if share < before and not self._was_ready("app-primary"):
            self._break(5, f"the primary's share grew to {100 - share} without ready pods")
        if share != before or not self.shares:
            self.shares.append((self.clock(), share))

    def _served(self, item: Mapping[str, Any]) -> None:
        service = item["metadata"]["labels"].get("kubernetes.io/service-name", "")
        ready = sum(1 for e in item.get("endpoints") or () if e["conditions"].get("ready"))
        self.ready.setdefault(service, []).append((self.clock(), ready))

    def _deployed(self, deployment: Mapping[str, Any]) -> None:
        name, spec = deployment["metadata"]["name"], deployment["spec"]
        if name == "app-primary" and _version(deployment) in self.bad:
            self._break(3, f"version {_version(deployment)}, which fails, was promoted")
        if name == "app" and spec.get("replicas") == 0 and self.shares and self.shares[-1][1] > 0:
            self._break(5, f"the target went to 0 replicas at a share of {self.shares[-1][1]}")

    def _decided(self, canary: Mapping[str, Any]) -> None:
        before, self.canary = self.canary.get("status") or {}, canary
        status = canary.get("status") or {}
        was, weight = before.get("canaryWeight", 0), status.get("canaryWeight", 0)
        if 0 < was < weight and status.get("phase") == "Progressing":
            if (before.get("progress") or {}).get("checked"):
                self._held(was)
            else:
                self._judged(was)

    def _held(self, weight: int) -> None:
        """A step that only a gate held back rests on the last verdict before that."""
        history = (self.analysis.get("status") or {}).get("history") or [{}]
        if history[0].get("verdict") != "Passed":
            self._break(4, f"a gate let go of {weight} without a passed check before it")

    def _judged(self, weight: int) -> None:
        """An advance from *weight* rests on a verdict whose whole window had that weight."""
        judged = read_judged(self.analysis)
        run = self.analysis.get("spec", {}).get("run") or {}
        if judged is None or judged.verdict != "Passed" or judged.token != run.get("token"):
            self._break(4, f"advanced from {weight} without a passed verdict on its run")
            return
        since = datetime.fromisoformat(run["since"])
        at = judged.at or self.clock()
        for begun, share, ended in self._spans():
            slack = timedelta(seconds=self.skew_s)
            if share != weight and begun + slack < at and ended - slack > since:
                self._break(1, f"a reading from {since} to {at} at {weight} saw share {share}")

    def _spans(self) -> list[tuple[datetime, int, datetime]]:
        ends = [moment for moment, _ in self.shares[1:]] + [self.clock()]
        return [(begun, share, end) for (begun, share), end in zip(self.shares, ends, strict=True)]

    def _was_ready(self, service: str) -> bool:
        """Tell whether *service* had ready endpoints when a controller may have looked."""
        history = self.ready.get(service, [])
        now = self.clock()
        ends = [moment for moment, _ in history[1:]] + [now]
        return any(
            count > 0 and (now - end).total_seconds() <= SLACK_S
            for (_, count), end in zip(history, ends, strict=True)
        )

    def _break(self, law: int, sentence: str) -> None:
        self.broken.append(f"law {law} at {self.clock.elapsed_s:.2f} s: {sentence}")


def _version(deployment: Mapping[str, Any]) -> str:
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    return next(str(e["value"]) for e in container["env"] if e["name"] == "VERSION")


def _weights(route: Mapping[str, Any]) -> dict[str, int]:
    spec = route["spec"]
    if "weighted" in spec:
        backends = spec["weighted"]["services"]
    else:
        backends = spec["rules"][0]["backendRefs"]
    return {b["name"]: b.get("weight", 1) for b in backends}
