"""Who may do what: the answers to access reviews, and to requests made as somebody else."""

from collections.abc import Mapping
from typing import Any

from flagger_py.refs import Kind
from flagger_py.testing.discovery import Discovery
from flagger_py.testing.facade.paths import REVIEWS, Parts
from flagger_py.testing.refusal import Forbidden
from flagger_py.testing.world import May

OURSELVES = "system:admin"
"""Who a client is that impersonates nobody."""


def is_review(parts: Parts) -> bool:
    return parts.group == REVIEWS and parts.plural.endswith("accessreviews")


def reviewed(
    discovery: Discovery, may: May, review: Mapping[str, Any], account: str | None
) -> dict[str, Any]:
    """Answer an access review of any of the three kinds; a Self review is about *account*."""
    spec = review.get("spec") or {}
    asked = spec.get("resourceAttributes") or {}
    who = spec.get("user") or account
    kind = _kind(discovery, asked.get("group", ""), asked.get("resource", ""))
    allowed = who is None or may(who, asked.get("verb", ""), kind, asked.get("namespace", ""))
    reason = "" if allowed else f"{who} has no such right here"
    return {**review, "status": {"allowed": allowed, **({"reason": reason} if reason else {})}}


def permit(may: May, account: str | None, verb: str, kind: Kind, namespace: str) -> None:
    """Raise `Forbidden` where the impersonated *account* may not do this; we ourselves may all."""
    if account is None or may(account, verb, kind, namespace):
        return
    where = f' in the namespace "{namespace}"' if namespace else " at the cluster scope"
    raise Forbidden(
        f'{kind} is forbidden: User "{account}" cannot {verb} resource "{kind.plural}" in API '
        f'group "{kind.group}"{where}'
    )


def _kind(discovery: Discovery, group: str, plural: str) -> Kind:
    kinds = (served.kind for served in discovery.kinds())
    found = (kind for kind in kinds if (kind.group, kind.plural) == (group, plural))
    return next(found, Kind(group, "v1", plural, plural))
