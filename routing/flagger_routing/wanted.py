"""Which objects should exist for a split: the two backends, and what is in front of them."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from flagger_py.contracts import Split
from flagger_py.errors import SpecError
from flagger_py.refs import owner_reference

from . import adopt, held, ports, services
from .api import Refused
from .case import Case, Seen
from .choose import apex_waits
from .plan import Want, akin_to, is_ours
from .services import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """*backends* may exist before the primary serves; *front* sends it requests.

    *fault* says why the service is not put in force: then *front* moves the shares alone, and
    nothing of what was *refused* is sent again.
    """

    backends: tuple[Want, ...]
    front: tuple[Want, ...]
    fault: SpecError | None = None
    refused: Refused | None = None


def wanted(case: Case, seen: Seen, split: Split | None) -> Wanted:
    """Return what should exist for *split*; before the primary serves the two backends alone.

    Raises `SpecError` where the service cannot be rendered and no route of ours is there to move.
    """
    spec = case.subject.spec
    made = {
        role: _service(case, seen, role) for role in services.Role if spec.selectors is not None
    }
    backends = tuple(made[role] for role in (Role.CANARY, Role.PRIMARY) if role in made)
    if split is None or not spec.apex_ready:
        clash = _clash(case, seen, backends)
        if clash is not None:
            raise clash
        return Wanted(backends, ())
    waits = apex_waits(case, seen)
    apex = tuple(made[role] for role in (Role.APEX,) if role in made and not waits)
    clash = _clash(case, seen, (*backends, *apex))
    if clash is not None:
        return Wanted((), _moved(case, seen, split, clash), fault=clash)
    try:
        routes = _rendered(case, seen, split)
    except SpecError as error:
        return Wanted(backends, (*apex, *_moved(case, seen, split, error)), fault=error)
    refused = held.refused(case, seen, split)
    if refused is not None and (moved := held.moved(case, seen, split)) is not None:
        return Wanted((), moved, fault=held.error_of(refused), refused=refused)
    return Wanted(backends, (*apex, *routes))


def _rendered(case: Case, seen: Seen, split: Split) -> tuple[Want, ...]:
    request = case.request(split)
    live = seen.live.get(services.address(case.subject.namespace, case.names, Role.APEX).ident)
    request = replace(request, service=services.with_unmanaged(request.service, live))
    return tuple(Want(one, one, lists_are_ours=True) for one in case.router.render(request))


def _moved(case: Case, seen: Seen, split: Split, fault: SpecError) -> tuple[Want, ...]:
    """Return our own route with *split* alone; raise *fault* where there is none."""
    moved = held.moved(case, seen, split)
    if moved is None:
        raise fault
    return moved


def _clash(case: Case, seen: Seen, wants: Iterable[Want]) -> SpecError | None:
    """Say where a Service was there before with ports that ours cannot join."""
    subject = case.subject
    owner = owner_reference(subject.manifest)
    for want in wants:
        live = seen.live.get(want.ident)
        if live is None or is_ours(live, owner):
            continue
        record = adopt.record_of(subject.status.adopted, live)
        clash = ports.clash(want.part["spec"]["ports"], live, record)
        if clash is not None:
            return clash
    return None


def _service(case: Case, seen: Seen, role: Role) -> Want:
    subject = case.subject
    live = seen.live.get(services.address(subject.namespace, case.names, role).ident)
    whole = services.render(subject.spec, subject.namespace, case.names, role, live)
    akin = live is not None and akin_to(live, subject.manifest)
    return Want(whole, services.adopted(whole, akin=akin))
