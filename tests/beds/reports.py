"""What left the cluster during a scenario, in the form of the recordings."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flagger_cli.simulator.webhooks import Call
from flagger_py.testing.telemetry import Series, Telemetry
from flagger_py.testing.traffic import Served

from .history import Symbols, masked
from .story import NAMESPACE

HIDDEN = "N"
_HIDDEN_VALUES = ("flagger_canary_duration_seconds_count", "flagger_canary_metric_analysis")
_ALERT = "alert-"

Snapshot = tuple[Any, datetime, Mapping[Served, float]]
"""A split that was written, when, and what had been served until then."""


def webhooks(calls: Iterable[Call], namespace: str = NAMESPACE) -> list[dict[str, Any]]:
    """Return what the webhook server was asked, in order; checksums are symbols."""
    symbols = Symbols("checksum")

    def told(payload: Mapping[str, Any]) -> dict[str, Any]:
        return _payload(payload, symbols, namespace)

    return [
        {"hook": call.hook, "answer": call.answer, "payload": told(call.payload)}
        for call in calls
        if not call.hook.startswith(_ALERT)
    ]


def told(telemetry: Telemetry) -> dict[Series, float]:
    """Return the series of *telemetry* as Prometheus would scrape them, less the buckets."""
    counts = {series: float(count) for series, count in telemetry.counts.items()}
    observed = telemetry.observations.items()
    seen = {(f"{name}_count", labels): float(len(values)) for (name, labels), values in observed}
    return {**telemetry.gauges, **counts, **seen}


def metrics(series: Mapping[Series, float]) -> dict[str, Any]:
    """Return the metrics of Canaries as they stood at the end."""
    found = {_title(one): value for one, value in series.items()}
    return {
        title: HIDDEN if title.startswith(_HIDDEN_VALUES) else value
        for title, value in sorted(found.items())
        if title.startswith("flagger_canary_")
    }


def clients(counts: Mapping[Served, float]) -> dict[str, Any]:
    """Return, by group of users, which versions and sides answered and how many errors they got."""
    found: dict[str, Any] = {}
    for served, count in counts.items():
        told = found.setdefault(served.client, {"requests": defaultdict(float), "errors": 0.0})
        who = f"{served.version} {served.side}" if served.version else "none"
        told["requests"][who] += count
        told["errors"] += count if served.code >= 400 else 0.0
    return found


def shares(
    splits: Sequence[Snapshot], until: datetime, counts: Mapping[Served, float]
) -> list[Any]:
    """Return the canary's share of all answers while each split stood."""
    ends = [*splits[1:], (None, until, counts)] if splits else []
    found = []
    for (split, begun, before), (_, ended, after) in zip(splits, ends, strict=True):
        sides: dict[str, float] = defaultdict(float)
        for served, count in after.items():
            sides[served.side] += count - before.get(served, 0.0)
        answered = sides["primary"] + sides["canary"]
        if split is not None and answered:
            seconds = round((ended - begun).total_seconds())
            share = round(sides["canary"] / answered, 2)
            found.append({"route": _route(split), "canary": share, "seconds": seconds})
    return found


def _route(split: Any) -> Any:
    return [rule["split"] for rule in split] if isinstance(split, list) else split


def _payload(payload: Mapping[str, Any], symbols: Symbols, namespace: str) -> dict[str, Any]:
    told = {**payload, "checksum": symbols.of(payload.get("checksum"))}
    metadata = dict(payload.get("metadata") or {})
    if "timestamp" in metadata:
        metadata["timestamp"] = "<ms>"
    if "eventMessage" in metadata:
        metadata["eventMessage"] = masked(metadata["eventMessage"], namespace)
    return {**told, "metadata": metadata} if metadata else told


def _title(series: Series) -> str:
    name, labels = series
    inside = ",".join(f"{key}={value}" for key, value in labels if key != "namespace")
    return f"{name}{{{inside}}}"
