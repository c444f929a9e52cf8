"""What a person's word becomes: which field or annotation is written, or why it is refused."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from flagger_gating.manual import APPROVE, OPEN
from flagger_py.contracts import read_gated, status_of
from flagger_py.errors import SpecError
from flagger_py.refs import key_of
from flagger_py.wire import Manifest

COMMANDABLE = frozenset({"Progressing", "WaitingPromotion"})
"""Phases in which a release heeds a command."""

KUSTOMIZATION = "kustomize.toolkit.fluxcd.io/name"


class Deed(StrEnum):
    """What was done, as the reason of the Event that records it."""

    APPROVE = "ApprovalCommanded"
    PAUSE = "PauseCommanded"
    RESUME = "ResumeCommanded"
    PROMOTE = "PromotionCommanded"
    ROLL_BACK = "RollbackCommanded"


@dataclass(frozen=True, slots=True)
class Order:
    """What to write and what to say of it; *body* is what we own of the object afterwards.

    With *release* the field is given up again once it says what it should, so that whoever
    writes it next fights nobody. *note* is for the person alone.
    """

    deed: Deed
    body: Mapping[str, Any]
    sentence: str
    release: bool = False
    note: str = ""

    @property
    def manager(self) -> str:
        """The field manager: one for each deed, so that none takes back what another wrote."""
        return f"flagger-cli-{self.deed.removesuffix('Commanded').lower()}"


def pause(canary: Manifest) -> Order | None:
    """Suspend a Canary; None when it is suspended already."""
    if _suspended(canary):
        return None
    return Order(
        Deed.PAUSE,
        {"spec": {"suspend": True}},
        "paused this Canary; what is in force stays in force",
        note=_put_back(canary),
    )


def resume(canary: Manifest) -> Order | None:
    """Let a Canary go on; None when it is not suspended."""
    if not _suspended(canary):
        return None
    return Order(
        Deed.RESUME,
        {"spec": {"suspend": False}},
        "let this Canary go on",
        release=True,
        note=_put_back(canary),
    )


def command(canary: Manifest, deed: Deed) -> Order:
    """Promote or roll back the release under way; raises `SpecError` when there is none."""
    word, verb, what = _WORDS[deed]
    status = status_of(canary)
    progress, phase = status.get("progress") or {}, status.get("phase") or "new"
    key = key_of(canary)
    if progress.get("ending"):
        raise SpecError(f"Canary {key}: the release is being ended already; wait for its end")
    if phase not in COMMANDABLE or not progress.get("revision"):
        raise SpecError(
            f"Canary {key} is {phase}: no release is under way to {verb}; {_INSTEAD[deed]}"
        )
    run = f"{progress['revision']}.{progress.get('run', 0)}"
    note = f"it is paused: flagger-py resume {key} lets it happen" if _suspended(canary) else ""
    body = {"metadata": {"annotations": {f"flagger.app/{word}": run}}}
    return Order(deed, body, f"{what} revision {progress['revision']}", note=note)


def approve(gate: Manifest, user: str) -> Order | None:
    """Open a Gate that asks a person; None when it is open already.

    Raises `SpecError` for a Gate that asks somebody else.
    """
    if not asks_person(gate):
        raise SpecError(_not_ours(gate))
    if _answered(gate):
        return None
    token = _token(gate)
    value = f"{token or OPEN} by {user}"
    return Order(
        Deed.APPROVE,
        {"metadata": {"annotations": {APPROVE: value}}},
        f"approved{f' run {token}' if token else ''}",
    )


def choose(gates: Sequence[Manifest], wanted: str, canary: str) -> Manifest:
    """Return the Gate to approve: the one called *wanted*, else the only one that waits.

    *wanted* is the name of the Gate, or of the webhook that it is made from.
    """
    named = ", ".join(gate["metadata"]["name"] for gate in gates)
    if wanted:
        for gate in gates:
            if gate["metadata"]["name"] in (wanted, f"{canary}-{wanted}"):
                return gate
        known = f"it has {named}" if named else "it has none"
        raise SpecError(f"Canary {canary} has no Gate {wanted}; {known}")
    waiting = [gate for gate in gates if asks_person(gate) and not _answered(gate)]
    if len(waiting) == 1:
        return waiting[0]
    if waiting:
        names = ", ".join(gate["metadata"]["name"] for gate in waiting)
        raise SpecError(f"several Gates wait for a person: {names}; name one with --gate")
    closed = [_not_ours(gate) for gate in gates if not asks_person(gate) and not _answered(gate)]
    asked = f"; its Gates are {named}" if named else ""
    told = "; ".join([f"no Gate of Canary {canary} waits for a person", *closed])
    raise SpecError(told if closed else f"{told}{asked}")


def asks_person(gate: Manifest) -> bool:
    return asked_of(gate) == "a person"


def asked_of(gate: Manifest) -> str:
    """Say whom a Gate asks."""
    question = (gate.get("spec") or {}).get("question") or {}
    if "webhook" in question:
        return f"the webhook {question['webhook'].get('url', '')}"
    if "window" in question:
        return f"the clock ({question['window'].get('schedule', '')})"
    return "a person" if "manual" in question else "nobody that is known"


def _not_ours(gate: Manifest) -> str:
    return (
        f"Gate {key_of(gate)} asks {asked_of(gate)}, which alone can open it; answer there, "
        f"or promote or roll back the Canary"
    )


def _answered(gate: Manifest) -> bool:
    gated = read_gated(gate)
    return gated.open and gated.token == _token(gate)


def _token(gate: Manifest) -> str | None:
    """Return the token of the question that stands, None where nothing was asked."""
    token: str | None = ((gate.get("spec") or {}).get("run") or {}).get("token")
    return token


def _suspended(canary: Manifest) -> bool:
    return bool((canary.get("spec") or {}).get("suspend"))


def _put_back(canary: Manifest) -> str:
    owner = (canary["metadata"].get("labels") or {}).get(KUSTOMIZATION)
    if not owner:
        return ""
    return (
        f"Kustomization {owner} manages it: if its manifest there sets spec.suspend, "
        f"Flux puts that back"
    )


_WORDS = {
    Deed.PROMOTE: ("promote", "promote", "asked to promote"),
    Deed.ROLL_BACK: ("rollback", "roll back", "asked to roll back"),
}
_INSTEAD = {
    Deed.PROMOTE: "push a revision first, or set spec.skipAnalysis to promote the next one at once",
    Deed.ROLL_BACK: "to undo a promoted revision, take the change back where it was made",
}
