"""How the API server says no: an HTTP code and a metav1.Status."""

from http import HTTPStatus
from typing import Any

from flagger_py.refs import Key, Kind


class Refusal(Exception):
    """A request the API server refused, with the *code* and *reason* of its Status."""

    code = HTTPStatus.INTERNAL_SERVER_ERROR
    reason = "InternalError"

    def __init__(self, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details = details or {}

    def status(self) -> dict[str, Any]:
        """Return the body that the API server sends."""
        return {
            "apiVersion": "v1",
            "kind": "Status",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "details": self.details,
            "code": int(self.code),
        }


class NotFound(Refusal):
    code, reason = HTTPStatus.NOT_FOUND, "NotFound"


class NotServed(NotFound):
    """The kind itself is unknown to the server."""


class AlreadyExists(Refusal):
    code, reason = HTTPStatus.CONFLICT, "AlreadyExists"


class Conflicted(Refusal):
    """The resourceVersion or uid is not the present one, or other managers hold fields.

    *held* lists (manager, path) of the latter.
    """

    code, reason = HTTPStatus.CONFLICT, "Conflict"

    def __init__(self, message: str, held: tuple[tuple[str, str], ...] = ()) -> None:
        causes = [
            {
                "reason": "FieldManagerConflict",
                "message": f'conflict with "{manager}"',
                "field": path,
            }
            for manager, path in held
        ]
        super().__init__(message, {"causes": causes} if causes else {})
        self.held = held


class Gone(Refusal):
    """The history asked for was compacted away; list again."""

    code, reason = HTTPStatus.GONE, "Expired"


class Forbidden(Refusal):
    code, reason = HTTPStatus.FORBIDDEN, "Forbidden"


class Invalid(Refusal):
    code, reason = HTTPStatus.UNPROCESSABLE_ENTITY, "Invalid"


class BadRequest(Refusal):
    code, reason = HTTPStatus.BAD_REQUEST, "BadRequest"


def not_found(kind: Kind, name: str) -> NotFound:
    return NotFound(f'{kind} "{name}" not found', _about(kind, name))


def already_exists(kind: Kind, name: str) -> AlreadyExists:
    return AlreadyExists(f'{kind} "{name}" already exists', _about(kind, name))


def modified(kind: Kind, key: Key, why: str = "") -> Conflicted:
    """Refuse a write that was made from an old copy, or whose precondition does not hold."""
    said = why or (
        "the object has been modified; please apply your changes to the latest version "
        "and try again"
    )
    return Conflicted(f'Operation cannot be fulfilled on {kind} "{key.name}": {said}')


def invalid(kind: Kind, name: str, findings: tuple[str, ...]) -> Invalid:
    """Refuse an object for *findings*, each `field: what is wrong`."""
    title = f"{kind.kind}.{kind.group}" if kind.group else kind.kind
    said = findings[0] if len(findings) == 1 else f"[{', '.join(findings)}]"
    return Invalid(f'{title} "{name}" is invalid: {said}', _about(kind, name))


def held_by_others(held: tuple[tuple[str, str, str], ...]) -> Conflicted:
    """Refuse an apply because of *held*: (manager, how it is described, path) of each conflict."""
    count, held = len(held), tuple(sorted(held))
    if count == 1:
        _, described, path = held[0]
        message = f"Apply failed with 1 conflict: conflict with {described}: {path}"
    else:
        lines = []
        for described in dict.fromkeys(entry[1] for entry in held):
            lines.append(f"conflicts with {described}:")
            lines += [f"- {path}" for _, by, path in held if by == described]
        message = f"Apply failed with {count} conflicts: " + "\n".join(lines)
    return Conflicted(message, tuple((manager, path) for manager, _, path in held))


def _about(kind: Kind, name: str) -> dict[str, Any]:
    return {"name": name, "group": kind.group, "kind": kind.plural}
