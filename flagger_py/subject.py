"""The object under decision, as a decider sees it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from flagger_py.conditions import FluxSpec, FluxStatus
from flagger_py.refs import Key, key_of
from flagger_py.wire import Manifest

Spec = TypeVar("Spec", bound=FluxSpec)
Status = TypeVar("Status", bound=FluxStatus)

REQUESTED_AT = "reconcile.fluxcd.io/requestedAt"
FORCE_AT = "reconcile.fluxcd.io/forceAt"
RESET_AT = "reconcile.fluxcd.io/resetAt"


@dataclass(frozen=True, slots=True)
class Subject(Generic[Spec, Status]):
    """One object: what its user wants, what we said of it last, and the present moment."""

    manifest: Manifest
    spec: Spec
    status: Status
    now: datetime

    @property
    def meta(self) -> Mapping[str, Any]:
        return self.manifest["metadata"]  # type: ignore[no-any-return]  # JSON

    @property
    def key(self) -> Key:
        return key_of(self.manifest)

    @property
    def name(self) -> str:
        return str(self.meta["name"])

    @property
    def namespace(self) -> str:
        return str(self.meta.get("namespace", ""))

    @property
    def uid(self) -> str:
        return str(self.meta["uid"])

    @property
    def generation(self) -> int:
        return int(self.meta.get("generation", 0))

    @property
    def annotations(self) -> Mapping[str, str]:
        return self.meta.get("annotations") or {}

    @property
    def labels(self) -> Mapping[str, str]:
        return self.meta.get("labels") or {}

    @property
    def deleting(self) -> bool:
        return "deletionTimestamp" in self.meta

    @property
    def finalizers(self) -> tuple[str, ...]:
        return tuple(self.meta.get("finalizers") or ())

    @property
    def forced(self) -> bool:
        """A one-off force was requested and not yet handled (Flux's equality rule)."""
        asked = self.annotations.get(FORCE_AT)
        return (
            asked is not None
            and asked == self.annotations.get(REQUESTED_AT)
            and asked != self.status.last_handled_force_at
        )

    @property
    def reset(self) -> bool:
        """A reset of the failure counters was requested and not yet handled."""
        asked = self.annotations.get(RESET_AT)
        return (
            asked is not None
            and asked == self.annotations.get(REQUESTED_AT)
            and asked != self.status.last_handled_reset_at
        )
