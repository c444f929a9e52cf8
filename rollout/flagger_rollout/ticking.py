"""How a revision is checked: one tick at each weight, its checks in Flagger's order.

A tick is: rollback hooks; then, with no traffic on the canary yet, the pre-rollout hooks, else the
rollout hooks and the verdict of the metrics; then the gate before the next step. The first thing
that fails ends the tick. Nothing is judged before the split is in force, and a tick's verdict is
wanted one interval after it came into force.
"""

from collections.abc import Sequence
from dataclasses import replace

from flagger_py.conditions import Standing, progressing
from flagger_py.contracts import Verdict

from . import asking, ending, judging, stepping
from .api_analysis import Webhook
from .api_analysis import WebhookType as Hook
from .api_status import Ending
from .case import Case
from .move import Move, changed, recorded
from .sight import Child
from .telling import Reason, Tolds


def held(case: Case) -> Move:
    """Checks have passed and only a gate held us back: go on the moment it opens.

    They are good for one interval; then they are taken again, whatever the gate says.
    """
    due = case.progress.next_check_at
    if due is not None and case.now >= due:
        return tick(case)  # Which asks the gates in its turn, and tells of them then.
    gates, kind = stepping.gates(case)
    told = stepping.gates_told(case, gates, kind)
    if gates.through:
        return stepping.go_on(case, told, "the gate opened, and the last check had passed")
    return Move(
        case.status,
        stepping.gate_standing(case, gates),
        told=told,
        analysis_run=judging.run_for(case, case.since, case.due),
        gate_runs=gates.runs,
        wake_s=case.seconds_until(due) if due else None,
    )


def tick(case: Case) -> Move:
    """Take the checks of this tick as far as their answers allow."""
    failed, threshold = case.status.failed_checks, case.spec.threshold_effective
    if failed >= threshold:
        text = f"Rolling back {case.canary_ref} failed checks threshold reached {failed}"
        sentence = f"Rolled back: {failed} checks failed, and the threshold is now {threshold}"
        rolling = case.warned(Reason.ROLLING_BACK, text)
        return ending.begin(case, Ending.ROLL_BACK, rolling, sentence)
    starting = case.status.canary_weight == 0
    if case.now < case.due:
        return _until_due(case) if starting else _while_judged(case)
    asked, refused = asking.ask_any(case, case.hooks(Hook.ROLLBACK), "tick", case.progress.tick)
    told = _refusals(case, refused)
    if asked.waiting is not None:
        return asking.question(case, asked, told)
    if asked.passed:
        return _asked_back(case, asked.passed[0].name, told)
    return _starting(case, told) if starting else _checks(case, told)


def _until_due(case: Case) -> Move:
    wake_s = case.seconds_until(case.due)
    return Move(case.status, progressing(case.step_sentence), wake_s=wake_s)


def _while_judged(case: Case) -> Move:
    """Ask for the verdict and wait until it is due; only a failure counts before that."""
    found = judging.verdict(case)
    if found.verdict is Verdict.FAILED and found.asked:
        return _failed(case, (), found.halt, found.sentence)
    standing, wake_s = progressing(case.step_sentence), None
    if found.child is not None:
        standing, wake_s = asking.waits_for_answer(case, found.child, case.step_sentence)
    due_s = case.seconds_until(case.due)
    if found.verdict is Verdict.PENDING and _nothing_else_due(case):
        # The verdict itself wakes us; what remains to be seen is that none comes.
        due_s += case.settings.no_answer_after_s
    return _asking(case, (), standing, due_s if wake_s is None else min(wake_s, due_s))


def _asking(case: Case, told: Tolds, standing: Standing, wake_s: float | None) -> Move:
    """Have this tick's question asked of every analysis, and leave the status as it is."""
    return Move(
        case.status,
        standing,
        told=told,
        analysis_run=judging.run_for(case, case.since, case.due),
        foreign=judging.foreign_runs(case, case.since, case.due),
        wake_s=wake_s,
    )


def _nothing_else_due(case: Case) -> bool:
    """Tell whether only the Canary's own analysis has something to say when the tick is due."""
    hooks = (*case.hooks(Hook.ROLLBACK), *case.hooks(Hook.ROLLOUT))
    return bool(case.spec.analysis.metrics) and not hooks and not case.seen.foreign_analyses


