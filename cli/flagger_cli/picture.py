"""Everything that `explain` looks at: one Canary, those who answer for it, and what was said."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from flagger_py.errors import FlaggerError
from flagger_py.refs import Key, Kind, controlled_by
from flagger_py.wire import Manifest

from .access import Access
from .resources import kind_called

APISIX_ROUTE = "ApisixRoute"
"""Flagger's own meaning of `spec.routeRef`: a route to clone, not one to ask."""

_NOWHERE = "it does not exist"


@dataclass(frozen=True, slots=True)
class Respondent:
    """An object that answers for the Canary; without a manifest, *missing* says why."""

    kind: str
    name: str
    manifest: Manifest | None = None
    missing: str = ""
    unmade: bool = False
    """Whether it is the Canary's own, which its controller has not made."""

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


@dataclass(frozen=True, slots=True)
class Picture:
    """The Canary and its respondents, in the order they are asked; events oldest first."""

    canary: Manifest
    routes: tuple[Respondent, ...] = ()
    analyses: tuple[Respondent, ...] = ()
    gates: tuple[Respondent, ...] = ()
    events: tuple[Manifest, ...] = ()


async def look(access: Access, key: Key) -> Picture:
    """Read the Canary *key* and all that it refers to; raises `SpecError` when there is none."""
    canary = await access.need(kind_called("canaries"), key)
    finder = _Finder(access, key.namespace)
    spec = canary.get("spec") or {}
    analysis = spec.get("analysis") or spec.get("canaryAnalysis") or {}
    ref = spec.get("routeRef")
    if ref is not None and ref.get("kind") != APISIX_ROUTE:
        route = await finder.foreign(ref)
    else:
        route = await finder.own("trafficroutes", key.name)
    analyses = [await finder.own("metricanalyses", key.name)] if analysis.get("metrics") else []
    analyses += [await finder.foreign(ref) for ref in analysis.get("analysisRefs") or ()]
    gates = [*await finder.owned("gates", canary["metadata"].get("uid", ""))]
    gates += [await finder.foreign(ref) for ref in analysis.get("gateRefs") or ()]
    events = await finder.events((canary, *_manifests(gates), *_manifests([route, *analyses])))
    return Picture(canary, (route,), tuple(analyses), tuple(gates), events)


class _Finder:
    """Reads objects of one namespace; one that cannot be read is a finding."""

    def __init__(self, access: Access, namespace: str) -> None:
        self._access, self._namespace = access, namespace

    async def own(self, plural: str, name: str) -> Respondent:
        found = await self._read(kind_called(plural), name)
        return replace(found, unmade=found.missing == _NOWHERE)

    async def owned(self, plural: str, uid: str) -> tuple[Respondent, ...]:
        kind = kind_called(plural)
        try:
            found = await self._access.every(kind, self._namespace)
        except FlaggerError as error:
            return (Respondent(kind.kind, "", missing=error.message),)
        return tuple(
            Respondent(kind.kind, item["metadata"]["name"], item)
            for item in found
            if controlled_by(item, uid)
        )

    async def foreign(self, ref: Mapping[str, Any]) -> Respondent:
        kind, name = str(ref.get("kind", "")), str(ref.get("name", ""))
        api_version = str(ref.get("apiVersion", ""))
        try:
            served = await self._access.client.discover(api_version)
        except FlaggerError as error:
            return Respondent(kind, name, missing=error.message)
        for found in served:
            if found.kind == kind:
                return await self._read(found, name)
        why = (
            f"the cluster does not serve {api_version} {kind}; install its "
            f"CustomResourceDefinition, or correct apiVersion and kind in the reference"
        )
        return Respondent(kind, name, missing=why)

    async def events(self, about: tuple[Manifest, ...]) -> tuple[Manifest, ...]:
        """Return the events about these objects, oldest first; none where they cannot be read."""
        uids = {item["metadata"].get("uid") for item in about}
        try:
            found = await self._access.events(self._namespace)
        except FlaggerError:
            return ()
        ours = (item for item in found if item.get("involvedObject", {}).get("uid") in uids)
        return tuple(sorted(ours, key=happened_at))

    async def _read(self, kind: Kind, name: str) -> Respondent:
        try:
            found = await self._access.client.get(kind, Key(self._namespace, name))
        except FlaggerError as error:
            return Respondent(kind.kind, name, missing=error.message)
        return Respondent(kind.kind, name, found, "" if found else _NOWHERE)


def happened_at(event: Manifest) -> str:
    """Return when an event was recorded, as a text that sorts; empty when it does not say."""
    stamps = (event.get("eventTime"), event.get("lastTimestamp"), event.get("firstTimestamp"))
    return next((str(stamp) for stamp in stamps if stamp), "")


def _manifests(respondents: list[Respondent]) -> tuple[Manifest, ...]:
    return tuple(one.manifest for one in respondents if one.manifest is not None)
