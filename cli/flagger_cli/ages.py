"""How long ago something was, as kubectl writes it."""

from datetime import UTC, datetime

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_SECONDS_UNTIL_MINUTES = 120


def age(moment: datetime, now: datetime) -> str:
    """Write the time between: `45s`, `3m`, `2h5m`, `4d`; a moment to come counts as now."""
    seconds = max(0, int((now - moment).total_seconds()))
    if seconds < _SECONDS_UNTIL_MINUTES:
        return f"{seconds}s"
    if seconds < _HOUR_S:
        return f"{seconds // _MINUTE_S}m"
    if seconds < _DAY_S:
        minutes = seconds % _HOUR_S // _MINUTE_S
        return f"{seconds // _HOUR_S}h{f'{minutes}m' if minutes else ''}"
    return f"{seconds // _DAY_S}d"


def moment_of(text: str | None) -> datetime | None:
    """Read a time of the Kubernetes API, None when it is missing or no time."""
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=found.tzinfo or UTC) if found else None
