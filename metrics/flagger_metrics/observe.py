"""What is heard from the metric providers in one pass."""

from dataclasses import dataclass, field

from flagger_py.egress import Request
from flagger_py.errors import SpecError, Unavailable
from flagger_py.quantities import duration_s
from flagger_py.runtime.cluster import Site

from .asked import Asked
from .decide import PROVIDER_UNAVAILABLE, Seen
from .heard import Cause, Heard, Trouble
from .providers import Exchange, Query, digests
from .questions import Question, questions
from .samples import Samples
from .settings import MetricsSettings
from .sources import CHECKING, Finder, Source
from .stage import Analysis, Stage, stage

SAMPLES = "samples"
"""Where in an object's memory its samples are, by source; lost in a crash, then scraped anew."""


@dataclass(frozen=True, slots=True)
class Observer:
    """Looks at what a pass is about; shares what was asked this second with every other pass."""

    finder: Finder
    settings: MetricsSettings
    asked: Asked = field(default_factory=Asked)

    async def observe(self, subject: Analysis, site: Site) -> Seen:
        """Ask each question once, in order, when a verdict is due; before that at most scrape."""
        match stage(subject, self.settings):
            case Stage.ACKNOWLEDGE:
                return Seen(scrape_s=0.0 if await self.any_sampled(subject, site) else None)
            case Stage.SETTLED:
                site.memory.pop(SAMPLES, None)
                return Seen()
            case Stage.CHECK:
                site.memory.pop(SAMPLES, None)
                return await self.check(subject, site)
            case Stage.WAIT:
                return await self.scrape(subject, site)
            case Stage.JUDGE:
                return await self.listen(subject, site)

    async def listen(self, subject: Analysis, site: Site) -> Seen:
        """Ask every question and bring back what came of each, in their order."""
        heard = []
        for question in questions(subject.spec, subject.namespace):
            source = await self.finder.find(question, subject, site)
            heard.append(await self.hear(question, source, subject, site))
        return Seen(tuple(heard), self.pace(heard))

    async def scrape(self, subject: Analysis, site: Site) -> Seen:
        """Keep up the samples of exporters; nothing else is asked while waiting."""
        heard = []
        for question in questions(subject.spec, subject.namespace):
            if await self.finder.sampled(question, subject, site):
                source = await self.finder.find(question, subject, site)
                heard.append(await self.hear(question, source, subject, site))
        return Seen(scrape_s=self.pace(heard))

    async def any_sampled(self, subject: Analysis, site: Site) -> bool:
        """Tell whether we scrape for any question, or cannot know it yet."""
        try:
            for question in questions(subject.spec, subject.namespace):
                if await self.finder.sampled(question, subject, site):
                    return True
        except Unavailable:
            return True  # The next pass meets this again, with the run acknowledged.
        return False

    async def check(self, subject: Analysis, site: Site) -> Seen:
        """Find every source and see whether it answers, each once."""
        heard = []
        for question in questions(subject.spec, subject.namespace):
            source = await self.finder.find(question, subject, site)
            trouble = source if isinstance(source, Trouble) else await self.probe(source, site)
            heard.append(Heard(question, trouble=trouble))
        return Seen(tuple(heard))

    async def hear(
        self, question: Question, source: Source | Trouble, subject: Analysis, site: Site
    ) -> Heard:
        """Ask one question of its *source*; what keeps it from being asked is heard as well."""
        if isinstance(source, Trouble):
            return Heard(question, trouble=source)
        requests = source.provider.requests(source.access, source.query)
        try:
            exchanges = await self.exchange(requests, source, site)
        except SpecError as error:
            return Heard(question, source.query, trouble=_forbidden(source, error))
        since = subject.spec.run.since if subject.spec.run else None
        query = Query(source.query, site.now, since)
        samples = _samples(source, subject, site)
        answer = source.provider.answer(query, source.access, exchanges, samples)
        return Heard(question, source.query, answer, sampled=source.provider.sampled)

    async def probe(self, source: Source, site: Site) -> Trouble | None:
        """See whether the provider answers at all; None when it does."""
        requests = source.provider.probe(source.access)
        try:
            exchanges = await self.exchange(requests, source, site)
        except SpecError as error:
            return _forbidden(source, error)
        fault = source.provider.offline(source.access, exchanges)
        if fault is None:
            return None
        told = f"{CHECKING}{source.title} not avaiable: {fault}"  # codespell:ignore - Flagger's
        return Trouble(Cause.PROVIDER, PROVIDER_UNAVAILABLE, told, told)

    async def exchange(
        self, requests: tuple[Request, ...], source: Source, site: Site
    ) -> list[Exchange]:
        """Send each request, or take what another pass has sent this second."""
        provider = source.provider
        digest = provider.digest if digests(provider) else None
        return [await self.asked.send(site.egress, r, site.now, digest) for r in requests]

    def pace(self, heard: list[Heard]) -> float | None:
        """Return how soon to scrape again, None where nothing is scraped by us."""
        if not any(one.sampled for one in heard):
            return None
        return self.settings.scrape_interval_s(sampled=True)


def _forbidden(source: Source, error: SpecError) -> Trouble:
    """Say that the operator does not allow requests to this provider."""
    told = f"{CHECKING}{source.title} error: {error.message}"
    return Trouble(Cause.SPEC, error.reason, f"Metric query failed: {error.message}", told)


def _samples(source: Source, subject: Analysis, site: Site) -> Samples:
    """Return what was scraped of *source* for this object, kept for as long as its windows."""
    access = source.access
    key = (access.type, access.address, *sorted(access.headers.items()))
    asked = questions(subject.spec, subject.namespace)
    window_s = max(duration_s(question.interval, question.field) for question in asked)
    samples: Samples = site.memory.setdefault(SAMPLES, {}).setdefault(key, Samples(window_s))
    samples.keep_s = max(samples.keep_s, window_s)
    return samples
