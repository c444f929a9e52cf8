"""What an API server's refusal means: its Status read as one of our errors."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.errors import Conflict, FlaggerError, Missing, SpecError, Unavailable
from flagger_py.refs import Key, Kind


class Gone(Unavailable):
    """The version that a watch or page starts from is too old: list again."""

    reason = "Expired"


OBJECT_GONE = "the object is gone"
_MANAGER = re.compile(r'conflict with "([^"]+)"')
_TOO_LONG = 1000
_READING = "get, list, watch"
"""Granted together, because a read is served from a watch."""


@dataclass(frozen=True, slots=True)
class Ask:
    """What was asked of the API server, to be named in an error; *account* None is ourselves."""

    verb: str
    kind: Kind
    key: Key
    account: str | None = None

    def __str__(self) -> str:
        name = f" {self.key.name}" if self.key.name else ""
        where = f" in namespace {self.key.namespace}" if self.key.namespace else ""
        return f"{self.verb} {self.kind}{name}{where}"


def refusal(
    code: int, status: Mapping[str, Any], ask: Ask, retry_after_s: float | None = None
) -> FlaggerError:
    """Turn the HTTP status *code* and the body, a metav1.Status or empty, into an error."""
    message = str(status.get("message", ""))[:_TOO_LONG]
    match code:
        case 403:
            return _forbidden(status, message, ask)
        case 404:
            return _not_found(status, message, ask)
        case 409:
            return _conflict(status, message, ask)
        case 410:
            return Gone(f"{ask}: {message or 'too old'}")
        case 422:
            return SpecError(f"{ask}: the API server finds it invalid: {message}")
        case _:
            return Unavailable(
                f"{ask}: the API server answered {code}: {message or 'without a reason'}",
                retry_after_s=retry_after_s,
            )


def about_object(status: Mapping[str, Any], kind: Kind) -> bool:
    """Tell whether a 404 speaks of an object of *kind*, not of a path that is not served."""
    details = status.get("details") or {}
    return bool(details.get("name")) and details.get("kind") in (kind.plural, kind.kind, None)


def access_denied(ask: Ask, because: str = "") -> SpecError:
    """Say which account may not do what, and which rule would allow it."""
    who = ask.account or "the controller's own account"
    scope = "a Role" if ask.key.namespace else "a ClusterRole"
    group = ask.kind.group or '""'
    verbs = _READING if ask.verb in _READING.split(", ") else ask.verb
    rule = f"apiGroups [{group}], resources [{ask.kind.plural}], verbs [{verbs}]"
    # What RBAC says of itself repeats the sentence word by word.
    why = f" ({because})" if because and "is forbidden: User" not in because else ""
    return SpecError(
        f"{who} may not {ask}{why}; bind {scope} with {rule} to it", reason="AccessDenied"
    )


def _forbidden(status: Mapping[str, Any], message: str, ask: Ask) -> FlaggerError:
    if "NamespaceTerminating" in _causes(status) or "is being terminated" in message:
        return Unavailable(f"{ask}: {message}", reason="NamespaceTerminating")
    if "exceeded quota" in message:
        return Unavailable(f"{ask}: {message}", reason="QuotaExceeded")
    if "admission webhook" in message or "ValidatingAdmissionPolicy" in message:
        return SpecError(f"{ask}: {message}", reason="AdmissionDenied")
    return access_denied(ask, message)


def _not_found(status: Mapping[str, Any], message: str, ask: Ask) -> FlaggerError:
    details = status.get("details") or {}
    if details.get("kind") == "namespaces" and ask.kind.plural != "namespaces":
        return Unavailable(f"{ask}: {message}", reason="NamespaceNotFound")
    if about_object(status, ask.kind):
        return Conflict(f"{ask}: {OBJECT_GONE}")
    return Missing(
        f"{ask}: the cluster does not serve {ask.kind.api_version} {ask.kind.kind}; "
        f"install its CustomResourceDefinition"
    )


def _conflict(status: Mapping[str, Any], message: str, ask: Ask) -> Conflict:
    managers: dict[str, None] = {}
    fields: dict[str, None] = {}
    for cause in (status.get("details") or {}).get("causes") or ():
        if cause.get("reason") != "FieldManagerConflict":
            continue
        found = _MANAGER.search(cause.get("message", ""))
        managers[found.group(1) if found else cause.get("message", "")] = None
        fields[cause.get("field", "")] = None
    if managers:
        return Conflict(f"{ask}", managers=tuple(managers), fields=tuple(fields))
    return Conflict(f"{ask}: {message or 'the object has changed'}")


def _causes(status: Mapping[str, Any]) -> tuple[str, ...]:
    causes = (status.get("details") or {}).get("causes") or ()
    return tuple(cause.get("reason", "") for cause in causes)
