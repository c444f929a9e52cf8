"""How the primary takes a copied revision: the copy is kept up until its pods are ready."""

from flagger_py.conditions import progressing
from flagger_py.decision import Action

from . import closing, copying
from .case import Case
from .move import Move


def copy_again(case: Case) -> tuple[Action, ...]:
    """Keep the primary as it was copied, unless the target has moved on to another revision."""
    if case.seen.target is None or case.revision != case.progress.revision:
        return ()
    return copying.copy_to_primary(case, None)


def unready(case: Case, again: tuple[Action, ...]) -> Move | None:
    """Wait for the primary, or give it up as lost; None once it is ready."""
    readiness = case.primary_readiness()
    if case.seen.primary is None and not again:
        return closing.lost(case, "it was deleted, and the target holds another revision by now")
    if readiness.late:
        return closing.lost(case, readiness.sentence)
    if readiness.ready:
        return None
    sentence = f"{case.primary_ref} not ready: {readiness.sentence}"
    return Move(case.status, progressing(sentence), workloads=again, wake_s=readiness.wake_s)
