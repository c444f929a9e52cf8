"""What a URL that somebody wrote consists of, and what may be said of it without its secrets."""

import re
from urllib.parse import SplitResult, urlsplit

from flagger_py.errors import SpecError

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")


def split(url: str) -> SplitResult:
    """Return the pieces of *url*; raises `SpecError` where its host or port cannot be read."""
    try:
        parts = urlsplit(url)
        # Both are only looked at when they are asked for.
        host, _port = parts.hostname or "", parts.port
        if " " in host:
            raise ValueError(f"{host!r} has a space")
    except ValueError as error:
        raise SpecError(
            f"{redacted(url)!r} is no URL: its host or its port cannot be read; "
            f"write for example https://host:443/path"
        ) from error
    return parts


def redacted(url: str) -> str:
    """Return *url* without user, password, path and query, where secrets may be.

    Also of what is no URL, so that an error can name it; a port that is no number is left out,
    because it may be half of a password.
    """
    scheme, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(scheme):
        return "(no scheme)"
    place = re.split(r"[/?#\\]", rest, maxsplit=1)[0].rpartition("@")[2]
    host, colon, port = place.rpartition(":")
    if colon and not place.endswith("]") and not port.isdigit():
        place = host
    shown = "".join(letter for letter in place.lower() if letter.isprintable())
    return f"{scheme.lower()}://{shown}"
