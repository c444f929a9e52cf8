"""One Canary at one moment: what its deciders ask of it, said once."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flagger_py.contracts import Split, token
from flagger_py.refs import PRIMARY, owner_reference
from flagger_py.subject import Subject
from flagger_py.wire import Manifest

from .api import CanarySpec, CanaryStatus
from .api_analysis import Webhook, WebhookType
from .api_status import Progress
from .fingerprints import revision_of, webhook_checksum
from .phases import Phase
from .readiness import Readiness, readiness
from .settings import RolloutSettings
from .sight import Seen
from .splits import routed_since, split_for
from .target import Selector
from .telling import Envelope, Reason, Told

APISIX_ROUTE = "ApisixRoute"
"""The one kind that Flagger allows in `spec.routeRef`: a template to clone, not a route to ask."""


@dataclass(frozen=True, slots=True)
class Case:
    """The subject, what was seen, and the settings; *selector* is None without a target."""

    subject: Subject[CanarySpec, CanaryStatus]
    seen: Seen
    settings: RolloutSettings
    selector: Selector | None
    _known: dict[str, str] = field(default_factory=dict, init=False, repr=False, compare=False)
    """The hashes that were taken already: deciders compare them again and again."""

    @property
    def spec(self) -> CanarySpec:
        return self.subject.spec

    @property
    def status(self) -> CanaryStatus:
        return self.subject.status

    @property
    def progress(self) -> Progress:
        return self.status.progress or Progress()

    @property
    def phase(self) -> Phase:
        return Phase(self.status.phase)

    @property
    def now(self) -> datetime:
        return self.subject.now

    @property
    def foreign_route(self) -> bool:
        """The split is asked of a referenced object, not of a TrafficRoute of our own."""
        ref = self.spec.route_ref
        return ref is not None and ref.kind != APISIX_ROUTE

    @property
    def canary_ref(self) -> str:
        """The Canary as Flagger's texts name it."""
        return f"{self.subject.name}.{self.subject.namespace}"

    @property
    def target_ref(self) -> str:
        return f"{self.spec.target_ref.name}.{self.subject.namespace}"

    @property
    def primary_ref(self) -> str:
        return f"{self.spec.target_ref.name}{PRIMARY}.{self.subject.namespace}"

    @property
    def owner(self) -> dict[str, object]:
        return owner_reference(self.subject.manifest)

    @property
    def target(self) -> Manifest:
        """The target; only deciders that run after its absence was ruled out may ask."""
        if self.seen.target is None:
            raise AssertionError("a decider asked for a target that was not seen")
        return self.seen.target

    @property
    def interval_s(self) -> float:
        return self.spec.interval_s(self.settings.min_interval_s)

    @property
    def tracked(self) -> dict[str, str]:
        return self.seen.checksums

    @property
    def revision(self) -> str:
        """The revision that the target asks for now."""
        if "revision" not in self._known:
            template = self.target["spec"]["template"]
            self._known["revision"] = revision_of(template, self.tracked)
        return self._known["revision"]

    @property
    def template_hash(self) -> str:
        """What Flagger's `lastAppliedSpec` stands for: the pod template alone."""
        if "template" not in self._known:
            self._known["template"] = revision_of(self.target["spec"]["template"])
        return self._known["template"]

    @property
    def stale_pods(self) -> bool:
        """The target's pods began with other configs than it has now, under the same template."""
        same = self.template_hash == self.status.last_applied_spec
        return same and self.target["spec"].get("replicas", 1) > 0

    @property
    def tick_token(self) -> str:
        """What this tick of this run is called, for questions and events."""
        return self.token("tick", self.progress.tick)

    def token(self, *parts: object) -> str:
        """Derive a token from our own status and *parts*, and from nothing else."""
        progress = self.progress
        return token(self.subject.uid, progress.revision, progress.run, *parts)

    def hooks(self, kind: WebhookType) -> tuple[Webhook, ...]:
        return tuple(hook for hook in self.spec.analysis.webhooks if hook.type is kind)

    def told(self, reason: Reason, message: str, token: str | None = None) -> Told:
        return Told(reason, message, token or self.tick_token)

    def warned(self, reason: Reason, message: str, token: str | None = None) -> Told:
        return Told(reason, message, token or self.tick_token, "Warning")

    def envelope(self, status: CanaryStatus) -> Envelope:
        return Envelope(
            name=self.subject.name,
            namespace=self.subject.namespace,
            phase=status.phase,
            checksum=webhook_checksum(status.last_applied_spec or "", status.tracked_configs),
            now=self.now,
        )

    def primary_readiness(self) -> Readiness:
        if self.seen.primary is None:
            return Readiness(False, "waiting for rollout to finish: it is being created")
        if self.seen.primary["spec"].get("replicas", 1) == 0:
            return Readiness(False, "it is scaled to zero; scale it up")
        return readiness(
            self.seen.primary,
            threshold_percent=self.spec.analysis.primary_ready_threshold,
            deadline_s=self.spec.progress_deadline_seconds,
            now=self.now,
        )

    def canary_readiness(self) -> Readiness:
        if self.target["spec"].get("replicas", 1) == 0:
            return Readiness(False, "waiting for rollout to finish: it is being scaled up")
        return readiness(
            self.target,
            threshold_percent=self.spec.analysis.canary_ready_threshold,
            deadline_s=self.spec.progress_deadline_seconds,
            now=self.now,
        )

    def in_force_since(self, split: Split) -> datetime | None:
        """Return since when requests really follow *split*, None while they do not."""
        return routed_since(self.seen.route, split, self.now)

    @property
    def route_since(self) -> datetime | None:
        """Since when the split that the status asks for is in force."""
        return self.in_force_since(split_for(self.status))

    @property
    def since(self) -> datetime:
        """Since when this tick's split is in force; deciders ask once that is established.

        Another controller's clock may be behind ours, but no split is in force before it was
        asked for.
        """
        moments = (self.route_since or self.now, self.progress.weighted_at)
        return max(moment for moment in moments if moment is not None)

    @property
    def due(self) -> datetime:
        """When this tick's checks are wanted: at once before the first traffic."""
        if self.progress.next_check_at is not None:
            return self.progress.next_check_at
        if self.idle:
            return self.now
        return self.since + timedelta(seconds=self.interval_s)

    @property
    def idle(self) -> bool:
        """No share of the requests is the canary's: this run's first traffic is yet to come."""
        return self.status.canary_weight == 0

    def seconds_until(self, moment: datetime) -> float:
        return max(0.0, (moment - self.now).total_seconds())

    def after_interval(self) -> datetime:
        return self.now + timedelta(seconds=self.interval_s)

    def commanded(self, command: str) -> bool:
        """Tell whether a person asked for *command* (promote, rollback) of the present run.

        The annotation `flagger.app/COMMAND` carries the revision and run it speaks of, as
        REVISION.RUN: one that was meant for another run is no command.
        """
        asked = self.subject.annotations.get(f"flagger.app/{command}")
        return asked == f"{self.progress.revision}.{self.progress.run}"

    @property
    def display(self) -> str:
        """The revision as people and Flux name it: what the user wrote, else our digest."""
        return self.spec.revision or f"sha256:{self.progress.revision}"

    @property
    def step_sentence(self) -> str:
        """Where the release is; the same words for as long as the status says the same."""
        weight, tick = self.status.canary_weight, self.progress.tick
        failed, threshold = self.status.failed_checks, self.spec.threshold_effective
        return (
            f"{self.display}: weight {weight}%, check {tick}, {failed} of {threshold} failed checks"
        )
