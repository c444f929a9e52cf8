"""Where a metric comes from: the MetricTemplate kind, which no controller reconciles."""

from collections.abc import Mapping

from pydantic import Field

from flagger_py.refs import Kind
from flagger_py.wire import Wire

METRIC_TEMPLATE = Kind("flagger.app", "v1beta1", "MetricTemplate", "metrictemplates")


class TemplateSecretRef(Wire):
    """A Secret in the MetricTemplate's namespace."""

    name: str = Field(description="Name of the Secret.")


class TemplateProvider(Wire):
    """A service that answers queries."""

    type: str = Field(
        min_length=1,
        max_length=253,
        description="Which service it is: a built-in provider or an installed one.",
    )
    address: str | None = Field(default=None, description="URL of the service.")
    headers: Mapping[str, tuple[str, ...]] = Field(
        default_factory=dict, description="Headers that are sent along, each with its values."
    )
    secret_ref: TemplateSecretRef | None = Field(
        default=None, description="Secret with the credentials that the provider asks for."
    )
    region: str | None = Field(default=None, description="Region of a cloud service.")
    insecure_skip_verify: bool = Field(default=False, description="Accept any certificate.")


class MetricTemplateSpec(Wire):
    """A query and the service that answers it."""

    provider: TemplateProvider = Field(description="Service that answers the query.")
    query: str = Field(
        description="Query in the provider's language, as a template with variables to fill in."
    )
