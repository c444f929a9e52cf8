"""What a target Deployment tells about itself: its selector label and its container ports."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flagger_py.errors import SpecError
from flagger_py.refs import PRIMARY
from flagger_py.wire import Manifest

SIDECARS = frozenset({"istio-proxy", "envoy"})
"""Containers whose ports belong to a mesh, not to the application."""


@dataclass(frozen=True, slots=True)
class Selector:
    """The one label that tells the target's pods from the primary's."""

    label: str
    value: str

    @property
    def canary(self) -> dict[str, str]:
        return {self.label: self.value}

    @property
    def primary(self) -> dict[str, str]:
        return {self.label: f"{self.value}{PRIMARY}"}


def selector_of(target: Manifest, labels: Sequence[str]) -> Selector:
    """Find the first of *labels* in the target's selector.

    Raises `SpecError` when it has none: then nothing can tell its pods from the primary's.
    """
    matched: Mapping[str, str] = target["spec"]["selector"].get("matchLabels") or {}
    for label in labels:
        if label in matched:
            return Selector(label, matched[label])
    meta = target["metadata"]
    raise SpecError(
        f"deployment {meta['name']}.{meta['namespace']} spec.selector.matchLabels must contain "
        f"one of [{' '.join(labels)}]; add one, or name yours with --selector-labels",
        reason="SelectorLabelMissing",
    )


def extra_ports(target: Manifest, service: Mapping[str, Any]) -> tuple[dict[str, Any], ...]:
    """Return the container ports that `portDiscovery` adds to the Services, ordered by name.

    The main port and sidecars are left out; an unnamed port is called `tcp-CONTAINER-INDEX`. The
    protocol is kept.
    """
    main = service.get("targetPort") or service["port"]
    found = []
    for container in target["spec"]["template"]["spec"].get("containers", ()):
        if container["name"] in SIDECARS:
            continue
        for index, port in enumerate(container.get("ports", ())):
            number, name = port["containerPort"], port.get("name")
            if main in (number, name) or str(main) == str(number):
                continue
            protocol = port.get("protocol", "TCP")
            found.append(
                {
                    "name": name or f"{protocol.lower()}-{container['name']}-{index}",
                    "port": number,
                    "targetPort": number,
                    "protocol": protocol,
                }
            )
    return tuple(sorted(found, key=lambda port: str(port["name"])))
