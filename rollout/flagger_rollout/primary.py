"""What the primary copy of a Deployment looks like, and what a promotion changes in it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flagger_py.refs import DEPLOYMENT, PRIMARY, owner_reference
from flagger_py.wire import Manifest

from .configs import MANAGED_BY, foreign, renamed
from .target import Selector

CONFIGS = "flagger.app/configs"
"""The annotation of the primary's pods that changes with what they read at their start."""

_COPIED = ("progressDeadlineSeconds", "minReadySeconds", "revisionHistoryLimit", "strategy")


@dataclass(frozen=True, slots=True)
class Taken:
    """Which of the target's labels and annotations its primary has: prefixes, `*` for all."""

    labels: tuple[str, ...] = ()
    annotations: tuple[str, ...] = ("*",)


def render_primary(
    target: Manifest,
    canary: Manifest,
    selector: Selector,
    *,
    replicas: int | None,
    configs: Mapping[str, str],
    taken: Taken = Taken(),
) -> dict[str, Any]:
    """Render the primary of *target*: its template under another name, label and configs.

    *replicas* is left to whoever scales the primary when None. *configs* are the tracked configs
    by key, which the primary reads as copies. *taken* says what of the target's own metadata.
    """
    meta, spec = target["metadata"], target["spec"]
    labels = {**_begun(meta.get("labels"), taken.labels), **MANAGED_BY, **selector.primary}
    annotations = _begun(meta.get("annotations"), taken.annotations)
    metadata: dict[str, Any] = {
        "name": f"{meta['name']}{PRIMARY}",
        "namespace": meta["namespace"],
        "labels": labels,
        "ownerReferences": [owner_reference(canary)],
    }
    if annotations:
        metadata["annotations"] = annotations
    rendered = {field: spec[field] for field in _COPIED if field in spec}
    rendered["selector"] = {"matchLabels": selector.primary}
    rendered["template"] = _template(spec["template"], meta["name"], selector, configs)
    if replicas is not None:
        rendered["replicas"] = replicas
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": metadata,
        "spec": rendered,
    }


def scaled(target: Manifest, replicas: int) -> dict[str, Any]:
    """Render nothing but the number of replicas of *target*."""
    meta = target["metadata"]
    return {
        "apiVersion": DEPLOYMENT.api_version,
        "kind": DEPLOYMENT.kind,
        "metadata": {"name": meta["name"], "namespace": meta["namespace"]},
        "spec": {"replicas": replicas},
    }


def _begun(given: Mapping[str, str] | None, prefixes: tuple[str, ...]) -> dict[str, str]:
    """Return what of *given* begins with one of *prefixes* and may be copied at all."""
    return {
        key: value
        for key, value in (given or {}).items()
        if not _ephemeral(key) and any(p == "*" or (p and key.startswith(p)) for p in prefixes)
    }


def _template(
    template: Mapping[str, Any], name: str, selector: Selector, configs: Mapping[str, str]
) -> dict[str, Any]:
    meta = dict(template.get("metadata") or {})
    meta.pop("creationTimestamp", None)
    meta["labels"] = {**(meta.get("labels") or {}), **selector.primary}
    if configs:
        meta["annotations"] = {**(meta.get("annotations") or {}), CONFIGS: _together(configs)}
    pod = renamed(template["spec"], configs)
    if "topologySpreadConstraints" in pod:
        pod["topologySpreadConstraints"] = [
            _reselected(item, name, selector) for item in pod["topologySpreadConstraints"]
        ]
    anti = (pod.get("affinity") or {}).get("podAntiAffinity")
    if anti:
        pod["affinity"] = {
            **pod["affinity"],
            "podAntiAffinity": _anti_affinity(anti, name, selector),
        }
    return {"metadata": meta, "spec": pod}


def _together(configs: Mapping[str, str]) -> str:
    """Return one checksum for all *configs*."""
    text = json.dumps(dict(sorted(configs.items())))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _anti_affinity(anti: Mapping[str, Any], name: str, selector: Selector) -> dict[str, Any]:
    """Keep the primary's pods apart from one another instead of from the target's."""
    new = dict(anti)
    preferred = "preferredDuringSchedulingIgnoredDuringExecution"
    required = "requiredDuringSchedulingIgnoredDuringExecution"
    if preferred in new:
        new[preferred] = [
            {**item, "podAffinityTerm": _reselected(item["podAffinityTerm"], name, selector)}
            for item in new[preferred]
        ]
    if required in new:
        new[required] = [_reselected(item, name, selector) for item in new[required]]
    return new


def _reselected(item: Mapping[str, Any], name: str, selector: Selector) -> dict[str, Any]:
    """Point a label selector that means the target by its name at the primary."""
    chosen = item.get("labelSelector")
    if not chosen:
        return dict(item)
    new = dict(chosen)
    matched = new.get("matchLabels") or {}
    if matched.get(selector.label) == name:
        new["matchLabels"] = {**matched, selector.label: f"{name}{PRIMARY}"}
    if "matchExpressions" in new:
        new["matchExpressions"] = [
            _reexpressed(expression, name, selector) for expression in new["matchExpressions"]
        ]
    return {**item, "labelSelector": new}


def _reexpressed(expression: Mapping[str, Any], name: str, selector: Selector) -> dict[str, Any]:
    if expression.get("key") != selector.label:
        return dict(expression)
    values = [f"{name}{PRIMARY}" if v == name else v for v in expression.get("values", ())]
    return {**expression, "values": values}


def _ephemeral(key: str) -> bool:
    return foreign(key) or key.startswith("deployment.kubernetes.io/")
