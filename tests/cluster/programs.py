"""Programs of the machine's own that the bed needs, and how to get one that is missing.

What is missing ends a test with one sentence; it never lets one pass or be skipped.
"""

import shutil
from collections.abc import Mapping

PACKAGES: Mapping[str, str] = {
    "ip": "iproute2",
    "prometheus": "prometheus",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
"""The Debian package of each; other distributions name them alike."""


class MissingProgram(RuntimeError):
    """A program is not on PATH; the message says which, what needs it, and what to do."""


def find(name: str, user: str) -> str:
    """Return where *name* is, which *user* needs; raises `MissingProgram` if nowhere."""
    found = shutil.which(name)
    if found is None:
        raise MissingProgram(
            f"{user} needs `{name}`: put it on PATH (apt-get install {PACKAGES[name]})"
        )
    return found
