"""Which labels and annotations a route carries: those of the apex Service, as Flagger has it."""

from typing import Any

from ..objects import annotated
from .contract import Request


def metadata(request: Request) -> dict[str, Any]:
    """Return the route's metadata; the selector's key is a label where a user says any of it."""
    apex = request.service.apex
    found: dict[str, Any] = {
        "name": request.names.apex,
        "namespace": request.namespace,
        "annotations": annotated(apex.annotations),
    }
    if "apex" in request.service.model_fields_set:
        own = {request.label: request.names.apex} if request.label else {}
        found["labels"] = {**apex.labels, **own}
    return found
