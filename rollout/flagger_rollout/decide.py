"""Which decider a Canary goes to, by its phase; the one place where they meet."""

from dataclasses import replace

from flagger_py.conditions import Reason, retrying
from flagger_py.decision import Decision
from flagger_py.errors import SpecError
from flagger_py.subject import Subject

from . import adopting, claims, deleting, wishes
from .analysing import analyse
from .api import CanarySpec, CanaryStatus
from .case import Case
from .initialising import initialise, without_selector
from .move import Move, changed, finish, without_children
from .phases import ACTIVE, Phase
from .promoting import finalise, promote
from .resting import rest
from .settings import RolloutSettings
from .sight import Seen
from .target import Selector, selector_of
from .unsupported import refuse_invalid, refuse_unsupported


def decide(
    settings: RolloutSettings, subject: Subject[CanarySpec, CanaryStatus], seen: Seen
) -> Decision[CanaryStatus]:
    """Decide what follows for one Canary from what was *seen*."""
    selector = _selector(settings, seen)
    found = selector if isinstance(selector, Selector) else None
    case = Case(subject, seen, settings, found)
    if subject.deleting:
        return deleting.delete(case)
    refuse_unsupported(subject.spec, case.canary_ref)
    own = subject.namespace if settings.no_cross_namespace_refs else None
    refuse_invalid(subject.spec, case.canary_ref, no_cross_namespace=own)
    if isinstance(selector, SpecError):
        return without_children(case, without_selector(case, selector))
    if seen.missing_configs and case.phase not in ACTIVE:
        return finish(case, _missing_configs(case))
    if adopting.unknown(case):
        case = adopting.adopted(case)
    if case.progress.target not in (None, case.spec.target_ref.name):
        raise SpecError(
            f"Canary {case.canary_ref}: spec.targetRef.name was {case.progress.target}; put it "
            f"back, or delete this Canary and make another one for the new target",
            reason="TargetChanged",
        )
    claims.refuse_shared(case)
    claims.refuse_primary(case)
    case = wishes.heard(case)
    move = _move(case)
    decision = finish(case, _with_replicas(case, move))
    return replace(decision, actions=(*deleting.hold_or_release(case), *decision.actions))


def _move(case: Case) -> Move:
    match case.phase:
        case Phase.NEW | Phase.INITIALIZING:
            return initialise(case)
        case Phase.INITIALIZED | Phase.SUCCEEDED | Phase.FAILED | Phase.WAITING:
            return rest(case)
        case Phase.PROGRESSING | Phase.WAITING_PROMOTION:
            return analyse(case)
        case Phase.PROMOTING:
            return promote(case)
        case Phase.FINALISING:
            return finalise(case)
        case Phase.TERMINATING:
            # The deletion was asked for and taken back is not possible; a restore from a backup is.
            raise SpecError(
                f"Canary {case.canary_ref} says Terminating without being deleted; "
                f"remove its status, and it is initialised anew"
            )


def _selector(settings: RolloutSettings, seen: Seen) -> Selector | SpecError | None:
    """Find the target's selector label; that it has none is a finding like others."""
    if seen.target is None:
        return None
    try:
        return selector_of(seen.target, settings.selector_labels)
    except SpecError as error:
        return error


def _missing_configs(case: Case) -> Move:
    missing = ", ".join(case.seen.missing_configs)
    phase = Phase.INITIALIZING if case.phase is Phase.NEW else case.phase
    return Move(
        changed(case, phase=phase),
        retrying(
            f"{case.target_ref} reads {missing}, which nobody has made; "
            f"create it, or mark the reference optional",
            Reason.DEPENDENCY_NOT_READY,
        ),
    )


def _with_replicas(case: Case, move: Move) -> Move:
    """Remember how many replicas the primary has: deleted, it is made again with as many."""
    if case.seen.primary is None or move.status.progress is None:
        return move
    replicas = case.seen.primary["spec"].get("replicas", 1)
    if replicas in (0, move.status.progress.primary_replicas):
        return move
    progress = move.status.progress.model_copy(update={"primary_replicas": replicas})
    return replace(move, status=move.status.model_copy(update={"progress": progress}))