def _starting(case: Case, told: Tolds) -> Move:
    told = (
        *told,
        case.told(Reason.STARTED, f"Starting canary analysis for {case.target_ref}"),
    )
    asked = asking.ask(case, case.hooks(Hook.PRE_ROLLOUT), "tick", case.progress.tick)
    told = (
        *told,
        *(
            case.told(Reason.GATE_OPEN, f"Pre-rollout check {hook.name} passed")
            for hook in asked.passed
        ),
    )
    if asked.waiting is not None:
        return asking.question(case, asked, told)
    if asked.closed is not None:
        what = f"pre-rollout check {asked.closed.name} failed"
        halt = f"Halt {case.canary_ref} advancement {what} {asked.text}"
        return _failed(case, told, halt, f"{what} {asked.said}")
    why = "the pre-rollout checks passed" if asked.passed else "its pods are ready"
    return stepping.before_step(case, told, why)


def _checks(case: Case, told: Tolds) -> Move:
    asked = asking.ask(case, case.hooks(Hook.ROLLOUT), "tick", case.progress.tick)
    if asked.waiting is not None:
        return asking.question(case, asked, told)
    if asked.closed is not None:
        what = f"external check {asked.closed.name} failed"
        halt = f"Halt {case.canary_ref} advancement {what} {asked.text}"
        return _failed(case, told, halt, f"{what} {asked.said}")
    found = judging.verdict(case)
    match found.verdict:
        case Verdict.PENDING:
            return _overdue(case, told, found.child)
        case Verdict.PASSED:
            return stepping.before_step(case, told, found.sentence)
        case Verdict.INCONCLUSIVE:
            return _inconclusive(case, told, found)
        case Verdict.FAILED | Verdict.NO_DATA | Verdict.ERROR:
            return _failed(case, told, found.halt, found.sentence)


def _overdue(case: Case, told: Tolds, child: Child | None) -> Move:
    """Wait for a verdict that is due, until the progress deadline has passed after that."""
    if child is None:
        return _asking(case, told, progressing(case.step_sentence), None)
    if sentence := asking.never_judged(case):
        return ending.at_deadline(case, sentence, sentence, told)
    standing, wake_s = asking.waits_for_verdict(case, child)
    return _asking(case, told, standing, wake_s)


def _failed(case: Case, told: Tolds, halt: str, sentence: str) -> Move:
    """Count one failed check; at the threshold roll back at once."""
    failed, threshold = case.status.failed_checks + 1, case.spec.threshold_effective
    told = (*told, case.warned(Reason.CHECK_FAILED, halt))
    counts = judging.durations(case, case.due)
    if failed >= threshold:
        return replace(ending.at_threshold(case, told, failed, sentence), counts=counts)
    why = f"Check {failed} of {threshold} failed at {case.status.canary_weight}%: {sentence}"
    status = changed(
        case,
        failed_checks=failed,
        progress={
            "tick": case.progress.tick + 1,
            "next_check_at": case.after_interval(),
            "checked": False,
            **recorded(case, Reason.CHECK_FAILED, why),
        },
    )
    standing = progressing(why, "ProgressingWithRetry")
    return Move(status, standing, told=told, wake_s=case.interval_s, counts=counts)


def _inconclusive(case: Case, told: Tolds, found: judging.Found) -> Move:
    """Neither advance nor count: ask again one interval later."""
    why = f"Held at {case.status.canary_weight}%: {found.sentence}"
    status = changed(
        case,
        progress={
            "tick": case.progress.tick + 1,
            "next_check_at": case.after_interval(),
            **recorded(case, Reason.HELD, why),
        },
    )
    return Move(
        status,
        progressing(why, "ProgressingWithRetry"),
        told=(*told, case.warned(Reason.HELD, found.halt)),
        wake_s=case.interval_s,
    )


def _asked_back(case: Case, hook: str, told: Tolds) -> Move:
    return ending.begin(
        case,
        Ending.ROLL_BACK,
        (
            *told,
            case.warned(Reason.ROLLBACK_ASKED, f"Rollback check {hook} passed"),
            case.warned(
                Reason.ROLLING_BACK, f"Rolling back {case.canary_ref} manual webhook invoked"
            ),
        ),
        f"Rolled back because the rollback webhook {hook} asked for it.",
    )


def _refusals(case: Case, refused: Sequence[Webhook]) -> Tolds:
    return tuple(
        case.told(
            Reason.ROLLBACK_NOT_ASKED,
            f"Rollback hook {hook.name} not signaling a rollback",
        )
        for hook in refused
    )
