"""Builders with valid defaults for the tests of this part."""

import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

from flagger_metrics.api import MetricAnalysisSpec, MetricAnalysisStatus
from flagger_metrics.decide import Next, Seen
from flagger_metrics.stage import Analysis
from flagger_py.conditions import Condition
from flagger_py.egress import Request, Response
from flagger_py.errors import FlaggerError
from flagger_py.refs import Key, Kind
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.statuses import dated
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def later(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def metric(name: str = "errors", **fields: Any) -> dict[str, Any]:
    """Return a metric that passes up to 1 with an inline query, unless *fields* say otherwise."""
    asked = {"query": "vector(0)", "thresholdRange": {"max": 1}}
    return {"name": name, **asked, **fields}


def success_rate(**fields: Any) -> dict[str, Any]:
    return {"name": "request-success-rate", "thresholdRange": {"min": 99}, **fields}


def run(token: str = "t1", since: float = 0.0, due: float | None = 10.0) -> dict[str, Any]:
    asked = {"token": token, "since": later(since).isoformat()}
    return asked if due is None else {**asked, "due": later(due).isoformat()}


def analysis(
    *metrics: Mapping[str, Any],
    now: datetime = NOW,
    status: MetricAnalysisStatus | None = None,
    target: Mapping[str, Any] | None = None,
    generation: int = 1,
    annotations: Mapping[str, str] | None = None,
    **spec: Any,
) -> Analysis:
    """Return a MetricAnalysis of target `app` in namespace `test` behind Traefik."""
    whom = {"name": "app", "provider": "traefik", **(target or {})}
    body = {"target": whom, "metrics": list(metrics), **spec}
    manifest = {
        "apiVersion": "metrics.flagger.app/v1alpha1",
        "kind": "MetricAnalysis",
        "metadata": {
            "name": "app",
            "namespace": "test",
            "uid": "u1",
            "generation": generation,
            "annotations": dict(annotations or {}),
        },
        "spec": body,
    }
    read = MetricAnalysisSpec.read(body, "spec")
    return Subject(manifest, read, status or MetricAnalysisStatus(), now)


def after(subject: Analysis, decision: Next) -> MetricAnalysisStatus:
    """Return the status as it is stored and read back once *decision* is carried out."""
    written = dated(subject.status, decision, subject.manifest, subject.now).wire()
    return MetricAnalysisStatus.read(json.loads(json.dumps(written)), "status")


def condition(status: MetricAnalysisStatus, kind: str) -> Condition:
    return next(c for c in status.conditions if c.type == kind)


@dataclass
class Cluster:
    """Reads of a cluster that holds *objects* and *secrets*, as functions over dictionaries."""

    objects: Mapping[tuple[str, Key], Manifest | FlaggerError] = field(default_factory=dict)
    secrets: Mapping[Key, Mapping[str, bytes]] = field(default_factory=dict)
    secrets_read: list[Key] = field(default_factory=list)

    async def get(self, kind: Kind, key: Key) -> Manifest | None:
        found = self.objects.get((kind.kind, key))
        if isinstance(found, FlaggerError):
            raise found
        return found

    async def select(
        self, kind: Kind, namespace: str, labels: Mapping[str, str]
    ) -> tuple[Manifest, ...]:
        return ()

    async def secret(self, key: Key) -> Mapping[str, bytes] | None:
        self.secrets_read.append(key)
        return self.secrets.get(key)

    async def resolve(self, api_version: str, kind: str) -> Kind:
        raise NotImplementedError


def template(name: str = "errors", namespace: str = "test", **spec: Any) -> Cluster:
    """Return a cluster with one MetricTemplate."""
    body = {
        "provider": {"type": "prometheus", "address": "http://prom:9090"},
        "query": "sum(errors[{{ interval }}])",
        **spec,
    }
    manifest = {"metadata": {"name": name, "namespace": namespace}, "spec": body}
    return Cluster({("MetricTemplate", Key(namespace, name)): manifest})


def vector(*values: str) -> Response:
    """Return what Prometheus answers to an instant query with so many series."""
    series = [{"metric": {"n": str(n)}, "value": [1, value]} for n, value in enumerate(values)]
    page = {"status": "success", "data": {"resultType": "vector", "result": series}}
    return Response(200, json.dumps(page).encode())


def asked(request: Request) -> str:
    """Return the query in the body of a request to Prometheus."""
    return parse_qs((request.body or b"").decode())["query"][0]


@dataclass
class Wire:
    """An egress that answers with *reply* and remembers what was sent."""

    reply: Callable[[Request], Response]
    sent: list[Request] = field(default_factory=list)

    async def __call__(self, request: Request) -> Response:
        self.sent.append(request)
        return self.reply(request)

    @property
    def queries(self) -> list[str]:
        return [asked(request) for request in self.sent]


def observe(
    observer: Any,
    subject: Analysis,
    wire: Wire,
    cluster: Cluster | None = None,
    memory: dict[str, Any] | None = None,
) -> Seen:
    site = Site(cluster or Cluster(), wire, subject.now, {} if memory is None else memory)
    seen: Seen = asyncio.run(observer.observe(subject, site))
    return seen


def sentences(seen: Sequence[Any]) -> list[str]:
    return [item.sentence for item in seen]
