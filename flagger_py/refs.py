"""Which object is meant: kinds, references and the names derived from a target.

`Kind` and `Key` are named tuples: everything is looked up by them, a hundred times a pass, and a
tuple is made, compared and hashed several times faster than a dataclass.
"""

from typing import NamedTuple

from pydantic import Field

from flagger_py.wire import Manifest, Wire

PRIMARY = "-primary"
CANARY = "-canary"


class Kind(NamedTuple):
    """A kind as the API serves it; *group* is empty for the core group."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        return f"{self.group}/{self.version}" if self.group else self.version

    def __str__(self) -> str:
        return f"{self.plural}.{self.group}" if self.group else self.plural


class Key(NamedTuple):
    """Namespace and name: what tells one object of a kind from another."""

    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name


class ObjectRef(Wire):
    """A reference by apiVersion, kind and name; without namespace it is the reader's own."""

    api_version: str = Field(min_length=1)
    kind: str = Field(min_length=1)
    name: str = Field(min_length=1)
    namespace: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class NameRef(Wire):
    """A reference to an object of a kind known from the field."""

    name: str = Field(min_length=1, max_length=253)
    namespace: str | None = None


DEPLOYMENT = Kind("apps", "v1", "Deployment", "deployments")
SERVICE = Kind("", "v1", "Service", "services")
SECRET = Kind("", "v1", "Secret", "secrets")
CONFIG_MAP = Kind("", "v1", "ConfigMap", "configmaps")
ENDPOINT_SLICE = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
NAMESPACE = Kind("", "v1", "Namespace", "namespaces", namespaced=False)


def key_of(manifest: Manifest) -> Key:
    meta = manifest["metadata"]
    return Key(meta.get("namespace", ""), meta["name"])


def owner_reference(owner: Manifest) -> dict[str, object]:
    """Return the controller reference that lets garbage collection follow *owner*."""
    return {
        "apiVersion": owner["apiVersion"],
        "kind": owner["kind"],
        "name": owner["metadata"]["name"],
        "uid": owner["metadata"]["uid"],
        "controller": True,
        "blockOwnerDeletion": True,
    }


def controlled_by(manifest: Manifest, uid: str) -> bool:
    """Tell whether the object with *uid* is the controller of *manifest*."""
    owners = manifest["metadata"].get("ownerReferences", ())
    return any(o.get("uid") == uid and o.get("controller") for o in owners)
