"""Who gets which share of the requests, as it is asked for and as it is in force."""

from collections.abc import Mapping
from typing import Any, Self

from pydantic import model_validator

from flagger_py.contracts.moments import Moment
from flagger_py.quantities import Weight
from flagger_py.wire import Wire


class Split(Wire):
    """Who gets which share of the requests; the two weights sum to 100.

    *match* confines the canary's share to matching requests, in the form of Flagger's
    `analysis.match`. *mirror* copies the primary's requests to the canary, whose answers are
    dropped. *affinity* keeps a user on the side that answered first.
    """

    primary: Weight = 100
    canary: Weight = 0
    match: tuple[Mapping[str, Any], ...] = ()
    mirror: bool = False
    mirror_weight: Weight | None = None
    affinity: Mapping[str, Any] | None = None

    @model_validator(mode="after")
    def _sums_to_100(self) -> Self:
        if self.primary + self.canary != 100:  # noqa: PLR2004 - percent
            raise ValueError(f"primary {self.primary} and canary {self.canary} must sum to 100")
        return self


ALL_TO_PRIMARY = Split()


class InForce(Wire):
    """The split that requests really follow, since when, and the spec generation it renders."""

    split: Split
    since: Moment
    generation: int
