"""What is written to make the primary a copy of the target: configs first, then the workload."""

from typing import Any

from flagger_py.decision import Action, Apply, Force

from .case import Case
from .configs import copy_for_primary
from .phases import Phase
from .primary import Taken, render_primary, scaled


def copy_to_primary(case: Case, replicas: int | None) -> tuple[Action, ...]:
    """Apply the copies of tracked configs and then the primary with the target's template.

    Without *replicas* the primary keeps those it has: a field that is left out would be given up,
    and fall back to one.
    """
    if replicas is None:
        live = (case.seen.primary or {}).get("spec") or {}
        replicas = live.get("replicas") or first_replicas(case)
    return (*_configs(case), Apply(primary(case, replicas), Force.ALWAYS))


def primary(case: Case, replicas: int | None) -> dict[str, Any]:
    """Render the primary as it follows from the target now; without *replicas* it says none."""
    if case.selector is None:
        raise AssertionError("a primary was rendered before its selector was found")
    return render_primary(
        case.target,
        case.subject.manifest,
        case.selector,
        replicas=replicas,
        configs=case.tracked,
        taken=_taken(case),
    )


def _taken(case: Case) -> Taken:
    """Take all annotations at the first copy; a promotion keeps those that labels need, too."""
    prefixes = case.settings.include_label_prefixes
    if case.seen.primary is None or case.phase in (Phase.NEW, Phase.INITIALIZING):
        return Taken(prefixes)
    return Taken(prefixes, prefixes)


def first_replicas(case: Case) -> int:
    """Return how many replicas the primary starts with: what it had, else the target's, else 1."""
    had = case.progress.primary_replicas or 0
    return had or case.target["spec"].get("replicas", 1) or 1


def scale_up(case: Case) -> tuple[Action, ...]:
    """Scale the target from zero to as many replicas as the primary has; never touch it else.

    There is no release without pods, so that a GitOps tool that holds the zero stalls it.
    """
    if case.target["spec"].get("replicas", 1) > 0:
        return ()
    primary = case.seen.primary
    replicas = primary["spec"].get("replicas", 1) if primary is not None else 1
    return (Apply(scaled(case.target, replicas or 1), Force.UNLESS_GITOPS),)


def scale_down(case: Case) -> tuple[Action, ...]:
    """Scale the target, where there is one, to zero; pods that a GitOps tool holds up stay."""
    if case.seen.target is None:
        return ()
    return (Apply(scaled(case.target, 0), Force.OR_TOLERATE),)


def _configs(case: Case) -> tuple[Action, ...]:
    return tuple(
        Apply(copy_for_primary(config, case.owner), Force.UNLESS_GITOPS)
        for config in case.seen.configs
    )
