"""The gating part as a controller, and its process of its own."""

from flagger_py.runtime.cluster import Site
from flagger_py.runtime.part import Part

from .api import GATE, GateSpec, GateStatus
from .decide import Seen, decide
from .observe import observe
from .polls import GateSubject
from .settings import GatingSettings

NAME = "gating"


def part(settings: GatingSettings = GatingSettings()) -> Part[GateSpec, GateStatus, Seen]:  # noqa: B008 - a frozen value
    """Return the part that owns every Gate."""

    async def look(subject: GateSubject, site: Site) -> Seen:
        return await observe(subject, site, settings)

    return Part(
        name=NAME,
        kind=GATE,
        spec=GateSpec,
        status=GateStatus,
        observe=look,
        decide=decide,
        finalizer=f"finalizers.flagger.app/{NAME}",
        default_account=settings.default_account,
    )
