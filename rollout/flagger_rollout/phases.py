"""Where a Canary can be, and which change of phase is legal.

Rule: everything that changes `status.phase` goes through `enter`, and `enter` allows only what
the table below allows. A change that the table does not know is a defect of ours, never a branch.
"""

from collections.abc import Mapping
from enum import StrEnum


class Phase(StrEnum):
    """Flagger's phases, with its names."""

    NEW = ""
    """Nobody has looked at this Canary yet."""
    INITIALIZING = "Initializing"
    """The primary copy is made; users are still on the target."""
    INITIALIZED = "Initialized"
    """Users are on the primary; no release has happened since."""
    WAITING = "Waiting"
    """A new revision waits for the gate before its rollout."""
    PROGRESSING = "Progressing"
    """A new revision is analysed under a growing share of the traffic."""
    WAITING_PROMOTION = "WaitingPromotion"
    """The analysis is complete; the gate before the promotion is closed."""
    PROMOTING = "Promoting"
    """The analysed revision is copied to the primary, which rolls."""
    FINALISING = "Finalising"
    """Traffic goes back to the primary, then the target is scaled to zero."""
    SUCCEEDED = "Succeeded"
    """The last revision was promoted."""
    FAILED = "Failed"
    """The last revision was rolled back."""
    TERMINATING = "Terminating"
    """The Canary is deleted and hands everything back."""


REST = frozenset({Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED})
"""Nothing is under way; a new revision starts a release from here."""

ACTIVE = frozenset({Phase.PROGRESSING, Phase.WAITING_PROMOTION, Phase.PROMOTING, Phase.FINALISING})
"""A release is under way."""

_RELEASE_STARTS = frozenset({Phase.WAITING, Phase.PROGRESSING, Phase.TERMINATING})

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.NEW: frozenset({Phase.INITIALIZING, Phase.TERMINATING}),
    # A first version that never becomes ready ends in Failed, and a good one begins anew.
    Phase.INITIALIZING: frozenset({Phase.INITIALIZED, Phase.FAILED, Phase.TERMINATING}),
    Phase.INITIALIZED: _RELEASE_STARTS,
    # Failed again when the push that is waited for is taken back.
    Phase.WAITING: frozenset(
        {Phase.PROGRESSING, Phase.INITIALIZED, Phase.SUCCEEDED, Phase.FAILED, Phase.TERMINATING}
    ),
    # Succeeded directly with skipAnalysis, or when the target goes back to the promoted revision.
    Phase.PROGRESSING: frozenset(
        {
            Phase.WAITING_PROMOTION,
            Phase.PROMOTING,
            Phase.SUCCEEDED,
            Phase.FAILED,
            Phase.TERMINATING,
        }
    ),
    Phase.WAITING_PROMOTION: frozenset(
        {Phase.PROGRESSING, Phase.PROMOTING, Phase.SUCCEEDED, Phase.FAILED, Phase.TERMINATING}
    ),
    Phase.PROMOTING: frozenset({Phase.FINALISING, Phase.FAILED, Phase.TERMINATING}),
    Phase.FINALISING: frozenset({Phase.SUCCEEDED, Phase.FAILED, Phase.TERMINATING}),
    Phase.SUCCEEDED: _RELEASE_STARTS,
    # Initializing when there never was a primary; Promoting when a failed promotion is repaired.
    Phase.FAILED: _RELEASE_STARTS | {Phase.INITIALIZING, Phase.PROMOTING},
    Phase.TERMINATING: frozenset(),
}


class IllegalTransition(AssertionError):
    """A decider asked for a change of phase that the table does not allow: a defect of ours."""


def enter(before: Phase, after: Phase) -> Phase:
    """Return *after*, checked against the table; staying is always legal."""
    if after is not before and after not in TRANSITIONS[before]:
        raise IllegalTransition(f"a Canary cannot go from {before or 'new'} to {after}")
    return after


def promoted_condition(phase: Phase, kind: str) -> tuple[str, str]:
    """Return status and message of Flagger's `Promoted` condition; its reason is the phase."""
    match phase:
        case Phase.INITIALIZED:
            return "True", f"{kind} initialization completed."
        case Phase.WAITING | Phase.WAITING_PROMOTION:
            return "Unknown", "Waiting for approval."
        case Phase.PROGRESSING:
            return "Unknown", "New revision detected, progressing canary analysis."
        case Phase.PROMOTING:
            return "Unknown", "Canary analysis completed, starting primary rolling update."
        case Phase.FINALISING:
            return "Unknown", "Canary analysis completed, routing all traffic to primary."
        case Phase.SUCCEEDED:
            return "True", "Canary analysis completed successfully, promotion finished."
        case Phase.FAILED:
            return "False", f"Canary analysis failed, {kind} scaled to zero."
        case Phase.NEW | Phase.INITIALIZING | Phase.TERMINATING:
            return "Unknown", f"New {kind} detected, starting initialization."
