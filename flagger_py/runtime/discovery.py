"""Which kinds the cluster serves under an apiVersion, remembered once found."""

from collections.abc import Awaitable, Callable, Iterable

from flagger_py.clock import monotonic_s
from flagger_py.errors import Missing
from flagger_py.refs import Kind

ABSENT_S = 10.0
"""How long an absence is believed before the cluster is asked again."""

Discover = Callable[[str], Awaitable[tuple[Kind, ...]]]


class Kinds:
    """The kinds known so far."""

    def __init__(
        self,
        discover: Discover,
        known: Iterable[Kind] = (),
        clock_s: Callable[[], float] = monotonic_s,
    ) -> None:
        self._discover = discover
        self._clock_s = clock_s
        self._found = {(kind.api_version, kind.kind): kind for kind in known}
        self._asked_s: dict[str, float] = {}

    @property
    def absences(self) -> int:
        """How many apiVersions are remembered to have been asked for lately."""
        return len(self._asked_s)

    def learn(self, kind: Kind) -> None:
        self._found.setdefault((kind.api_version, kind.kind), kind)

    async def resolve(self, api_version: str, kind: str) -> Kind:
        """Return the kind; raises `Missing` when the cluster does not serve it.

        Raises `SpecError` where *api_version* is none.
        """
        found = self._found.get((api_version, kind))
        if found is None and self._may_ask(api_version):
            for each in await self._discover(api_version):
                self.learn(each)
            self._note(api_version)
            found = self._found.get((api_version, kind))
        if found is None:
            raise Missing(
                f"the cluster does not serve {api_version} {kind}; install its "
                f"CustomResourceDefinition, or correct apiVersion and kind where they are named"
            )
        return found

    def _note(self, api_version: str) -> None:
        """Remember that this was asked; what is too long ago to matter is forgotten."""
        now_s = self._clock_s()
        recent = {v: at_s for v, at_s in self._asked_s.items() if now_s - at_s < ABSENT_S}
        self._asked_s = {**recent, api_version: now_s}

    def _may_ask(self, api_version: str) -> bool:
        asked_s = self._asked_s.get(api_version)
        return asked_s is None or self._clock_s() - asked_s >= ABSENT_S
