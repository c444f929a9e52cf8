"""Which kinds the API server serves, by group, version and name."""

from flagger_py.refs import Kind
from flagger_py.testing import refusal
from flagger_py.testing.served import Served
from flagger_py.wire import Manifest


class Discovery:
    """The kinds served at present."""

    def __init__(self, kinds: tuple[Served, ...]) -> None:
        self._kinds = {(served.kind.group, served.kind.kind): served for served in kinds}

    def kinds(self) -> tuple[Served, ...]:
        return tuple(self._kinds.values())

    def register(self, served: Served) -> None:
        """Serve a kind, as installing its CustomResourceDefinition does."""
        self._kinds[served.kind.group, served.kind.kind] = served

    def served(self, kind: Kind) -> Served:
        """Return how *kind* is served; raises `NotServed` when it or its version is not."""
        served = self._kinds.get((kind.group, kind.kind))
        if served is None or served.kind_in(kind.version) is None:
            raise refusal.NotServed(
                f"the server could not find the requested resource {kind} ({kind.api_version})"
            )
        return served

    def resolve(self, api_version: str, kind: str) -> Kind:
        """Find the kind with this name; raises `NotServed` when there is none."""
        group, _, version = api_version.rpartition("/")
        served = self._kinds.get((group, kind))
        found = served.kind_in(version) if served else None
        if found is None:
            raise refusal.NotServed(f'no matches for kind "{kind}" in version "{api_version}"')
        return found


def in_version(kind: Kind, stored: Manifest) -> Manifest:
    """Return *stored* as the version of *kind* shows it."""
    if stored["apiVersion"] == kind.api_version:
        return stored
    return {**stored, "apiVersion": kind.api_version}
