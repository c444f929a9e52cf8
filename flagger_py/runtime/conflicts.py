"""Which field managers are GitOps tools, and what to tell a user whose tool fights us."""

from flagger_py.conditions import Reason
from flagger_py.errors import Conflict, SpecError
from flagger_py.wire import Manifest

GITOPS_MANAGERS = ("kustomize-controller", "helm-controller", "helm", "argocd-controller", "argocd")


def held_by_gitops(managers: tuple[str, ...]) -> bool:
    return any(manager in GITOPS_MANAGERS for manager in managers)


def explain_conflict(conflict: Conflict) -> str:
    """Say who holds which fields, with the snippet of Flux's `spec.ignore` that ends the fight."""
    managers = ", ".join(conflict.managers)
    fields = ", ".join(conflict.fields)
    paths = ", ".join(f'"{_pointer(path)}"' for path in conflict.fields)
    return (
        f"{conflict.message}: field manager {managers} holds {fields}. "
        f"Remove these fields from what it applies, or add to its Kustomization: "
        f"spec: {{ignore: [{{paths: [{paths}]}}]}}"
    )


def asked_by_another(manifest: Manifest, conflict: Conflict) -> SpecError:
    """Say that a shared object answers somebody else's question, and how to share it."""
    name = f"{manifest['kind']} {manifest['metadata']['name']}"
    return SpecError(
        f"{name} is asked by another, field manager {', '.join(conflict.managers)}: reference an "
        f"object of its own, or one without spec.run that judges by itself",
        reason=Reason.ASKED_BY_ANOTHER,
    )


def _pointer(path: str) -> str:
    """Turn `.spec.replicas` into the JSON pointer `/spec/replicas`."""
    return "/" + path.lstrip(".").replace(".", "/")
