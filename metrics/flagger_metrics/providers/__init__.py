"""The metric providers: what ours are called, and what of Flagger's is not here yet."""

from collections.abc import Mapping

from flagger_py.conditions import Reason
from flagger_py.errors import SpecError

from .openmetrics import OpenMetrics
from .prometheus import Prometheus
from .provider import Access, Answer, Digesting, Exchange, Provider, Query, digests

__all__ = [
    "LATER",
    "PROVIDERS",
    "Access",
    "Answer",
    "Digesting",
    "Exchange",
    "Provider",
    "Providers",
    "Query",
    "digests",
    "provider_of",
]

Providers = Mapping[str, Provider]

PROVIDERS: Providers = {"openmetrics": OpenMetrics(), "prometheus": Prometheus()}

LATER = (
    "cloudwatch",
    "datadog",
    "dynatrace",
    "externalmetrics",
    "graphite",
    "influxdb",
    "keptn",
    "newrelic",
    "splunk",
    "stackdriver",
)
"""Types that Flagger answers and we do not yet; an installed provider may fill them."""


def provider_of(kind: str, providers: Providers, where: str) -> Provider:
    """Return the provider of type *kind*; `SpecError` names *where* it is asked for."""
    found = providers.get(kind)
    if found is not None:
        return found
    what = "is not supported yet" if kind in LATER else "is unknown"
    known = ", ".join(sorted(providers))
    raise SpecError(
        f"{where}: spec.provider.type {kind!r} {what}; supported are {known}",
        reason=Reason.NOT_SUPPORTED if kind in LATER else "UnknownProvider",
    )
