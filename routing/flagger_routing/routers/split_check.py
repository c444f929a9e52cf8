"""Which parts of a split a router cannot serve, told before any traffic moves."""

from collections.abc import Iterable

from flagger_py.contracts import ALL_TO_PRIMARY, Split

from .contract import Capability

ALL = 100


def beyond(split: Split, able: Iterable[Capability], router: str) -> str | None:
    """Say which field of *split* the router *router* cannot serve, None where it can."""
    able = frozenset(able)
    asked = {
        Capability.WEIGHTS: ("split.canary", split.canary != ALL_TO_PRIMARY.canary),
        Capability.MATCH: ("split.match", bool(split.match)),
        Capability.MIRROR: ("split.mirror", split.mirror),
        Capability.MIRROR_WEIGHT: ("split.mirrorWeight", split.mirror_weight not in (None, ALL)),
        Capability.AFFINITY: ("split.affinity", split.affinity is not None),
    }
    fields = [field for need, (field, wanted) in asked.items() if wanted and need not in able]
    if not fields:
        return None
    return (
        f"router {router} cannot serve {' and '.join(fields)}; "
        f"remove it or choose a provider that can (this one has {_listed(able)})"
    )


def _listed(able: frozenset[Capability]) -> str:
    return ", ".join(sorted(able)) or "no capability beyond the primary"
