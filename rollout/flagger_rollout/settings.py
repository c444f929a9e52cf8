"""What an operator chooses for this part, mostly by Flagger's flags of the same names."""

from dataclasses import dataclass

from .api import CanarySpec


@dataclass(frozen=True, slots=True)
class RolloutSettings:
    """Choices that hold for every Canary of this controller."""

    mesh_provider: str = ""
    """The routing provider of Canaries that name none."""
    metrics_server: str | None = None
    """The Prometheus address of Canaries that name none; None leaves it to the metrics part."""
    selector_labels: tuple[str, ...] = ("app", "name", "app.kubernetes.io/name")
    include_label_prefixes: tuple[str, ...] = ()
    config_tracking: bool = True
    event_webhook: str = ""
    min_interval_s: float = 10.0
    no_cross_namespace_refs: bool = False
    no_answer_after_s: float = 30.0
    """How long a question to another controller stays unanswered before we say so."""
    default_account: str | None = None
    """Impersonated where an object names no ServiceAccount."""

    def provider_of(self, spec: CanarySpec) -> str:
        """Return the routing provider that *spec* names, else ours; empty where neither does."""
        return spec.provider or self.mesh_provider
