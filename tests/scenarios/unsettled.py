"""Differences from the recorded Flagger that nobody meant: each is a defect, or needs a decision.

An entry covers exactly the places it names; once they agree the test asks to strike it off.
"""

from dataclasses import dataclass

from tests.beds.compare import Difference

from .rewriting import EVERYWHERE


@dataclass(frozen=True, slots=True)
class Unsettled:
    """In *scenario*, places of *part* that begin with *where* differ; *why* says whose doing."""

    scenario: str
    part: str
    where: str
    why: str

    def covers(self, difference: Difference) -> bool:
        return difference.part == self.part and difference.where.startswith(self.where)


UNSETTLED: tuple[Unsettled, ...] = (
    Unsettled(EVERYWHERE, "metrics", "flagger_canary_total", "nothing counts Canaries yet"),
)
