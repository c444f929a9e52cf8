"""How an object is applied where others hold its fields: force, give way, or refuse and say why."""

from flagger_py.decision import Apply, Force
from flagger_py.errors import Conflict
from flagger_py.runtime.cluster import Cluster
from flagger_py.runtime.conflicts import (
    asked_by_another,
    explain_conflict,
    explained,
    held_by_gitops,
)


async def apply(cluster: Cluster, action: Apply, manager: str, account: str | None) -> str:
    """Apply as *manager* on behalf of *account*; return what to warn of, empty where nothing is.

    Fields of managers that are no GitOps tools are taken over where *action* allows force at all.
    Raises `Conflict` with the remedy where another one keeps them, `SpecError` where a shared
    object answers somebody else.
    """
    manifest, always = action.manifest, action.force is Force.ALWAYS
    try:
        await cluster.apply(manifest, manager=manager, force=always, account=account)
    except Conflict as error:
        if not error.managers:
            raise
        match action.force:
            case Force.ASK:
                raise asked_by_another(manifest, error) from error
            case Force.NEVER | Force.ALWAYS:
                raise explained(manifest, error) from error
            case Force.UNLESS_GITOPS if held_by_gitops(error.managers):
                raise explained(manifest, error) from error
            case Force.OR_TOLERATE if held_by_gitops(error.managers):
                return explain_conflict(manifest, error)
            case Force.UNLESS_GITOPS | Force.OR_TOLERATE:
                await cluster.apply(manifest, manager=manager, force=True, account=account)
    return ""
