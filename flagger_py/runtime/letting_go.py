"""When our finalizer lets go of a deleted object that a fault keeps, and what is said then."""

from datetime import datetime
from typing import Any

from flagger_py.conditions import Reason
from flagger_py.decision import Emit
from flagger_py.runtime.part import Part
from flagger_py.wire import Manifest


def holds(part: Part[Any, Any, Any], manifest: Manifest) -> bool:
    return part.finalizer in (manifest["metadata"].get("finalizers") or ())


def let_go_in_s(part: Part[Any, Any, Any], manifest: Manifest, now: datetime) -> float | None:
    """Return the seconds until *part* gives up, none left at 0; None where it holds nothing."""
    stamp = manifest["metadata"].get("deletionTimestamp")
    if stamp is None or not holds(part, manifest):
        return None
    waited = now - datetime.fromisoformat(str(stamp))
    return part.lets_go_after(manifest) - waited.total_seconds()


def left_behind(part: Part[Any, Any, Any], manifest: Manifest, fault: str) -> Emit:
    """Say that the object goes although *fault* kept what it had changed from being undone."""
    meta = manifest["metadata"]
    return Emit(
        Reason.LEFT_BEHIND,
        f"{part.kind.kind} {meta['name']}.{meta.get('namespace', '')} could not be handed back "
        f"within {part.lets_go_after(manifest):g}s: {fault}; what field manager {part.manager} "
        f"wrote to objects that others own may be left as it is",
        "Warning",
        str(meta["uid"]),
    )


def without_finalizer(manifest: Manifest, finalizer: str) -> dict[str, Any]:
    """Return the merge patch that takes *finalizer* off *manifest* as it was read.

    Server-side apply cannot: it leaves what another manager put there, as Flagger did on the
    Canaries it led. The resourceVersion makes the API server refuse it when anything has changed,
    so that no finalizer of others is lost.
    """
    meta = manifest["metadata"]
    others = [name for name in meta.get("finalizers") or () if name != finalizer]
    return {"metadata": {"resourceVersion": meta["resourceVersion"], "finalizers": others or None}}
