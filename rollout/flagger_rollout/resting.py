"""What happens at rest: a new revision is noticed and confirmed, a release is closed."""

from collections.abc import Mapping
from dataclasses import replace

from flagger_py.conditions import Standing, progressing, stalled
from flagger_py.contracts import GateRun
from flagger_py.refs import PRIMARY

from . import asking, closing, copying, ending, faults
from .api_analysis import Webhook
from .api_analysis import WebhookType as Hook
from .case import Case
from .move import Move, begun, changed, recorded
from .phases import Phase
from .telling import Reason, Told

DECLARED_S = 10.0
"""How long the target of a newly named revision is waited for."""


def rest(case: Case) -> Move:
    """Decide about a Canary in Initialized, Succeeded, Failed or Waiting."""
    if case.seen.target is None:
        ref = case.spec.target_ref
        return _stay(case, stalled(f"{ref.kind} {case.target_ref} is gone", "TargetMissing"))
    if case.progress.closing and not _new_revision(case):
        return closing.close(case)
    lost = case.progress.primary_lost
    if case.seen.primary is None and case.progress.promoted is not None and not lost:
        return _restore(case)
    fault = faults.found(case)
    if fault is not None:
        return replace(_stay(case, fault), gate_runs=_still_asked(case))
    if case.progress.promoted is None:
        return _begin_anew(case)
    if not _new_revision(case):
        return _nothing_new(case)
    if case.progress.primary_lost and case.revision == case.progress.promoted:
        return _repair(case)
    return _confirm(case)


def _stay(case: Case, standing: Standing) -> Move:
    return Move(case.status, standing, domain=closing.outcome(case, case.phase))


def _new_revision(case: Case) -> bool:
    progress = case.progress
    if case.revision == progress.promoted and not progress.primary_lost:
        return False
    return progress.retry or case.revision != progress.revision


def _nothing_new(case: Case) -> Move:
    """Stay; remember that the target went back, so that the same push later counts as new."""
    if case.phase is Phase.WAITING:
        return _taken_back(case)
    if case.progress.ending is not None:
        return ending.late(case)
    progress = case.progress
    status = changed(case, progress={"retry": False}) if progress.retry else case.status
    if case.revision == progress.promoted != progress.revision:
        status = changed(
            case,
            last_applied_spec=case.template_hash,
            progress={"revision": case.revision, "retry": False},
        )
    if case.tracked != (status.tracked_configs or {}):
        status = status.model_copy(update={"tracked_configs": case.tracked})
    declared = _declared(case)
    if declared is not None:
        return declared
    return Move(status, closing.at_rest(case, status), domain=closing.outcome(case, case.phase))


def _declared(case: Case) -> Move | None:
    """Wait a little for the target when the user names another revision.

    Both change in one apply, and the Canary may come first: saying Ready before the target came
    would let a wait for the new revision end on the old one.
    """
    progress = case.progress
    if case.spec.revision is None:
        return None
    sentence = f"revision {case.spec.revision} was named; waiting for {case.target_ref} to change"
    if case.spec.revision != progress.declared:
        status = changed(case, progress={"declared": case.spec.revision, "declared_at": case.now})
        return Move(status, progressing(sentence), wake_s=DECLARED_S)
    waited_s = (case.now - (progress.declared_at or case.now)).total_seconds()
    if progress.declared_at is None or waited_s >= DECLARED_S:
        return None
    return Move(case.status, progressing(sentence), wake_s=DECLARED_S - waited_s)


def _taken_back(case: Case) -> Move:
    phase = Phase(case.progress.rested or Phase.SUCCEEDED)
    sentence = "The new revision was taken back while it waited for approval."
    status = changed(
        case,
        phase=phase,
        progress={"rested": None, "retry": False, **recorded(case, Reason.TAKEN_BACK, sentence)},
    )
    told = Told(Reason.TAKEN_BACK, sentence, case.token("waiting"))
    return Move(
        status, closing.at_rest(case, status), told=(told,), domain=closing.outcome(case, phase)
    )


