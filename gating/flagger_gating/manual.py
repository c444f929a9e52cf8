"""Which approval or denial a Gate's annotations claim.

For a run the annotation carries the run's token, so that yesterday's approval opens nothing
today: `gating.flagger.app/approve: <token>[ by NAME]`, and `…/deny` alike. Without a run the
words `open` and `close` hold until they are changed.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flagger_py.contracts import Answer

APPROVE = "gating.flagger.app/approve"
DENY = "gating.flagger.app/deny"
OPEN = "open"
CLOSE = "close"
_BY = " by "


@dataclass(frozen=True, slots=True)
class Claim:
    """An answer and who says to have given it; whoever may annotate may write any name."""

    value: Answer
    by: str | None


def claim(annotations: Mapping[str, str], token: str | None) -> Claim | None:
    """Return what the annotations answer to the run *token*, None when they answer nothing.

    Where they say both, the denial counts.
    """
    if token is None:
        return _standing_claim(annotations)
    for annotation, value in ((DENY, Answer.DENIED), (APPROVE, Answer.APPROVED)):
        said = _said(annotations.get(annotation, ""), token)
        if said is not None:
            return Claim(value, said or None)
    return None


def how_to_approve(
    namespace: str, name: str, token: str | None, annotations: Mapping[str, str]
) -> str:
    """Return the command by which a person opens the gate, whatever its *annotations* say now."""
    denied = claim({DENY: annotations.get(DENY, "")}, token)
    return (
        f"kubectl -n {namespace} annotate --overwrite gates.gating.flagger.app/{name}"
        f" {APPROVE}='{token or OPEN} by YOUR-NAME'{f' {DENY}-' if denied else ''}"
    )


def _standing_claim(annotations: Mapping[str, str]) -> Claim | None:
    for word, value in ((CLOSE, Answer.DENIED), (OPEN, Answer.APPROVED)):
        for annotation in (DENY, APPROVE):
            said = _said(annotations.get(annotation, ""), word)
            if said is not None:
                return Claim(value, said or None)
    return None


def _said(text: str, token: str) -> str | None:
    """Return the name claimed beside *token*, empty without one, None when it is not *token*."""
    text = text.strip()
    if text == token:
        return ""
    return text.removeprefix(token + _BY).strip() if text.startswith(token + _BY) else None
