"""How a rollout controller is set up: what Flagger's flags of the same names say."""

from collections.abc import Sequence
from dataclasses import dataclass

from .api import CanarySpec


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """Choices that hold for every Canary of this controller."""

    mesh_provider: str = ""
    """The routing provider of Canaries that name none."""
    metrics_server: str | None = None
    """The Prometheus address of Canaries that name none; None leaves it to the metrics part."""
    selector_labels: Sequence[str] = ("app", "name", "app.kubernetes.io/name")
    include_label_prefixes: tuple[str, ...] = ()
    config_tracking: bool = True
    event_webhook: str = ""
    min_interval_s: float = 10.0
    no_cross_namespace_refs: bool = False
    no_answer_after_s: float = 30.0
    """How long a question to another controller stays unanswered before we say so."""

    def provider_of(self, spec: CanarySpec) -> str:
        return spec.provider or self.mesh_provider
