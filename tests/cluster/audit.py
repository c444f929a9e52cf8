"""What was asked of the API server, by whom and with what result, from its own audit log."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],  # Each request counts once; a watch when it has started.
    "rules": [
        # A watch would be told of twice: that it started, and that it ended.
        {"level": "Metadata", "verbs": ["watch"], "omitStages": ["ResponseComplete"]},
        {"level": "Metadata"},
    ],
}


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One request that was answered.

    *user* is whom it was done as, that is the impersonated user where there is one. *resource*
    and what follows are empty for paths such as `/readyz`, which only *path* tells.
    """

    user: str
    agent: str
    verb: str
    path: str
    group: str
    resource: str
    subresource: str
    namespace: str
    name: str
    code: int
    stage_time: datetime


def read(log: Path, start: int = 0) -> tuple[list[AuditRecord], int]:
    """Parse *log* from byte *start*; returns the records and the byte where to go on."""
    if not log.exists():
        return [], start

    with log.open("rb") as lines:
        lines.seek(start)
        text = lines.read()
    whole = text[: text.rfind(b"\n") + 1]  # The last line may still be being written.
    return [_record(json.loads(line)) for line in whole.splitlines()], start + len(whole)


def matching(records: list[AuditRecord], **wanted: object) -> Iterator[AuditRecord]:
    """Select the records whose fields equal all of *wanted*."""
    for record in records:
        if all(getattr(record, field) == value for field, value in wanted.items()):
            yield record


def _record(event: Mapping[str, Any]) -> AuditRecord:
    target = event.get("objectRef") or {}
    user = event.get("impersonatedUser") or event["user"]
    return AuditRecord(
        user=user.get("username", ""),
        agent=event.get("userAgent", ""),
        verb=event["verb"],
        path=event["requestURI"],
        group=target.get("apiGroup", ""),
        resource=target.get("resource", ""),
        subresource=target.get("subresource", ""),
        namespace=target.get("namespace", ""),
        name=target.get("name", ""),
        code=(event.get("responseStatus") or {}).get("code", 0),
        stage_time=datetime.fromisoformat(event["stageTimestamp"]),
    )
