"""What the refusals of a World's API server mean to a controller.

They become errors of `flagger_py.errors`: 409 a `Conflict` (with managers where they hold fields),
429 and 5xx `Unavailable`, a kind that is not served `Missing`, 403 a `SpecError` with reason
AccessDenied, 422 one with reason InvalidSpec.
"""

from flagger_py.errors import Conflict, FlaggerError, Missing, SpecError, Unavailable
from flagger_py.testing import refusal


def translated(error: refusal.Refusal) -> FlaggerError:
    """Return what the error of the API server means to a controller."""
    match error:
        case refusal.NotServed():
            return Missing(error.message)
        case refusal.Conflicted():
            managers = tuple(dict.fromkeys(manager for manager, _ in error.held))
            fields = tuple(dict.fromkeys(path for _, path in error.held))
            return Conflict(error.message, managers=managers, fields=fields)
        case refusal.NotFound() | refusal.AlreadyExists():
            return Conflict(error.message)
        case refusal.Forbidden():
            return SpecError(error.message, reason="AccessDenied")
        case refusal.Invalid() | refusal.BadRequest():
            return SpecError(error.message, reason="InvalidSpec")
        case _:
            return Unavailable(error.message, reason=error.reason)
