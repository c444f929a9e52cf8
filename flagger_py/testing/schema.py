"""How lists and maps of each kind merge: by key, as a set, or as one value.

From the OpenAPI extensions of Kubernetes 1.36 (`x-kubernetes-list-type`, `-list-map-keys`,
`-map-type`) and of Gateway API 1.x. What is not named here is a map merged field by field, or a
list that is one value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Shape:
    """How a value merges. *keys* tell items of a list apart; *atomic* is owned as a whole.

    *fields* are the shapes of a map's fields, or of the fields of each item where *keys* is set;
    *rest* is that of every field not among them. *defaults* complete an item's keys.
    """

    fields: Mapping[str, "Shape"] = field(default_factory=dict)
    keys: tuple[str, ...] = ()
    defaults: Mapping[str, Any] = field(default_factory=dict)
    unique: bool = False
    """A list that is a set of plain values."""
    atomic: bool = False
    rest: "Shape | None" = None

    def at(self, name: str) -> "Shape":
        return self.fields.get(name) or self.rest or PLAIN

    @property
    def item(self) -> "Shape":
        """The shape of one item of a keyed list."""
        return Shape(fields=self.fields, atomic=self.atomic, rest=self.rest)

    @property
    def granular_list(self) -> bool:
        return bool(self.keys) or self.unique


def by(*keys: str, **fields: Shape) -> Shape:
    """Return the shape of a list whose items *keys* tell apart; `protocol` defaults to TCP."""
    defaults = {"protocol": "TCP"} if "protocol" in keys else {}
    return Shape(fields=fields, keys=keys, defaults=defaults)


def having(**fields: Shape) -> Shape:
    return Shape(fields=fields)


PLAIN = Shape()
WHOLE = Shape(atomic=True)
UNIQUE = Shape(unique=True)

METADATA = having(
    finalizers=UNIQUE,
    ownerReferences=Shape(keys=("uid",), atomic=True),
)
STATUS = having(conditions=by("type"))
CUSTOM = having(metadata=METADATA, status=STATUS)
"""A custom resource: lists are one value, but for `status.conditions`."""

_REFERENCES = having(
    configMapKeyRef=WHOLE, secretKeyRef=WHOLE, fieldRef=WHOLE, resourceFieldRef=WHOLE
)
_CONTAINERS = by(
    "name",
    env=by("name", valueFrom=_REFERENCES),
    ports=by("containerPort", "protocol"),
    volumeMounts=by("mountPath"),
    volumeDevices=by("devicePath"),
)
POD_SPEC = having(
    containers=_CONTAINERS,
    initContainers=_CONTAINERS,
    ephemeralContainers=_CONTAINERS,
    volumes=by("name"),
    imagePullSecrets=by("name"),
    hostAliases=by("ip"),
    topologySpreadConstraints=by("topologyKey", "whenUnsatisfiable"),
    nodeSelector=WHOLE,
)
POD_STATUS = having(conditions=by("type"), podIPs=by("ip"), hostIPs=WHOLE)
POD = having(metadata=METADATA, spec=POD_SPEC, status=POD_STATUS)
WORKLOAD = having(
    metadata=METADATA,
    spec=having(selector=WHOLE, template=having(metadata=METADATA, spec=POD_SPEC)),
    status=STATUS,
)
SERVICE = having(
    metadata=METADATA,
    spec=having(ports=by("port", "protocol"), selector=WHOLE),
    status=having(conditions=by("type"), loadBalancer=having(ingress=WHOLE)),
)
ACCOUNT = having(metadata=METADATA, secrets=by("name"), imagePullSecrets=WHOLE)
EVENT = having(metadata=METADATA, involvedObject=WHOLE, related=WHOLE)
GATEWAY = having(
    metadata=METADATA,
    spec=having(listeners=by("name")),
    status=having(
        conditions=by("type"), listeners=by("name", conditions=by("type"), supportedKinds=WHOLE)
    ),
)
GATEWAY_CLASS = having(
    metadata=METADATA, status=having(conditions=by("type"), supportedFeatures=by("name"))
)


def with_lists(lists: Mapping[str, tuple[str, ...]], base: Shape = CUSTOM) -> Shape:
    """Return *base* with keyed lists at dotted paths: `{"spec.metrics": ("name",)}`."""
    shape = base
    for path, keys in lists.items():
        shape = _placed(shape, path.split("."), by(*keys))
    return shape


def from_openapi(schema: Mapping[str, Any]) -> Shape:
    """Read the shape that the structural *schema* of a CustomResourceDefinition gives."""
    if schema.get("x-kubernetes-map-type") == "atomic":
        return WHOLE
    items = schema.get("items")
    if isinstance(items, Mapping):
        return _list_shape(schema, items)
    rest = schema.get("additionalProperties")
    fields = {n: from_openapi(s) for n, s in (schema.get("properties") or {}).items()}
    return Shape(
        fields={name: shape for name, shape in fields.items() if shape != PLAIN},
        rest=from_openapi(rest) if isinstance(rest, Mapping) else None,
    )


def _list_shape(schema: Mapping[str, Any], items: Mapping[str, Any]) -> Shape:
    match schema.get("x-kubernetes-list-type"):
        case "map":
            keys = tuple(schema["x-kubernetes-list-map-keys"])
            properties = items.get("properties") or {}
            defaults = {k: properties[k]["default"] for k in keys if "default" in properties[k]}
            item = from_openapi(items)
            return Shape(item.fields, keys, defaults, atomic=item.atomic, rest=item.rest)
        case "set":
            return UNIQUE
        case _:
            return PLAIN


def _placed(shape: Shape, path: list[str], what: Shape) -> Shape:
    if not path:
        return what
    name, *rest = path
    return Shape(
        fields={**shape.fields, name: _placed(shape.at(name), rest, what)},
        keys=shape.keys,
        defaults=shape.defaults,
        atomic=shape.atomic,
        rest=shape.rest,
    )
