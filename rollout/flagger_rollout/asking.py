"""How far a list of questions has come: one gate after the other, the first closed one stops."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from flagger_py.conditions import Reason as StandingReason
from flagger_py.conditions import Standing, progressing, retrying, stalled
from flagger_py.contracts import GateRun, Split, condition_of, status_of
from flagger_py.decision import Action
from flagger_py.quantities import duration_text

from .api_analysis import Webhook
from .case import Case
from .move import Move
from .sight import Child
from .telling import Told

QUIET = frozenset({"", "Progressing"})
"""Reasons of a route that is merely on its way."""


@dataclass(frozen=True, slots=True)
class Asked:
    """*passed* hooks were approved; then either one is *waiting* for its answer, or one is
    *closed* with *text* after *polls* questions, or the list is through.

    *runs* is the question to have in the Gates now.
    """

    passed: tuple[Webhook, ...] = ()
    waiting: Webhook | None = None
    closed: Webhook | None = None
    foreign: Child | None = None
    """A referenced gate that is not open; it has no webhook of ours."""
    text: str = ""
    polls: int = 0
    runs: Mapping[str, GateRun] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """What was answered, for a sentence; Flagger's events have *text* as it is, also empty."""
        return self.text or "without saying why"

    @property
    def through(self) -> bool:
        return self.waiting is None and self.closed is None and self.foreign is None


def ask(case: Case, hooks: Sequence[Webhook], *parts: object) -> Asked:
    """Ask *hooks* in order under tokens derived from *parts*."""
    passed: tuple[Webhook, ...] = ()
    for hook in hooks:
        run = GateRun(token=case.token(hook.type, *parts, hook.name))
        gated = case.seen.gates[hook.name].gated
        runs = {hook.name: run}
        if gated is None or gated.token != run.token or gated.answer is None:
            return Asked(passed, waiting=hook, runs=runs)
        if not gated.open:
            return Asked(passed, closed=hook, text=gated.answer.text, polls=gated.polls, runs=runs)
        passed = (*passed, hook)
    return Asked(passed)


def ask_any(
    case: Case, hooks: Sequence[Webhook], *parts: object
) -> tuple[Asked, tuple[Webhook, ...]]:
    """Ask *hooks* until one approves; return that one as passed, and those that said no."""
    refused: tuple[Webhook, ...] = ()
    for hook in hooks:
        asked = ask(case, (hook,), *parts)
        if asked.waiting or asked.passed:
            return asked, refused
        refused = (*refused, hook)
    return Asked(), refused


def question(case: Case, asked: Asked, told: tuple[Told, ...]) -> Move:
    """Put the question that *asked* waits for, and wait."""
    if asked.waiting is None:
        raise AssertionError("a question was put where none is waiting")
    gate = case.seen.gates[asked.waiting.name]
    standing, wake_s = waits_for_answer(case, gate, case.step_sentence)
    return Move(case.status, standing, told=told, gate_runs=asked.runs, wake_s=wake_s)


def waits_for_verdict(case: Case, child: Child) -> tuple[Standing, float | None]:
    """Say that a verdict is due, and when being overdue becomes a fault of its own."""
    standing, wake_s = waits_for_answer(case, child, case.step_sentence)
    limit_s = case.settings.no_answer_after_s
    overdue_s = child.overdue_s
    if overdue_s is None:
        overdue_s = (case.now - case.due).total_seconds()
    if child.silent or child.missing:
        return standing, wake_s
    if overdue_s < limit_s:
        return standing, limit_s - overdue_s
    return retrying(
        f"{child} has given no verdict for {duration_text(limit_s)} since it was due: "
        f"is the controller of {child.kind} running? Traffic stays where it is",
        StandingReason.NO_ANSWER,
    ), _until_deadline(case, overdue_s)


def never_judged(case: Case) -> str:
    """Say whose verdict has been overdue for the progress deadline; empty until then."""
    limit_s = case.spec.progress_deadline_seconds
    for child in (case.seen.analysis, *case.seen.foreign_analyses):
        if child.asked_by or child.overdue_s is None:
            continue
        if child.overdue_s >= limit_s:
            return f"{child} has given no verdict for {limit_s}s, the progress deadline."
    return ""


def wait_for_split(case: Case, what: str, workloads: tuple[Action, ...] = ()) -> Move:
    """Leave the status as it is until the route has put its split in force."""
    standing, wake_s = waits_for_split(case, what)
    left_s = case.spec.progress_deadline_seconds - case.seen.unrouted_s
    if left_s > 0:
        wake_s = left_s if wake_s is None else min(wake_s, left_s)
    return Move(case.status, standing, workloads=workloads, wake_s=wake_s)


def never_routed(case: Case, split: Split) -> str:
    """Say that *split* was waited for until the progress deadline; empty until then."""
    limit_s = case.spec.progress_deadline_seconds
    if case.seen.unrouted_s < limit_s:
        return ""
    standing, _ = waits_for_split(case, "nobody says why")
    return (
        f"{split.primary}/{split.canary} has not been in force for {limit_s}s, the progress "
        f"deadline: {standing.message}"
    )


def waits_for_split(case: Case, what: str) -> tuple[Standing, float | None]:
    """Say that the route has to put a split in force, with its own reason where it cannot."""
    standing, wake_s = waits_for_answer(case, case.seen.route, what)
    routed = case.seen.route.routed
    if standing.stalled or routed is None or not routed.current or routed.ready:
        return standing, wake_s
    if routed.reason in QUIET:
        return standing, wake_s
    return retrying(f"{case.seen.route}: {routed.sentence}", routed.reason), wake_s


def waits_for_answer(case: Case, child: Child, what: str) -> tuple[Standing, float | None]:
    """Say that *child* has to answer *what*, and when its silence becomes a fault of its own."""
    limit_s = case.settings.no_answer_after_s
    if child.missing:
        return retrying(child.missing, StandingReason.NO_ANSWER), limit_s
    wake_s = limit_s - child.waited_s if child.silent else None
    announced = child.routed.in_force if child.routed is not None else None
    if announced is not None and announced.since > case.now:
        wake_s = case.seconds_until(announced.since)
    found = condition_of(status_of(child.manifest or {}), "Stalled")
    if not child.silent and found.get("status") == "True":
        reason = found.get("reason", StandingReason.INVALID_SPEC)
        return stalled(f"{child}: {found.get('message', '')}", reason), wake_s
    if child.silent and child.waited_s >= limit_s:
        why = f"is the controller of {child.kind} running?"
        if child.suspended:
            why = "it is suspended, set its spec.suspend to false."
        return retrying(
            f"{child} has not been looked at for {duration_text(limit_s)}: {why} "
            f"Traffic stays where it is",
            StandingReason.NO_ANSWER,
        ), _until_deadline(case, child.waited_s)
    return progressing(what), wake_s


def _until_deadline(case: Case, waited_s: float) -> float | None:
    """Return what is left of the progress deadline; None once it is over: then events count."""
    left_s = case.spec.progress_deadline_seconds - waited_s
    return left_s if left_s > 0 else None
