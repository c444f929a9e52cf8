"""One Gate under the real shell: a store for it, a clock, and an endpoint that is a function."""

import asyncio
import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flagger_gating.api import GateStatus
from flagger_gating.controller import part
from flagger_gating.settings import GatingSettings
from flagger_py import contracts
from flagger_py.contracts import Gated
from flagger_py.egress import Request, Response
from flagger_py.errors import Conflict
from flagger_py.refs import Key, Kind
from flagger_py.runtime.part import Outcome, Shell
from flagger_py.runtime.passes import reconcile
from flagger_py.wire import Manifest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
URL = "http://approvals.test/gate"

Endpoint = Callable[[Request], Response]


class Crash(Exception):
    """The process died at this call."""


def webhook(**fields: Any) -> dict[str, Any]:
    return {"webhook": {"url": URL, **fields}}


def says(status: int, text: str = "") -> Endpoint:
    return lambda request: Response(status, text.encode())


def gate(question: Mapping[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """Return a Gate as the API server stores it; a webhook unless another question is given.

    A webhook has an interval unless *spec* says otherwise; it means nothing to a person or a clock.
    """
    asked = webhook() if question is None else question
    interval = {"interval": "10s"} if "webhook" in asked else {}
    return {
        "apiVersion": "gating.flagger.app/v1alpha1",
        "kind": "Gate",
        "metadata": {
            "name": "may-start",
            "namespace": "shop",
            "uid": "uid-1",
            "generation": 1,
            "resourceVersion": "1",
        },
        "spec": {
            "question": asked,
            **{name: value for name, value in {**interval, **spec}.items() if value is not None},
        },
        "status": {"observedGeneration": -1},
    }


@dataclass
class Bench:
    """Holds one Gate and lets passes happen to it; *endpoint* answers what it sends."""

    manifest: dict[str, Any]
    endpoint: Endpoint = field(default_factory=lambda: says(200))
    settings: GatingSettings = field(default_factory=GatingSettings)
    secrets: dict[str, dict[str, bytes]] = field(default_factory=dict)
    now: datetime = NOW
    sent: list[Request] = field(default_factory=list)
    events: list[tuple[str, str]] = field(default_factory=list)
    writes: int = 0
    dies_before_write: bool = False
    memory: dict[str, Any] = field(default_factory=dict)

    def go(self, seen: Manifest | None = None) -> Outcome:
        """Take one pass, over the stored object or over an older copy that a cache *seen* has."""
        before = copy.deepcopy(dict(seen if seen is not None else self.manifest))
        shell = Shell(
            cluster=self,
            egress=self._send,
            clock=lambda: self.now,
            tell=lambda told: None,
            deliver=lambda key, delivery: None,
        )
        try:
            return asyncio.run(reconcile(part(self.settings), before, shell, self.memory))
        except Conflict as error:
            return Outcome(failed=True, sentence=error.message)

    def settle(self) -> Outcome:
        """Take passes until one neither writes a status nor asks for another one at once."""
        for _ in range(10):
            outcome = self.go()
            if not outcome.wrote_status and outcome.requeue_after_s != 0:
                return outcome
        raise AssertionError("passes follow one another without an end")

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def ask(self, token: str | None, **run: Any) -> None:
        """Write `spec.run` as an asker does."""
        self.edit(run=None if token is None else {"token": token, **run})

    def edit(self, **spec: Any) -> None:
        self.manifest["spec"].update(spec)
        self.manifest["spec"] = {k: v for k, v in self.manifest["spec"].items() if v is not None}
        self.manifest["metadata"]["generation"] += 1
        self._touch()

    def annotate(self, **annotations: str | None) -> None:
        """Set annotations of the gating group; None takes one away."""
        kept = dict(self.manifest["metadata"].get("annotations", {}))
        for name, value in annotations.items():
            key = f"gating.flagger.app/{name}"
            kept.pop(key, None)
            if value is not None:
                kept[key] = value
        self.manifest["metadata"]["annotations"] = kept
        self._touch()

    @property
    def status(self) -> GateStatus:
        return GateStatus.read(self.manifest["status"], "status")

    @property
    def gated(self) -> Gated:
        return contracts.read_gated(self.manifest)

    def condition(self, kind: str) -> tuple[str, str]:
        found = contracts.condition_of(self.manifest["status"], kind)
        return found.get("status", ""), found.get("reason", "")

    def message(self, kind: str) -> str:
        return str(contracts.condition_of(self.manifest["status"], kind).get("message", ""))

    def reads(self, part: str, reader: Key, account: str | None) -> "Bench":
        return self

    async def secret(self, key: Key) -> Mapping[str, bytes] | None:
        return self.secrets.get(str(key))

    async def get(self, kind: Kind, key: Key) -> Manifest | None:
        raise AssertionError("a Gate reads no other object")

    async def select(
        self, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> tuple[Manifest, ...]:
        raise AssertionError("a Gate reads no other object")

    async def resolve(self, api_version: str, kind: str) -> Kind:
        raise AssertionError("a Gate reads no other object")

    async def delete(self, kind: Kind, key: Key, *, uid: str, account: str | None = None) -> None:
        raise AssertionError("a Gate deletes nothing")

    async def release(self, manifest: Manifest, finalizer: str, *, manager: str) -> Manifest:
        raise AssertionError("a Gate has no finalizer")

    async def record(self, event: Manifest) -> None:
        self.events.append((event["reason"], event["message"]))

    async def apply(
        self,
        manifest: Manifest,
        *,
        manager: str,
        force: bool,
        account: str | None = None,
        subresource: str | None = None,
    ) -> Manifest:
        assert subresource == "status", "a Gate writes nothing but its own status"
        if self.dies_before_write:
            raise Crash
        if manifest["metadata"]["resourceVersion"] != self.manifest["metadata"]["resourceVersion"]:
            raise Conflict("the Gate changed since it was read")
        self.manifest["status"] = copy.deepcopy(manifest["status"])
        self.writes += 1
        self._touch()
        return self.manifest

    async def _send(self, request: Request) -> Response:
        self.sent.append(request)
        return self.endpoint(request)

    def _touch(self) -> None:
        meta = self.manifest["metadata"]
        meta["resourceVersion"] = str(int(meta["resourceVersion"]) + 1)


def keys(bench: Bench) -> list[str]:
    return [request.headers["Idempotency-Key"] for request in bench.sent]


def deny_then_approve(*texts: str) -> Endpoint:
    """Return an endpoint that denies with each of *texts* in turn and approves ever after."""
    left = list(texts)
    return lambda request: Response(403, left.pop(0).encode()) if left else Response(200)
