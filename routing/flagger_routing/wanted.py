"""Which objects should exist for a split: the two backends, and what is in front of them."""

from dataclasses import dataclass, replace

from flagger_py.contracts import Split
from flagger_py.errors import SpecError

from . import held, marks, services
from .api import Refused
from .case import Case, Seen
from .choose import apex_waits
from .plan import Want
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
        return Wanted(backends, ())
    waits = apex_waits(case, seen)
    apex = tuple(made[role] for role in (Role.APEX,) if role in made and not waits)
    request = case.request(split)
    live = seen.live.get(services.address(case.subject.namespace, case.names, Role.APEX).ident)
    request = replace(request, service=services.with_unmanaged(request.service, live))
    try:
        rendered = case.router.render(request)
    except SpecError as error:
        moved = held.moved(case, seen, split)
        if moved is None:
            raise
        return Wanted(backends, (*apex, *moved), fault=error)
    refused = held.refused(case, seen, split)
    if refused is not None and (moved := held.moved(case, seen, split)) is not None:
        return Wanted((), moved, fault=held.error_of(refused), refused=refused)
    name = case.subject.name
    routes = tuple(Want(one, marks.marked(one, name), lists_are_ours=True) for one in rendered)
    return Wanted(backends, (*apex, *routes))


def _service(case: Case, seen: Seen, role: Role) -> Want:
    subject = case.subject
    live = seen.live.get(services.address(subject.namespace, case.names, role).ident)
    whole = services.render(subject.spec, subject.namespace, case.names, role, live)
    return Want(whole=whole, part=marks.marked(services.adopted(whole), subject.name))
