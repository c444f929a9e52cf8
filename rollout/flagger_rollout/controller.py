"""The Canary controller: its part, its flags, its process."""

import os
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from flagger_py.decision import Action, Emit
from flagger_py.refs import controlled_by
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.flags import url
from flagger_py.runtime.options import RuntimeOptions, flag, seconds, switch
from flagger_py.runtime.part import Part, spec_seconds
from flagger_py.subject import Subject

from .api import KIND, CanarySpec, CanaryStatus
from .children import paused
from .decide import decide
from .deleting import FINALIZER
from .observe import begin_anew, observe
from .series import MEANINGS
from .settings import RolloutSettings
from .sight import Seen
from .telling import Reason

PROGRAM = "flagger-rollout"

RolloutPart = Part[CanarySpec, CanaryStatus, Seen]


def part(settings: RolloutSettings) -> RolloutPart:
    """Return the part that owns every Canary."""
    return Part(
        name="rollout",
        kind=KIND,
        spec=CanarySpec,
        status=CanaryStatus,
        observe=partial(observe, settings),
        decide=partial(decide, settings),
        finalizer=FINALIZER,
        default_account=settings.default_account,
        suspended=partial(_suspended, settings),
        lets_go_after=spec_seconds("progressDeadlineSeconds"),
        meanings=MEANINGS,
    )


def add_flags(parser: ArgumentParser) -> None:
    """Teach *parser* the flags of this part, under Flagger's names where it has them."""
    flag(parser, "mesh-provider", default="", help="Provider of Canaries that name none.")
    flag(
        parser,
        "metrics-server",
        default="",
        type=url,
        help="Prometheus of Canaries that name none.",
    )
    flag(
        parser,
        "selector-labels",
        default="app,name,app.kubernetes.io/name",
        help="Labels that tell a target's pods from its primary's; the first present one counts.",
    )
    flag(
        parser,
        "include-label-prefix",
        default="",
        help="Labels with one of these prefixes are copied to the primary; * for all.",
    )
    switch(
        parser,
        "enable-config-tracking",
        default=True,
        help="Copy the ConfigMaps and Secrets that a target reads, and release their changes.",
    )
    flag(parser, "event-webhook", default="", help="Address that gets every event.")
    flag(
        parser,
        "min-interval",
        default=10.0,
        type=seconds,
        help="Shortest analysis.interval; a shorter one counts as this.",
    )


def settings_from(options: RuntimeOptions, flags: Namespace) -> RolloutSettings:
    """Collect this part's choices from those of the process and from parsed *flags*.

    As in Flagger a variable EVENT_WEBHOOK_URL wins over the flag, unless it is empty.
    """
    return RolloutSettings(
        mesh_provider=flags.mesh_provider,
        metrics_server=flags.metrics_server or None,
        selector_labels=_listed(flags.selector_labels),
        include_label_prefixes=_listed(flags.include_label_prefix),
        config_tracking=flags.enable_config_tracking,
        event_webhook=os.environ.get("EVENT_WEBHOOK_URL") or flags.event_webhook,
        min_interval_s=flags.min_interval,
        no_cross_namespace_refs=options.no_cross_namespace_refs,
        default_account=options.default_service_account or None,
    )


def parts(options: RuntimeOptions, flags: Namespace) -> Sequence[RolloutPart]:
    """Return the one part of a process of its own."""
    return (part(settings_from(options, flags)),)


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    from flagger_py.runtime import process

    return process.main(PROGRAM, parts, argv, add_flags)


async def _suspended(
    settings: RolloutSettings, subject: Subject[CanarySpec, CanaryStatus], site: Site
) -> tuple[Action, ...]:
    """Say once that nothing happens any more, and suspend those who answer for this Canary."""
    seen = await observe(settings, subject, site)
    begin_anew(site)
    children = (seen.route, seen.analysis, *seen.gates.values())
    told = Emit(
        Reason.SUSPENDED,
        "skipping canary run as object is suspended",
        token=f"generation {subject.generation}",
    )
    found = (child.manifest for child in children if child.manifest is not None)
    return (told, *(paused(manifest) for manifest in found if controlled_by(manifest, subject.uid)))


def _listed(text: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())
