"""Where the API server keeps things: the paths of objects, of collections and of discovery.

Names come from specs, and a path is asked for as the controller or as another account: a name
that is more or less than one piece of a path would lead to something else than was meant.
"""

from flagger_py.errors import SpecError
from flagger_py.refs import Key, Kind

_APART = frozenset("/%?#\\ ")


def collection(kind: Kind, namespace: str) -> str:
    """Return the path of the collection, of all namespaces when *namespace* is empty.

    Raises `SpecError` when *namespace* is no name.
    """
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    if not namespace or not kind.namespaced:
        return f"{root}/{kind.plural}"
    if not is_name(namespace):
        raise SpecError(f"{namespace!r}, where {kind} are looked for, is no name of a namespace")
    return f"{root}/namespaces/{namespace}/{kind.plural}"


def path(kind: Kind, key: Key) -> str:
    """Return the path of an object; raises `SpecError` when *key* names none."""
    demand_name(kind, key)
    return f"{collection(kind, key.namespace)}/{key.name}"


def discovery(api_version: str) -> str:
    """Return where the kinds of *api_version* are listed; raises `SpecError` when it is none."""
    pieces = api_version.split("/")
    if len(pieces) > 2 or not all(map(is_name, pieces)):  # noqa: PLR2004 - group and version
        raise SpecError(
            f"{api_version!r} is no apiVersion; write a group and a version where it is named, "
            f"for example apps/v1"
        )
    return f"{'/apis' if len(pieces) > 1 else '/api'}/{api_version}"


def demand_name(kind: Kind, key: Key) -> None:
    """Raise `SpecError` when *key* has no name that an object may have."""
    if not is_name(key.name):
        where = f" in namespace {key.namespace}" if key.namespace else ""
        raise SpecError(
            f"{key.name!r} is no name of a {kind.kind}{where}; correct it where it is named"
        )


def is_name(text: str) -> bool:
    """Tell whether *text* is one piece of a path, as Kubernetes' path segment names are."""
    plain = text.isascii() and text.isprintable() and not _APART.intersection(text)
    return plain and text not in ("", ".", "..")
