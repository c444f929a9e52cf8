"""Which split a Canary's status asks for, and since when a route has it in force."""

from datetime import datetime

from flagger_py.contracts import ALL_TO_PRIMARY, Split

from .api_status import CanaryStatus, Progress
from .phases import ACTIVE, Phase
from .sight import Child


def routed_since(route: Child, split: Split, now: datetime) -> datetime | None:
    """Return since when *route* has *split* in force, None while it has not.

    A route may announce a split for a moment to come; until then it is not in force.
    """
    routed = route.routed
    if routed is None or routed.in_force is None or not routed.current:
        return None
    if routed.in_force.split != split or routed.in_force.since > now:
        return None
    return routed.in_force.since


def split_for(status: CanaryStatus) -> Split:
    """Return the split that *status* asks for: it alone decides who gets which share.

    Outside a release everything goes to the primary, except after a failed promotion, whose
    only healthy pods are the target's.
    """
    phase, progress = Phase(status.phase), status.progress or Progress()
    if progress.ending is not None and not progress.primary_lost:
        return ALL_TO_PRIMARY
    if phase in ACTIVE or (phase is Phase.FAILED and progress.primary_lost):
        return Split(primary=100 - status.canary_weight, canary=status.canary_weight)
    return ALL_TO_PRIMARY
