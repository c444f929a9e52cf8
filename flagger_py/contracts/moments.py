"""How a point in time is written wherever a part tells another one when."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Annotated

from pydantic import PlainSerializer


@lru_cache(4096)
def _milliseconds(moment: datetime) -> str:
    text = moment.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace(".000", "").replace("+00:00", "Z")


Moment = Annotated[datetime, PlainSerializer(_milliseconds, return_type=str)]
"""A point in time, written as RFC 3339 in UTC with milliseconds where there are any."""
