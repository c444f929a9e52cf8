"""Where the answer to a question comes from: the provider, the way in and the rendered query."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from flagger_py.conditions import Reason
from flagger_py.errors import FlaggerError, Missing, SpecError
from flagger_py.quantities import duration_s
from flagger_py.refs import Key
from flagger_py.runtime.cluster import Site

from . import render
from .api import MetricAnalysisSpec
from .api_template import METRIC_TEMPLATE, MetricTemplateSpec
from .heard import Cause, Trouble
from .providers import Access, Provider, Providers, provider_of
from .queries import built_in_for
from .questions import Origin, Question, names
from .settings import MetricsSettings, SourceType
from .stage import Analysis
from .window import window, window_text

NOTHING_TO_ASK = "no usable metrics template and query were configured"
CHECKING = "Error checking metric providers: "
_OTHER = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True)
class Source:
    """Everything one reading needs; *title* names the provider in Flagger's messages."""

    provider: Provider
    access: Access
    query: str
    title: str


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds sources with what the operator chose and what is installed."""

    settings: MetricsSettings
    providers: Providers

    async def sampled(self, question: Question, subject: Analysis, site: Site) -> bool:
        """Tell whether we scrape for this question ourselves; no Secret is read to learn it."""
        match question.origin:
            case Origin.BUILT_IN | Origin.INLINE:
                return self.providers[self.access_of_server(subject.spec).type].sampled
            case Origin.TEMPLATE if question.template is not None:
                try:
                    template = await _template(question.template, site)
                except SpecError:
                    return False
                provider = self.providers.get(template.provider.type)
                return provider is not None and provider.sampled
            case Origin.TEMPLATE | Origin.NOWHERE:
                return False

    async def find(self, question: Question, subject: Analysis, site: Site) -> Source | Trouble:
        """Return where to ask *question*, or what stands in the way."""
        match question.origin:
            case Origin.BUILT_IN | Origin.INLINE:
                return self.served(question, subject)
            case Origin.TEMPLATE:
                return await self.templated(question, subject, site)
            case Origin.NOWHERE:
                return Trouble(
                    Cause.SPEC,
                    Reason.INVALID_SPEC,
                    f"Metric query failed for {NOTHING_TO_ASK}",
                    f"{question.field} ({question.metric.name}): {NOTHING_TO_ASK}; give it a query "
                    f"or a templateRef, or call it request-success-rate or request-duration",
                )

    def served(self, question: Question, subject: Analysis) -> Source | Trouble:
        """Ask the metrics server: built-in queries and those written into the metric."""
        where = f"{question.field} ({question.metric.name})"
        access = self.access_of_server(subject.spec)
        provider = self.providers[access.type]
        try:
            if question.origin is Origin.BUILT_IN:
                text, clean = self.built_in(question, subject.spec)
            else:
                text, clean = question.metric.query or "", False
            query = self.rendered(text, question, subject, sampled=provider.sampled, clean=clean)
        except SpecError as error:
            sentence = f"Prometheus query failed for {question.metric.name}: {error.message}"
            return Trouble(Cause.SPEC, error.reason, sentence, f"{where}: {error.message}")
        try:
            provider.admit(access)
        except SpecError as error:
            sentence = f"Prometheus query failed: {error.message}"
            return Trouble(Cause.SPEC, error.reason, sentence, f"spec.target: {error.message}")
        return Source(provider, access, query, access.type)

    def access_of_server(self, spec: MetricAnalysisSpec) -> Access:
        """Return the way to the Prometheus of this target, or to the operator's exporters."""
        if spec.target.metrics_server:
            return Access(SourceType.PROMETHEUS, spec.target.metrics_server)
        match self.settings.source:
            case SourceType.PROMETHEUS as source:
                return Access(source, self.settings.metrics_server)
            case SourceType.OPENMETRICS as source:
                return Access(source, ",".join(self.settings.openmetrics_addresses))

    def built_in(self, question: Question, spec: MetricAnalysisSpec) -> tuple[str, bool]:
        """Return a built-in metric's template, and whether names are cleaned before it has them.

        Raises `SpecError` where the target's provider is missing or has no built-in metrics.
        """
        if not spec.target.provider:
            raise SpecError("spec.target.provider: needed for a built-in metric, such as traefik")
        built_in = built_in_for(spec.target.provider)
        return built_in.query(question.metric.name, spec.target.kind), built_in.clean_names

    def rendered(
        self, text: str, question: Question, subject: Analysis, *, sampled: bool, clean: bool
    ) -> str:
        """Fill in a query template with the window that this moment allows."""
        interval_s = duration_s(question.interval, f"{question.field}.interval")
        run = subject.spec.run
        scrape_s = self.settings.scrape_interval_s(sampled=sampled)
        begun = (run.begun or run.since) if run else None
        window_s = window(interval_s, begun, subject.now, scrape_s)
        interval = window_text(question.interval, interval_s, window_s)
        known = names(subject.spec, subject.name, subject.namespace, interval)
        variables: Mapping[str, str] = {
            **subject.spec.target.variables,
            **question.metric.template_variables,
        }
        return render.render(text, _cleaned(known) if clean else known, variables)

    async def templated(
        self, question: Question, subject: Analysis, site: Site
    ) -> Source | Trouble:
        """Ask whom a MetricTemplate names."""
        key = question.template or Key(subject.namespace, question.metric.name)
        title = f"{key.name}.{key.namespace}"
        if self.settings.no_cross_namespace_refs and key.namespace != subject.namespace:
            told = f"can't access metric template {title}, cross-namespace references are blocked"
            where = f"{question.field}.templateRef: {told}"
            return Trouble(Cause.SPEC, Reason.ACCESS_DENIED, f"Metric template {told}", where)
        try:
            template = await _template(key, site)
        except FlaggerError as error:
            return _missing(f"{title} error: {error.message}")
        try:
            provider = provider_of(template.provider.type, self.providers, f"MetricTemplate {key}")
        except SpecError as error:
            told = f"{title} provider {template.provider.type} error: {error.message}"
            return Trouble(Cause.SPEC, error.reason, f"Metric template {told}", error.message)
        try:
            sampled = provider.sampled
            query = self.rendered(template.query, question, subject, sampled=sampled, clean=False)
        except SpecError as error:
            sentence = f"Metric template {title} query render error: {error.message}"
            return Trouble(Cause.SPEC, error.reason, sentence, f"MetricTemplate {key}: {sentence}")
        access = await _access(template, key, site)
        if isinstance(access, Trouble):
            return access
        try:
            provider.admit(access)
        except SpecError as error:
            return _missing(f"{title} provider {access.type} error: {error.message}")
        return Source(provider, access, query, f"{access.type} in metric template {title}")


