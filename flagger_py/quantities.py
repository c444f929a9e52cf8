"""Durations and weights: parsed once at the edge, plain numbers inside."""

import re
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from flagger_py.errors import SpecError

_UNITS_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_TERM = re.compile(r"([0-9]+(?:\.[0-9]+)?|\.[0-9]+)(ns|us|µs|ms|s|m|h)")

Weight = Annotated[int, Field(ge=0, le=100)]
"""Percent of the requests, from 0 to 100."""


def duration_s(text: str, where: str = "") -> float:
    """Return the seconds that a Go duration such as `1m30s` stands for.

    Raises `SpecError` naming the field *where*, if any, when *text* is no duration.
    """
    found = _seconds(text)
    if found is None:
        at = f"{where}: " if where else ""
        raise SpecError(f"{at}{text!r} is no duration; write for example 30s, 1m or 1m30s")
    return found


def duration_text(seconds: float) -> str:
    """Write *seconds* as people do: `90s` is `1m30s`, half a second `500ms`."""
    if seconds < 1:
        return f"{round(seconds * 1000)}ms"
    minutes, rest = divmod(round(seconds, 3), 60)
    hours, minutes = divmod(int(minutes), 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else ""]
    if rest or not any(parts):
        parts.append(f"{rest:g}s")
    return "".join(parts)


@lru_cache(1024)
def _seconds(text: str) -> float | None:
    """Read a duration, None when it is none; specs say the same few again and again."""
    position, total = 0, 0.0
    for term in _TERM.finditer(text):
        if term.start() != position:
            break
        total += float(term.group(1)) * _UNITS_S[term.group(2)]
        position = term.end()
    return total if text and position == len(text) else None
