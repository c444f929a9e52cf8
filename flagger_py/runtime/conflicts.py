"""Which field managers are GitOps tools, and what to tell a user whose tool fights us."""

import json
import re

from flagger_py.conditions import Reason
from flagger_py.errors import Conflict, SpecError
from flagger_py.refs import key_of
from flagger_py.wire import Manifest

KUSTOMIZE, HELM_CONTROLLER, HELM = "kustomize-controller", "helm-controller", "helm"
ARGO_CD = ("argocd-controller", "argocd-application-controller", "argocd")
GITOPS_MANAGERS = (KUSTOMIZE, HELM_CONTROLLER, HELM, *ARGO_CD)

_NAME = re.compile(r"[^.\[]+")
_ITEM = re.compile(r'\[(?:[^\]"]|"(?:[^"\\]|\\.)*")*\]')
_MAPS = ("annotations", "labels", "matchLabels", "nodeSelector", "limits", "requests")
"""Fields whose keys are free text with dots in it, wherever they are."""
_DATA = ("data", "binaryData", "stringData")
"""The same at the root of an object."""


def held_by_gitops(managers: tuple[str, ...]) -> bool:
    return any(manager in GITOPS_MANAGERS for manager in managers)


def explain_conflict(manifest: Manifest, conflict: Conflict) -> str:
    """Say who holds which fields of *manifest*, and what ends the fight with each of them."""
    managers = ", ".join(conflict.managers)
    fields = ", ".join(conflict.fields)
    pointers = tuple(dict.fromkeys(pointer(path) for path in conflict.fields if path))
    remedies = (_remedy(manager, manifest, pointers) for manager in conflict.managers)
    return (
        f"{conflict.message}: field manager {managers} holds {fields}. "
        f"{'. '.join(dict.fromkeys(remedies))}"
    )


def explained(manifest: Manifest, conflict: Conflict) -> Conflict:
    """Return *conflict* with the remedy in its message."""
    message = explain_conflict(manifest, conflict)
    return Conflict(message, managers=conflict.managers, fields=conflict.fields)


def asked_by_another(manifest: Manifest, conflict: Conflict) -> SpecError:
    """Say that a shared object answers somebody else's question, and how to share it."""
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return SpecError(
        f"{name} is asked by another, field manager {', '.join(conflict.managers)}: reference an "
        f"object of its own, or one without spec.run that judges by itself",
        reason=Reason.ASKED_BY_ANOTHER,
    )


def pointer(path: str) -> str:
    """Turn `.spec.replicas`, as the API server writes paths, into the JSON pointer (RFC 6901).

    An item that a list knows by its keys has no place that a pointer could name: the pointer is
    that of the list.
    """
    names: list[str] = []
    rest = path
    while rest:
        if (item := _ITEM.match(rest)) is not None:
            if not item.group()[1:-1].isdigit():
                break
            names.append(item.group()[1:-1])
            rest = rest[item.end() :]
            continue
        rest = rest.removeprefix(".")
        free = bool(names) and (names[-1] in _MAPS or (len(names) == 1 and names[0] in _DATA))
        name = None if free else _NAME.match(rest)
        names.append(rest if name is None else name.group())
        rest = "" if name is None else rest[name.end() :]
    return "".join("/" + name.replace("~", "~0").replace("/", "~1") for name in names)


def _remedy(manager: str, manifest: Manifest, pointers: tuple[str, ...]) -> str:
    paths = json.dumps(pointers)
    target = f"{{kind: {manifest['kind']}, name: {manifest['metadata']['name']}}}"
    removed = f"Remove these fields from what {manager} applies"
    if manager == KUSTOMIZE:
        snippet = f"spec: {{ignore: [{{paths: {paths}, target: {target}}}]}}"
        return f"{removed}, or add to its Kustomization: {snippet}"
    if manager == HELM_CONTROLLER:
        snippet = f"spec: {{driftDetection: {{ignore: [{{paths: {paths}, target: {target}}}]}}}}"
        return (
            f"{removed}, by its HelmRelease's values or postRenderers; if that detects drift, "
            f"add to it: {snippet}"
        )
    if manager in ARGO_CD:
        snippet = (
            f"spec: {{ignoreDifferences: [{{{_argo_target(manifest)}, jsonPointers: {paths}}}], "
            f"syncPolicy: {{syncOptions: [RespectIgnoreDifferences=true]}}}}"
        )
        return f"{removed}, and add to its Application, so that it leaves them alone: {snippet}"
    return removed


def _argo_target(manifest: Manifest) -> str:
    group = manifest["apiVersion"].rpartition("/")[0]
    key = key_of(manifest)
    where = {"group": group, "kind": manifest["kind"], "name": key.name, "namespace": key.namespace}
    return ", ".join(f"{name}: {value}" for name, value in where.items() if value)
