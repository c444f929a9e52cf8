"""How far back a query may look: as its author wrote, but never before this revision's traffic."""

import math
from datetime import datetime

SCRAPES_MIN = 2
"""A rate needs two samples."""


def window(interval_s: float, begun: datetime | None, now: datetime, scrape_s: float) -> float:
    """Return the seconds that a query looks back from *now*.

    The *interval_s* of the metric, shortened while less has passed since the revision under
    judgement got its first traffic, though never below two scrapes of the metrics source.
    """
    if begun is None:
        return interval_s
    passed_s = math.floor((now - begun).total_seconds())
    return min(interval_s, max(SCRAPES_MIN * scrape_s, passed_s))


def window_text(written: str, interval_s: float, window_s: float) -> str:
    """Write the window as a PromQL duration; one that is not shortened stays as *written*."""
    if window_s >= interval_s:
        return written
    if window_s == int(window_s):
        return f"{int(window_s)}s"
    return f"{max(1, round(window_s * 1000))}ms"
