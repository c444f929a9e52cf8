"""How an analysed revision becomes the primary's: it rolls, takes the traffic, the target rests."""

from datetime import timedelta

from flagger_py.conditions import progressing
from flagger_py.contracts import ALL_TO_PRIMARY

from . import asking, closing, rolling
from .case import Case
from .move import Move, changed, recorded
from .phases import Phase
from .plan import promotion_weight
from .splits import split_for
from .telling import Reason


def promote(case: Case) -> Move:
    """Decide about a Canary in Promoting: the primary rolls, then takes the traffic in steps."""
    again = rolling.copy_again(case)
    waiting = rolling.unready(case, again) or _between_steps(case)
    if waiting is not None:
        return waiting
    step = case.spec.analysis.step_weight_promotion
    weight = promotion_weight(case.status.canary_weight, step)
    told = case.told(Reason.ROUTED_TO_PRIMARY, "Routing all traffic to primary")
    if step > 0:
        text = f"Advance {case.canary_ref} primary weight {100 - weight}"
        told = case.told(Reason.PRIMARY_ADVANCED, text)
    phase = Phase.PROMOTING if weight > 0 else Phase.FINALISING
    status = changed(
        case,
        phase=phase,
        canary_weight=weight,
        iterations=0,
        progress={
            "tick": case.progress.tick + 1,
            "primary_lost": False,
            **recorded(case, Reason.PRIMARY_ADVANCED, f"The primary takes {100 - weight}%."),
        },
    )
    return Move(
        status,
        progressing(f"{case.display}: the primary takes {100 - weight}%"),
        told=(told,),
        workloads=again,
    )


def finalise(case: Case) -> Move:
    """Decide about a Canary in Finalising: scale the target down once nobody is sent to it."""
    if case.in_force_since(ALL_TO_PRIMARY) is None:
        sentence = f"{case.display}: waiting until the primary has all traffic"
        return asking.wait_for_split(case, sentence)
    sentence = "The analysed revision was promoted."
    if case.commanded("promote"):
        sentence = "The revision was promoted by command, without further checks."
    promoted = recorded(case, Reason.PROMOTED, sentence)
    return closing.succeeded(case, "completed", promoted)


def _between_steps(case: Case) -> Move | None:
    """Wait until the last step back is in force and, after the first one, an interval old."""
    if case.progress.primary_lost:
        return None
    split = split_for(case.status)
    since = case.in_force_since(split)
    sentence = f"{case.display}: the primary takes {split.primary}%"
    if since is None:
        return asking.wait_for_split(case, sentence)
    decision = case.progress.decision
    if decision is None or decision.reason != Reason.PRIMARY_ADVANCED:
        return None
    due = since + timedelta(seconds=case.interval_s)
    if case.now >= due:
        return None
    return Move(case.status, progressing(sentence), wake_s=case.seconds_until(due))
