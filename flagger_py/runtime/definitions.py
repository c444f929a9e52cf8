"""How to tell that the CustomResourceDefinition in a cluster is older than this controller.

An API server answers an apply with a field that the schema lacks by 400 or, up to now, by 500
(kubernetes/kubernetes#139253), and prunes such a field from any other write; a value that the
schema does not allow is answered by 422.
"""

import re
from collections.abc import Mapping
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.errors import FlaggerError, SpecError, Unavailable
from flagger_py.refs import Kind

_REFUSES = re.compile(
    r"the API server answered 400:|field not declared in schema|unknown field|strict decoding"
)


def too_old(kind: Kind, because: str) -> Unavailable:
    return Unavailable(
        f"the CustomResourceDefinition of {kind.kind} is older than this controller ({because}); "
        f"apply crds/ of this release: flagger-py crds | kubectl apply --server-side -f -",
        reason=Reason.DEFINITION_TOO_OLD,
    )


def refuses_status(error: FlaggerError) -> bool:
    """Tell whether *error*, of writing a status of ours, means that the schema does not know it."""
    if isinstance(error, SpecError):
        return error.reason == Reason.INVALID_SPEC
    return isinstance(error, Unavailable) and _REFUSES.search(error.message) is not None


def pruned(wanted: Mapping[str, Any], stored: Mapping[str, Any], where: str = "status") -> str:
    """Return the path of the first field of *wanted* that was not *stored*, empty without one."""
    if wanted == stored:
        return ""
    for name, value in wanted.items():
        path = f"{where}.{name}"
        if name not in stored:
            if value or value == 0:  # An empty list, map or text is as good as none.
                return path
        elif found := _pruned_in(value, stored[name], path):
            return found
    return ""


def _pruned_in(wanted: Any, stored: Any, path: str) -> str:
    if isinstance(wanted, Mapping) and isinstance(stored, Mapping):
        return pruned(wanted, stored, path)
    if isinstance(wanted, list) and isinstance(stored, list):
        items = enumerate(zip(wanted, stored, strict=False))
        found = (_pruned_in(one, other, f"{path}[{n}]") for n, (one, other) in items)
        return next(filter(None, found), "")
    return ""
