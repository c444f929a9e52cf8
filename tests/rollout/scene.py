"""A Canary and everything it may see, with valid defaults, for tests of its deciders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from flagger_py.contracts import Split
from flagger_py.decision import Action, Apply, Decision, Emit
from flagger_py.subject import Subject
from flagger_rollout import primary
from flagger_rollout.api import CanarySpec, CanaryStatus, Progress
from flagger_rollout.case import Case
from flagger_rollout.children import gate_name
from flagger_rollout.decide import decide
from flagger_rollout.fingerprints import revision_of
from flagger_rollout.settings import RolloutSettings
from flagger_rollout.sight import Child, Seen
from flagger_rollout.target import Selector

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
SELECTOR = Selector("app", "app")


def a_canary(**analysis: Any) -> dict[str, Any]:
    return {
        "apiVersion": "flagger.app/v1beta1",
        "kind": "Canary",
        "metadata": {
            "name": "app",
            "namespace": "test",
            "uid": "uid-1",
            "generation": 1,
            "resourceVersion": "7",
        },
        "spec": {
            "provider": "traefik",
            "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
            "service": {"port": 80, "targetPort": 9898},
            "analysis": {
                "interval": "10s",
                "threshold": 2,
                "stepWeight": 20,
                "maxWeight": 60,
                "metrics": [{"name": "request-success-rate", "thresholdRange": {"min": 99}}],
                **analysis,
            },
        },
    }


def a_deployment(
    version: str, *, name: str = "app", replicas: int = 2, ready: bool = True
) -> dict[str, Any]:
    available = replicas if ready else 0
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "test", "generation": 3, "labels": {"app": name}},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": a_template(version, name),
        },
        "status": {
            "observedGeneration": 3,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "availableReplicas": available,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSet"}],
        },
    }


def a_template(version: str, name: str = "app") -> dict[str, Any]:
    return {
        "metadata": {"labels": {"app": name}},
        "spec": {"containers": [{"name": "app", "image": f"app:{version}"}]},
    }


def revision(version: str) -> str:
    return revision_of(a_template(version))


def answered(kind: str, status: Mapping[str, Any], spec: Mapping[str, Any] | None = None) -> Child:
    """Return a child whose controller has seen its present generation."""
    manifest = {
        "apiVersion": "example.com/v1",
        "kind": kind,
        "metadata": {"name": "app", "namespace": "test", "generation": 5, "uid": "uid-2"},
        "spec": dict(spec or {}),
        "status": {"observedGeneration": 5, **status},
    }
    return Child("app", kind, manifest)


@dataclass
class Scene:
    """One moment of a release from version 1 to version 2; every field may be overridden."""

    manifest: dict[str, Any] = field(default_factory=a_canary)
    phase: str = "Progressing"
    weight: int = 20
    failed: int = 0
    tick: int = 2
    target: dict[str, Any] | None = field(default_factory=lambda: a_deployment("2"))
    primary: dict[str, Any] | None = field(
        default_factory=lambda: a_deployment("1", name="app-primary")
    )
    in_force: Split | None = None
    since_s: float = 60.0
    """For how long the split has been in force."""
    verdict: Mapping[str, Any] | None = None
    gates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    progress: Mapping[str, Any] = field(default_factory=dict)
    settings: RolloutSettings = field(default_factory=RolloutSettings)
    now: datetime = NOW

    @property
    def status(self) -> CanaryStatus:
        progress = Progress(
            revision=revision("2"),
            promoted=revision("1"),
            run=1,
            tick=self.tick,
            primary_replicas=2,
        ).model_copy(update=dict(self.progress))
        return CanaryStatus(
            phase=self.phase,
            canary_weight=self.weight,
            failed_checks=self.failed,
            last_applied_spec=progress.revision,
            last_promoted_spec=progress.promoted,
            progress=progress,
        )

    @property
    def subject(self) -> Subject[CanarySpec, CanaryStatus]:
        spec = CanarySpec.read(self.manifest["spec"], "spec")
        return Subject(self.manifest, spec, self.status, self.now)

    @property
    def seen(self) -> Seen:
        split = self.in_force or Split(primary=100 - self.weight, canary=self.weight)
        since = (self.now - timedelta(seconds=self.since_s)).isoformat()
        force = {"split": split.wire(), "since": since, "generation": 5}
        ready = [{"type": "Ready", "status": "True", "reason": "InForce"}]
        hooks = self.manifest["spec"]["analysis"].get("webhooks", ())
        return Seen(
            target=self.target,
            primary=self.primary,
            route=answered("TrafficRoute", {"inForce": force, "conditions": ready}),
            analysis=answered("MetricAnalysis", self.verdict or {}),
            gates={
                hook["name"]: Child(
                    gate_name("app", hook["name"]),
                    "Gate",
                    self._gate(hook["name"]),
                )
                for hook in hooks
                if hook.get("type") != "event"
            },
        )

    def _gate(self, name: str) -> Mapping[str, Any] | None:
        status = self.gates.get(name)
        return None if status is None else answered("Gate", status).manifest

    @property
    def case(self) -> Case:
        return Case(self.subject, self.seen, self.settings, SELECTOR)

    def decide(self) -> Decision[CanaryStatus]:
        return decide(self.settings, self.subject, self.seen)


def judged(scene: Scene, verdict: str, sentence: str = "", **measured: Any) -> dict[str, Any]:
    """Return the status of an analysis that judged the present tick of *scene*."""
    measurement = {
        "name": "request-success-rate",
        "verdict": verdict,
        "sentence": sentence,
        "rule": ">= 99",
        **measured,
    }
    return {"run": scene.case.tick_token, "verdict": verdict, "measurements": [measurement]}


def gated(token: str, answer: str, text: str = "", polls: int = 1) -> dict[str, Any]:
    """Return the status of a gate that was answered under *token*."""
    return {
        "run": {"token": token, "polls": polls},
        "answer": {"value": answer, "at": NOW.isoformat(), "text": text},
        "conditions": [
            {"type": "Open", "status": "True" if answer == "Approved" else "False", "reason": "R"}
        ],
    }


def applied(actions: tuple[Action, ...], kind: str) -> list[Mapping[str, Any]]:
    """Return the manifests of *kind* that are applied."""
    return [a.manifest for a in actions if isinstance(a, Apply) and a.manifest["kind"] == kind]


def said(decision: Decision[CanaryStatus]) -> list[str]:
    return [action.message for action in decision.actions if isinstance(action, Emit)]


def promoted_primary(version: str) -> dict[str, Any]:
    """Return the primary that a copy of *version* makes."""
    return primary.render_primary(
        a_deployment(version), a_canary(), SELECTOR, replicas=2, configs={}
    )
