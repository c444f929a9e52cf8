"""Where the API server keeps things: the paths of objects and of their collections."""

from flagger_py.refs import Key, Kind


def collection(kind: Kind, namespace: str) -> str:
    """Return the path of the collection, of all namespaces when *namespace* is empty."""
    root = f"/apis/{kind.group}/{kind.version}" if kind.group else f"/api/{kind.version}"
    inside = f"/namespaces/{namespace}" if namespace and kind.namespaced else ""
    return f"{root}{inside}/{kind.plural}"


def path(kind: Kind, key: Key) -> str:
    return f"{collection(kind, key.namespace)}/{key.name}"
