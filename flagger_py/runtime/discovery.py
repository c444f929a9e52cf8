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

    def learn(self, kind: Kind) -> None:
        self._found.setdefault((kind.api_version, kind.kind), kind)

    async def resolve(self, api_version: str, kind: str) -> Kind:
        """Return the kind; raises `Missing` when the cluster does not serve it."""
        found = self._found.get((api_version, kind))
        if found is None and self._may_ask(api_version):
            for each in await self._discover(api_version):
                self.learn(each)
            self._asked_s[api_version] = self._clock_s()
            found = self._found.get((api_version, kind))
        if found is None:
            raise Missing(
                f"the cluster does not serve {api_version} {kind}; install its "
                f"CustomResourceDefinition, or correct apiVersion and kind where they are named"
            )
        return found

    def _may_ask(self, api_version: str) -> bool:
        asked_s = self._asked_s.get(api_version)
        return asked_s is None or self._clock_s() - asked_s >= ABSENT_S
