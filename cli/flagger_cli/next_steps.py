"""What a person may do about a Canary now: commands to type, none where it needs nobody."""

from collections.abc import Iterator

from flagger_py.contracts import condition_of, read_gated, status_of
from flagger_py.refs import key_of
from flagger_py.wire import Manifest

from .orders import COMMANDABLE, asks_person
from .picture import Picture

ROLLOUT_FAILED = "RolloutFailed"
"""Why a Canary is Stalled whose spec is good: its last revision was rolled back."""


def next_steps(picture: Picture) -> tuple[str, ...]:
    """Return a sentence for each thing that a person can do, the most urgent first."""
    return tuple(_steps(picture))


def _steps(picture: Picture) -> Iterator[str]:
    canary = picture.canary
    name, status = key_of(canary), status_of(canary)
    stalled = condition_of(status, "Stalled")
    if stalled.get("status") == "True" and stalled.get("reason") != ROLLOUT_FAILED:
        yield "Change the spec: only a change of what Stalled names lets it go on."
    if (canary.get("spec") or {}).get("suspend"):
        yield f"flagger-py resume {name}: let it go on."
    for manifest in _waiting(picture):
        gate = manifest["metadata"]["name"]
        yield f"flagger-py approve {name} --gate {gate}: open this gate."
    if status.get("phase") in COMMANDABLE and not (status.get("progress") or {}).get("ending"):
        yield f"flagger-py promote {name}: promote it now, without further checks."
        yield f"flagger-py rollback {name}: send everything back to the primary."
    if status.get("phase") == "Failed":
        yield "Push another revision: it is analysed as soon as it is seen."
        yield f"flagger-py reconcile canary {name} --force: try this revision once more."


def _waiting(picture: Picture) -> Iterator[Manifest]:
    for gate in picture.gates:
        manifest = gate.manifest
        if manifest and asks_person(manifest) and not read_gated(manifest).open:
            yield manifest
