"""Differences from the recorded Flagger that nobody meant: each is a defect, or needs a decision.

An entry covers exactly the places it names; once they agree the test asks to strike it off.
"""

from dataclasses import dataclass

from tests.beds.compare import Difference


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
    Unsettled(
        "copies",
        "objects",
        "Deployment/app-primary.last.metadata.annotations",
        "the promotion keeps the annotations that the primary was made with; Flagger wipes them",
    ),
    *(
        Unsettled(
            "service-ports",
            "objects",
            f"TraefikService/app.last.metadata.{kind}",
            "unmanaged metadata of the Service spread to the route, by a shared map; ours do not",
        )
        for kind in ("annotations", "labels")
    ),
)
