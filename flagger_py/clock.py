"""The only door through which time and randomness come in."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]
"""Returns the present moment, timezone-aware, in UTC."""


def wall_clock() -> datetime:
    return datetime.now(UTC)


def monotonic_s() -> float:
    """Return seconds that never run backwards, for measuring how long something took."""
    return time.monotonic()


def seeded(seed: int | str) -> random.Random:
    """Return a generator that repeats itself for the same *seed*."""
    return random.Random(seed)  # noqa: S311 - jitter and simulations, no secrets


def rfc3339(moment: datetime) -> str:
    """Write *moment* as the API server writes times: UTC, whole seconds, suffix Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rfc3339_micro(moment: datetime) -> str:
    """Write *moment* with microseconds, as the API's MicroTime."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
