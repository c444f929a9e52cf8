"""What a router is: a pure translation between a split and the objects of one provider."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from flagger_py.contracts import Split
from flagger_py.refs import Kind
from flagger_py.wire import Manifest

from ..api import Names
from ..api_service import Service
from ..objects import Address


class Capability(StrEnum):
    """What a router can do beyond sending everything to the primary."""

    WEIGHTS = "weights"
    MATCH = "match"
    MIRROR = "mirror"
    MIRROR_WEIGHT = "mirrorWeight"
    AFFINITY = "affinity"
    HOSTS = "hosts"
    HEADERS = "headers"
    REWRITE = "rewrite"
    TIMEOUT = "timeout"
    RETRIES = "retries"
    CORS = "cors"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be routed: a service, its names, and the split.

    *label* is the key of the pods' selector, which Flagger puts on the route as well.
    """

    namespace: str
    names: Names
    service: Service
    split: Split
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """Whoever serves the route says that it follows it."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """A judgement is missing or speaks of an older state."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Refused:
    """Whoever serves the route says that it does not follow it."""

    sentence: str


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Nobody judges this route."""

    sentence: str


Judgement = Accepted | NotYet | Refused | Unjudged


class Router(Protocol):
    """One provider. Everything is pure; manifests come in the order of `addresses`."""

    @property
    def reports(self) -> bool:
        """Tell whether somebody writes a status that says if the route is followed."""

    @property
    def kinds(self) -> tuple[Kind, ...]:
        """The kinds of the objects that are rendered."""

    def capabilities(self, manifests: tuple[Manifest, ...] = (), /) -> frozenset[Capability]:
        """Return what can be asked for, less what the route's own status rules out."""

    def addresses(self, request: Request, /) -> tuple[Address, ...]:
        """Return where the rendered objects are."""

    def related(
        self, request: Request, found: Mapping[Address, Manifest | None], /
    ) -> tuple[Address, ...]:
        """Return what else must be read to judge *request*, given what was *found* so far."""

    def refusal(self, request: Request, found: Mapping[Address, Manifest | None], /) -> str | None:
        """Say why the split cannot be served, naming object and field; None where it can."""

    def unused(self, service: Service, /) -> tuple[str, ...]:
        """Return the fields of *service* that are set and have no meaning for this router."""

    def render(self, request: Request, /) -> tuple[Manifest, ...]:
        """Return the objects, without owner; `SpecError` names a field that cannot be said."""

    def read(self, manifests: tuple[Manifest, ...], request: Request, /) -> Split | None:
        """Return the split that live objects say, None when they say none that we would write.

        Of *request* only the names are looked at.
        """

    def moved(
        self, manifests: tuple[Manifest, ...], request: Request, /
    ) -> tuple[Manifest, ...] | None:
        """Return the live objects with the split of *request*, all else as they say it.

        So that traffic can go back while the service cannot be rendered. None where the objects
        say no split that we would write. Of *request* only names and split are looked at.
        """

    def judges(self, manifests: tuple[Manifest, ...], /) -> Mapping[str, bool]:
        """Return who is to judge the live objects, by name, and whether each has done so."""

    def judge(self, manifests: tuple[Manifest, ...], /) -> Judgement:
        """Return whether the live objects are followed."""