async def _template(key: Key, site: Site) -> MetricTemplateSpec:
    """Read a MetricTemplate; that it is missing is told in Flagger's words, in the singular."""
    try:
        manifest = await site.cluster.get(METRIC_TEMPLATE, key)
    except Missing as error:
        raise SpecError(error.message) from error
    if manifest is None:
        kind = METRIC_TEMPLATE.kind.lower()
        raise SpecError(f'{kind}.{METRIC_TEMPLATE.group} "{key.name}" not found')
    return MetricTemplateSpec.read(manifest.get("spec") or {}, "spec")


async def _access(template: MetricTemplateSpec, key: Key, site: Site) -> Access | Trouble:
    """Collect what the provider needs to be asked, the template's Secret included."""
    spec = template.provider
    access = Access(
        type=spec.type,
        address=spec.address or "",
        headers={name: ", ".join(values) for name, values in spec.headers.items()},
        region=spec.region,
        verify_tls=not spec.insecure_skip_verify,
    )
    if spec.secret_ref is None:
        return access
    secret = Key(key.namespace, spec.secret_ref.name)
    title = f"{key.name}.{key.namespace} secret {secret.name}"
    try:
        data = await site.cluster.secret(secret)
    except SpecError as error:
        sentence = f"Metric template {title} error: {error.message}"
        return Trouble(Cause.SPEC, error.reason, sentence, sentence)
    if data is None:
        return _missing(f'{title} error: secrets "{secret.name}" not found')
    known = {name: value.decode(errors="replace").strip() for name, value in data.items()}
    return replace(access, credentials=known)


def _missing(told: str) -> Trouble:
    """Say that something a template needs is not there, in both of Flagger's sentences."""
    return Trouble(
        Cause.DEPENDENCY,
        Reason.DEPENDENCY_NOT_READY,
        f"Metric template {told}",
        f"{CHECKING}metric template {told}",
    )


def _cleaned(known: render.Names) -> render.Names:
    """Write names as Skipper does in its labels: everything but letters, digits and `_` is `_`."""
    cleaned = {slot: _OTHER.sub("_", text) for slot, text in asdict(known).items()}
    return render.Names(**{**cleaned, "interval": known.interval})
