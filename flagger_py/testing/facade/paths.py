"""Which objects a URL means, and how the kinds that are served are told to clients."""

from dataclasses import dataclass
from typing import Any

from flagger_py.refs import Key, Kind
from flagger_py.testing.discovery import Discovery
from flagger_py.testing.refusal import NotServed
from flagger_py.testing.served import Served

_VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
_OF_A_NAMESPACE = ("status", "finalize")
REVIEWS = "authorization.k8s.io"
_REVIEW_KINDS = {
    "subjectaccessreviews": "SubjectAccessReview",
    "selfsubjectaccessreviews": "SelfSubjectAccessReview",
    "localsubjectaccessreviews": "LocalSubjectAccessReview",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names: a collection, or an object or its *subresource* where *name* is set.

    *kind* has the version that was asked for.
    """

    served: Served
    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""

    @property
    def key(self) -> Key:
        return Key(self.namespace, self.name)


@dataclass(frozen=True, slots=True)
class Parts:
    """A path taken apart, before anybody asked whether its kind is served."""

    group: str
    version: str
    plural: str
    namespace: str
    name: str
    subresource: str


def parts_of(path: str) -> Parts | None:
    """Take a path of resources apart; None where it is one of discovery or none of ours."""
    root, *rest = [part for part in path.split("/") if part] or [""]
    match root:
        case "api" if len(rest) > 1:
            group, version, *rest = "", *rest
        case "apis" if len(rest) > 2:  # noqa: PLR2004 - group, version, resource
            group, version, *rest = rest
        case _:
            return None
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in _OF_A_NAMESPACE:  # noqa: PLR2004
        _, namespace, *rest = rest
    plural, name, subresource, *more = [*rest, "", ""]
    return None if any(more) else Parts(group, version, plural, namespace, name, subresource)


def place_of(discovery: Discovery, parts: Parts) -> Place:
    """Find the kind that *parts* name; raises `NotServed`."""
    for served in discovery.kinds():
        kind = served.kind
        if kind.plural != parts.plural or kind.group != parts.group:
            continue
        asked = served.kind_in(parts.version)
        if asked is None or (parts.namespace and not kind.namespaced):
            break
        return Place(served, asked, parts.namespace, parts.name, parts.subresource)
    raise NotServed("404 page not found")


def document(discovery: Discovery, path: str) -> dict[str, Any] | None:
    """Return the document of discovery at *path*, None where there is none."""
    match [part for part in path.split("/") if part]:
        case ["version"]:
            return {"major": "1", "minor": "36", "gitVersion": "v1.36.3", "platform": "linux/amd64"}
        case ["api"]:
            return {"kind": "APIVersions", "apiVersion": "v1", "versions": ["v1"]}
        case ["apis"]:
            groups = [_group(name, versions) for name, versions in _groups(discovery).items()]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["apis", group] if group in (known := _groups(discovery)):
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group, known[group])}
        case ["api", version] | ["apis", "", version]:
            return _resources(discovery, "", version)
        case ["apis", group, version]:
            return _resources(discovery, group, version)
        case _:
            return None


def _groups(discovery: Discovery) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {REVIEWS: ["v1"]}
    for served in discovery.kinds():
        versions = found.setdefault(served.kind.group, [])
        versions += [v for v in (served.kind.version, *served.versions) if v not in versions]
    found.pop("", None)
    return found


def _group(name: str, versions: list[str]) -> dict[str, Any]:
    listed = [{"groupVersion": f"{name}/{version}", "version": version} for version in versions]
    return {"name": name, "versions": listed, "preferredVersion": listed[0]}


def _resources(discovery: Discovery, group: str, version: str) -> dict[str, Any] | None:
    found: list[dict[str, Any]] = []
    if (group, version) == (REVIEWS, "v1"):
        found += [_review(plural, kind) for plural, kind in _REVIEW_KINDS.items()]
    for served in discovery.kinds():
        kind = served.kind
        if kind.group != group or served.kind_in(version) is None:
            continue
        item = {"name": kind.plural, "singularName": kind.kind.lower(), "kind": kind.kind}
        found.append({**item, "namespaced": kind.namespaced, "verbs": _VERBS})
        if served.status:
            verbs = ["get", "patch", "update"]
            item |= {"name": f"{kind.plural}/status", "singularName": ""}
            found.append({**item, "namespaced": kind.namespaced, "verbs": verbs})
    if not found:
        return None
    where = f"{group}/{version}" if group else version
    head = {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": where}
    return {**head, "resources": found}


def _review(plural: str, kind: str) -> dict[str, Any]:
    namespaced = kind.startswith("Local")
    return {
        "name": plural,
        "singularName": kind.lower(),
        "namespaced": namespaced,
        "kind": kind,
        "verbs": ["create"],
    }
