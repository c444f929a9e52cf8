"""Which objects should exist for a split: the two backends, and what is in front of them."""

from dataclasses import dataclass, replace

from flagger_py.contracts import Split

from . import services
from .case import Case, Seen
from .plan import Want
from .services import Role


@dataclass(frozen=True, slots=True)
class Wanted:
    """*backends* may exist before the primary serves; *front* sends it requests."""

    backends: tuple[Want, ...]
    front: tuple[Want, ...]


def wanted(case: Case, seen: Seen, split: Split | None) -> Wanted:
    """Return what should exist for *split*; before the primary serves the two backends alone."""
    spec = case.subject.spec
    made = {
        role: _service(case, seen, role) for role in services.Role if spec.selectors is not None
    }
    backends = tuple(made[role] for role in (Role.CANARY, Role.PRIMARY) if role in made)
    if split is None or not spec.apex_ready:
        return Wanted(backends, ())
    apex = tuple(made[role] for role in (Role.APEX,) if role in made)
    request = case.request(split)
    live = seen.live.get(services.address(case.subject.namespace, case.names, Role.APEX).ident)
    request = replace(request, service=services.with_unmanaged(request.service, live))
    routes = tuple(
        Want(whole=manifest, part=manifest, lists_are_ours=True)
        for manifest in case.router.render(request)
    )
    return Wanted(backends, (*apex, *routes))


def _service(case: Case, seen: Seen, role: Role) -> Want:
    subject = case.subject
    live = seen.live.get(services.address(subject.namespace, case.names, role).ident)
    whole = services.render(subject.spec, subject.namespace, case.names, role, live)
    return Want(whole=whole, part=services.adopted(whole))
