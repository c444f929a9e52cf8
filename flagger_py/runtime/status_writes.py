"""How a status is written, and what is said where the definition in the cluster cannot hold it."""

import contextlib
from typing import Any, TypeVar

from flagger_py.conditions import FluxStatus, retrying
from flagger_py.errors import FlaggerError
from flagger_py.runtime.definitions import pruned, refuses_status, too_old
from flagger_py.runtime.part import Part, Shell
from flagger_py.runtime.statuses import dated, identity, kept, status_in
from flagger_py.wire import Manifest

Status = TypeVar("Status", bound=FluxStatus)


async def write(
    part: Part[Any, Status, Any],
    shell: Shell,
    manifest: Manifest,
    before: Status,
    status: dict[str, Any],
) -> None:
    """Write *status*, as it is on the wire, over that of *manifest*, which was *before*.

    Raises `Conflict` when the object has changed since it was read. Where the definition refuses
    or drops a field, that is said over *before* and raised as `Unavailable`, DefinitionTooOld.
    """
    try:
        stored = await _put(part, shell, manifest, status)
    except FlaggerError as error:
        if not refuses_status(error):
            raise
        fault = too_old(part.kind, error.message)
    else:
        lost = pruned(status, stored.get("status") or {})
        if not lost:
            return
        manifest, before = stored, status_in(part, stored)
        fault = too_old(part.kind, f"it does not know {lost}")
    told = kept(before, retrying(fault.message, fault.reason))
    with contextlib.suppress(FlaggerError):
        again = dated(before, told, manifest, shell.clock())
        await _put(part, shell, manifest, again.wire())
    raise fault


async def _put(
    part: Part[Any, Status, Any], shell: Shell, manifest: Manifest, status: dict[str, Any]
) -> Manifest:
    applied = identity(manifest)
    applied["metadata"]["resourceVersion"] = manifest["metadata"]["resourceVersion"]
    applied["status"] = status
    return await shell.cluster.apply(
        applied, manager=part.status_manager, force=True, subresource="status"
    )