def _confirm(case: Case) -> Move:
    """Ask the gates before a rollout about the revision that the target has now."""
    hooks = case.hooks(Hook.CONFIRM_ROLLOUT)
    asked = asking.ask(case, hooks, "confirm", case.revision)
    token = case.token("confirm", case.revision)
    told = tuple(
        Told(Reason.GATE_OPEN, f"Confirm-rollout check {hook.name} passed", token)
        for hook in asked.passed
    )
    if asked.waiting is not None:
        gate = case.seen.gates[asked.waiting.name]
        standing, wake_s = asking.waits_for_answer(
            case, gate, f"new revision: asking {gate} before the rollout"
        )
        return Move(case.status, standing, told=told, gate_runs=asked.runs, wake_s=wake_s)
    if asked.closed is not None:
        message = f"Halt {case.canary_ref} advancement waiting for approval {asked.closed.name}"
        halted = (Told(Reason.GATE_CLOSED, message, token, "Warning"),)
        waits = case.phase is Phase.WAITING  # It is told once, however many gates follow.
        return _wait(case, asked, asked.closed, told if waits else (*told, *halted))
    return _start(case, told)


def _wait(case: Case, asked: asking.Asked, hook: Webhook, told: tuple[Told, ...]) -> Move:
    """Wait for the closed gate of *hook*, and remember in which phase the Canary was at rest."""
    rested = case.progress.rested or str(case.phase)
    status = changed(case, phase=Phase.WAITING, progress={"rested": rested})
    return Move(
        status,
        progressing(f"waiting for Gate {case.seen.gates[hook.name].name}", "GateClosed"),
        told=told,
        gate_runs=asked.runs,
    )


def _start(case: Case, told: tuple[Told, ...]) -> Move:
    """Scale the target up and begin the analysis of its revision."""
    status = begun(
        case,
        100 if case.progress.primary_lost else 0,
        recorded(case, Reason.NEW_REVISION, f"New revision {case.revision} is analysed."),
        declared=case.spec.revision,
        declared_at=None,
        closing=False,
        ending=None,
        rested=None,
        retry=False,
    )
    new = Told(
        Reason.NEW_REVISION,
        f"New revision detected! Scaling up {case.target_ref}",
        case.token("start", case.revision),
        after=True,
    )
    display = case.spec.revision or f"sha256:{case.revision}"
    return Move(
        status,
        progressing(f"{display}: weight {status.canary_weight}%, scaling up"),
        told=(*told, new),
        workloads=copying.scale_up(case),
    )


def _repair(case: Case) -> Move:
    """Bring the promoted revision back to a primary that a failed promotion broke."""
    status = changed(
        case,
        phase=Phase.PROMOTING,
        last_applied_spec=case.template_hash,
        progress={
            "revision": case.revision,
            "run": case.progress.run + 1,
            "retry": False,
            **recorded(case, Reason.COPIED, "The promoted revision is back; repairing primary."),
        },
    )
    return Move(
        status,
        progressing(f"{case.primary_ref} gets the last promoted revision back"),
        workloads=copying.copy_to_primary(case, None),
    )


def _begin_anew(case: Case) -> Move:
    """After a first version that never became ready: initialise as soon as there is another."""
    if case.revision == case.progress.copied and not case.progress.retry:
        return _stay(case, closing.at_rest(case, case.status))
    status = changed(case, phase=Phase.INITIALIZING, progress={"retry": False})
    return Move(status, progressing("a new first version is initialised"))


def _restore(case: Case) -> Move:
    """Make a deleted primary again, if the target still holds what was promoted."""
    if case.revision != case.progress.promoted:
        return _stay(
            case,
            stalled(
                f"Deployment {case.primary_ref} is gone and {case.target_ref} holds another "
                f"revision ({case.revision}) than was promoted ({case.progress.promoted}); "
                f"put the promoted one back into the target, and the primary is made again",
                "PrimaryMissing",
            ),
        )
    replicas = copying.first_replicas(case)
    return Move(
        case.status,
        progressing(f"{case.spec.target_ref.name}{PRIMARY} is made again"),
        workloads=copying.copy_to_primary(case, replicas),
    )


def _still_asked(case: Case) -> Mapping[str, GateRun]:
    """Return the question before a rollout that waits for its answer; a fault does not end it."""
    if case.progress.promoted is None or not _new_revision(case):
        return {}
    return asking.ask(case, case.hooks(Hook.CONFIRM_ROLLOUT), "confirm", case.revision).runs
