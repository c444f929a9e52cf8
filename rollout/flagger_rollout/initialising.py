"""How a Canary begins: the primary is copied, becomes ready, takes the users; the target rests."""

from flagger_py.conditions import READY, progressing, retrying, stalled
from flagger_py.conditions import Reason as StandingReason
from flagger_py.contracts import ALL_TO_PRIMARY, condition_of, status_of
from flagger_py.errors import SpecError

from . import asking, closing, copying
from .api import CanaryStatus
from .case import Case
from .move import Move, changed, entered, recorded
from .phases import Phase
from .telling import Reason, Told


def initialise(case: Case) -> Move:
    """Take the next step towards Initialized."""
    if case.seen.target is None:
        return _without_target(case)
    readiness = case.primary_readiness()
    copied = case.progress.copied == case.revision
    if case.seen.primary is None or not copied:
        return _copy(case)
    if readiness.late:
        return _never_ready(case, readiness.sentence)
    if not readiness.ready:
        sentence = f"{case.primary_ref} not ready: {readiness.sentence}"
        return Move(
            _status(case),
            progressing(sentence),
            told=_providers(case),
            workloads=copying.copy_to_primary(case, None),
            wake_s=readiness.wake_s,
        )
    if case.in_force_since(ALL_TO_PRIMARY) is None or not _apex_asked(case):
        standing, wake_s = asking.waits_for_split(
            case, "waiting until the route sends everything to the primary"
        )
        return Move(_status(case), standing, told=_providers(case), wake_s=wake_s, apex_ready=True)
    return _initialised(case)


def _copy(case: Case) -> Move:
    """Make the primary from the target as it is now; users are still on the target."""
    replicas = copying.first_replicas(case)
    status = changed(
        case,
        phase=Phase.INITIALIZING,
        progress={"copied": case.revision, "primary_replicas": replicas},
    )
    sentence = f"{case.primary_ref} not ready: waiting for rollout to finish: it is being created"
    return Move(
        status,
        progressing(sentence),
        told=_providers(case),
        workloads=copying.copy_to_primary(case, replicas),
    )


def _without_target(case: Case) -> Move:
    kind, name = case.spec.target_ref.kind, case.spec.target_ref.name
    text = (
        f'{kind.lower()} {case.target_ref} get query error: {kind.lower()}s.apps "{name}" not found'
    )
    return Move(
        _status(case),
        retrying(
            f"{kind} {case.target_ref} does not exist yet; it is initialised when it does",
            StandingReason.DEPENDENCY_NOT_READY,
            accepted=False,
        ),
        told=(case.warned(Reason.TARGET_MISSING, text, case.token("init")),),
    )


def without_selector(case: Case, error: SpecError) -> Move:
    """Say that nothing can tell the target's pods from the primary's."""
    text = f"getSelectorLabel failed: {error.message.partition(';')[0]}"
    return Move(
        _status(case) if case.phase is Phase.NEW else case.status,
        stalled(error.message, error.reason),
        told=(case.warned(Reason.SELECTOR_MISSING, text, case.token("init")),),
    )


def _initialised(case: Case) -> Move:
    revision = case.progress.copied or case.revision
    status = entered(
        case,
        Phase.INITIALIZED,
        0,
        last_applied_spec=case.template_hash,
        last_promoted_spec=case.template_hash,
        tracked_configs=case.tracked,
        progress={
            "revision": revision,
            "promoted": revision,
            "declared": case.spec.revision,
            "target": case.spec.target_ref.name,
            **recorded(case, Reason.INITIALIZED, "The primary is ready and takes all traffic."),
        },
    )
    text = f"Initialization done! {case.canary_ref}"
    told = Told(Reason.INITIALIZED, text, case.token("init"), after=True)
    return Move(
        status,
        closing.at_rest(case, status),
        told=(*_providers(case), told),
        workloads=copying.scale_down(case),
        apex_ready=True,
    )


def _never_ready(case: Case, sentence: str) -> Move:
    """Give up the first version; a later one is initialised anew."""
    message = f"{case.primary_ref} not ready: {sentence}"
    why = f"The first version never became ready: {message}"
    status = changed(
        case,
        phase=Phase.FAILED,
        last_applied_spec=case.template_hash,
        progress={
            "revision": case.revision,
            **recorded(case, Reason.ROLLED_BACK, why),
        },
    )
    told = Told(
        Reason.ROLLED_BACK,
        f"Canary failed! Scaling down {case.canary_ref}",
        case.token("init"),
        "Warning",
    )
    return Move(status, stalled(message, "InitializationFailed"), told=(told,))


def _status(case: Case) -> CanaryStatus:
    return changed(case, phase=Phase.INITIALIZING)


def _apex_asked(case: Case) -> bool:
    route = case.seen.route.manifest
    if case.foreign_route:
        return route is not None
    return bool(route and route["spec"].get("apexReady"))


def _providers(case: Case) -> tuple[Told, ...]:
    """Tell once whether the metric providers answer; it does not hold the initialisation up."""
    if case.spec.skip_analysis:
        return ()
    token = case.token("init")
    text = "all the metrics providers are available!"
    available = Told(Reason.PROVIDERS_AVAILABLE, text, token, after=True)
    manifest = case.seen.analysis.manifest
    if not case.spec.analysis.metrics:
        return (available,)
    if manifest is None or case.seen.analysis.silent:
        return ()
    ready = condition_of(status_of(manifest), READY)
    if ready.get("status") == "True":
        return (available,)
    if ready.get("status") == "False":
        message = ready.get("message", "")
        return (Told(Reason.PROVIDERS_UNAVAILABLE, message, token, "Warning"),)
    return ()
