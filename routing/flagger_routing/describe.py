"""What a status says of spec and router, whatever the split."""

from flagger_py.refs import owner_reference

from . import adopt, services
from .api import Adopted, TrafficRouteStatus
from .case import Case, Seen
from .plan import akin_to, is_ours


def describe(case: Case, seen: Seen) -> TrafficRouteStatus:
    """Return the status with what follows from spec and router alone."""
    status = case.subject.status
    routes = case.routes(seen)
    return status.model_copy(
        update={
            "router": case.provider,
            "capabilities": tuple(sorted(case.router.capabilities(routes))),
            "ignored": _ignored(case, seen),
            "judged_by": case.judged_by(seen),
            "adopted": _still_there(status, seen),
            "schedule": case.asked.start,
        }
    )


def _ignored(case: Case, seen: Seen) -> tuple[str, ...]:
    subject = case.subject
    late: set[str] = set()
    if subject.spec.selectors is not None:
        for role in services.Role:
            live = seen.live.get(services.address(subject.namespace, case.names, role).ident)
            if live is None:
                continue
            ours = is_ours(live, owner_reference(subject.manifest))
            late.update(services.unchangeable(subject.spec.service, live, ours=ours))
            if not ours and not akin_to(live, subject.manifest):
                late.update(services.left_out(subject.spec.service, role))
    fields = (*case.router.unused(subject.spec.service), *sorted(late))
    return tuple(f"service.{field}" for field in fields)


def _still_there(status: TrafficRouteStatus, seen: Seen) -> tuple[Adopted, ...]:
    """Forget what was remembered of an object that has gone since, or was made anew."""
    return tuple(
        one
        for one in status.adopted
        if (live := seen.live.get(one.ident)) is not None
        and adopt.record_of((one,), live) is not None
    )
