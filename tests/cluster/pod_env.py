"""What a container's environment is, by the pod's spec and the ConfigMaps and Secrets it names."""

import base64
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Fetch = Callable[[str, str], Awaitable[Mapping[str, Any] | None]]
"""Returns the ConfigMap or Secret by kind and name in the pod's namespace, None without one."""


class MissingSource(LookupError):
    """The container must wait: a ConfigMap, a Secret or a key of it that it names is not there."""


async def resolve(
    pod: Mapping[str, Any], container: Mapping[str, Any], fetch: Fetch
) -> dict[str, str]:
    """Return the variables of *container*; raises `MissingSource` as a kubelet would wait."""
    values: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        prefix = source.get("prefix", "")
        for kind, ref in _references(source, "Ref"):
            data = await _data(kind, ref, fetch)
            values |= {prefix + key: value for key, value in data.items()}
    for entry in container.get("env", ()):
        if "valueFrom" not in entry:
            values[entry["name"]] = entry.get("value", "")
            continue
        if (value := await _value(pod, entry["valueFrom"], fetch)) is not None:
            values[entry["name"]] = value
    return values


def _references(source: Mapping[str, Any], suffix: str) -> list[tuple[str, Mapping[str, Any]]]:
    kinds = {"ConfigMap": f"configMap{suffix}", "Secret": f"secret{suffix}"}
    return [(kind, source[name]) for kind, name in kinds.items() if name in source]


async def _value(pod: Mapping[str, Any], source: Mapping[str, Any], fetch: Fetch) -> str | None:
    """Return the value, None when what it comes from is optional and absent."""
    if "fieldRef" in source:
        return _field(pod, source["fieldRef"]["fieldPath"])

    for kind, ref in _references(source, "KeyRef"):
        data = await _data(kind, ref, fetch)
        if ref["key"] not in data and not ref.get("optional"):
            raise MissingSource(f'couldn\'t find key {ref["key"]} in {kind} "{ref["name"]}"')
        return data.get(ref["key"])
    return None


async def _data(kind: str, ref: Mapping[str, Any], fetch: Fetch) -> Mapping[str, str]:
    found = await fetch(kind, ref["name"])
    if found is None:
        if ref.get("optional"):
            return {}
        raise MissingSource(f'{kind.lower()} "{ref["name"]}" not found')

    data: Mapping[str, str] = found.get("data") or {}
    if kind == "Secret":
        return {key: base64.b64decode(value).decode() for key, value in data.items()}
    return data


def _field(pod: Mapping[str, Any], path: str) -> str:
    """Read a downward field such as `metadata.name`; what is not there reads as empty."""
    value: Any = pod
    for part in path.split("."):
        value = value.get(part, {}) if isinstance(value, Mapping) else {}
    return value if isinstance(value, str) else ""
