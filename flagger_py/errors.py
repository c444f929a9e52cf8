"""What can go wrong, by what the shell does about it.

    FlaggerError
    ├── SpecError     a user must edit an object: condition Stalled, no retry until it changes
    ├── Unavailable   somebody else is down or not ready: retry with backoff
    │   └── Missing   the kind itself is not installed in this cluster
    └── Conflict      our copy is old, or another manager holds the field: read again

Findings about a release (a failed metric, a closed gate) are values, never exceptions.
"""


class FlaggerError(Exception):
    """A fault with a message for a person and a CamelCase *reason* for a condition."""

    reason = "Failed"

    def __init__(self, message: str, *, reason: str | None = None) -> None:
        super().__init__(message)
        if reason is not None:
            self.reason = reason

    @property
    def message(self) -> str:
        return str(self)


class SpecError(FlaggerError):
    """The user must change something; trying again cannot help."""

    reason = "InvalidSpec"


class Unavailable(FlaggerError):
    """Something we need does not answer; trying again later can help.

    *retry_after_s* is how long the other side asked us to wait, when it said so.
    """

    reason = "Unavailable"

    def __init__(
        self, message: str, *, reason: str | None = None, retry_after_s: float | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.retry_after_s = retry_after_s


class Missing(Unavailable):
    """The cluster does not serve this kind: its CustomResourceDefinition is not installed."""

    reason = "KindNotInstalled"


class Conflict(FlaggerError):
    """The object changed since we read it, or another field manager holds what we apply.

    *managers* names the other field managers and *fields* the paths they hold; both are empty
    for a mere change of resourceVersion.
    """

    reason = "Conflict"

    def __init__(
        self, message: str, *, managers: tuple[str, ...] = (), fields: tuple[str, ...] = ()
    ) -> None:
        super().__init__(message)
        self.managers = managers
        self.fields = fields
