"""The rollout controller: the Canary part, put together, alone or beside the others."""

import argparse
import os
from collections.abc import Sequence
from functools import partial

from flagger_py.decision import Action, Emit
from flagger_py.refs import controlled_by
from flagger_py.runtime.cluster import Site
from flagger_py.runtime.options import RuntimeOptions, flag, seconds, switch
from flagger_py.runtime.part import Part
from flagger_py.runtime.process import main as run_main
from flagger_py.subject import Subject

from .api import KIND, CanarySpec, CanaryStatus
from .children import paused
from .decide import decide
from .deleting import FINALIZER
from .observe import observe
from .settings import RolloutSettings
from .sight import Seen
from .telling import Reason


def part(
    settings: RolloutSettings, default_account: str | None = None
) -> Part[CanarySpec, CanaryStatus, Seen]:
    """Put the rollout part together for *settings*."""
    return Part(
        name="rollout",
        kind=KIND,
        spec=CanarySpec,
        status=CanaryStatus,
        observe=partial(observe, settings),
        decide=partial(decide, settings),
        finalizer=FINALIZER,
        default_account=default_account,
        suspended=partial(_suspended, settings),
    )


async def _suspended(
    settings: RolloutSettings, subject: Subject[CanarySpec, CanaryStatus], site: Site
) -> tuple[Action, ...]:
    """Say once that nothing happens any more, and suspend those who answer for this Canary."""
    seen = await observe(settings, subject, site)
    children = (seen.route, seen.analysis, *seen.gates.values())
    told = Emit(
        Reason.SUSPENDED,
        "skipping canary run as object is suspended",
        token=f"generation {subject.generation}",
    )
    found = (child.manifest for child in children if child.manifest is not None)
    return (told, *(paused(manifest) for manifest in found if controlled_by(manifest, subject.uid)))


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Add the flags that only this controller has, under Flagger's names."""
    flag(parser, "mesh-provider", default="", help="Provider of Canaries that name none.")
    flag(parser, "metrics-server", default="", help="Prometheus of Canaries that name none.")
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


def settings_from(options: RuntimeOptions, flags: argparse.Namespace) -> RolloutSettings:
    """Read the settings from parsed *flags*."""
    return RolloutSettings(
        mesh_provider=flags.mesh_provider,
        metrics_server=flags.metrics_server or None,
        selector_labels=tuple(_listed(flags.selector_labels)),
        include_label_prefixes=tuple(_listed(flags.include_label_prefix)),
        config_tracking=flags.enable_config_tracking,
        event_webhook=os.environ.get("EVENT_WEBHOOK_URL", flags.event_webhook),
        min_interval_s=flags.min_interval,
        no_cross_namespace_refs=options.no_cross_namespace_refs,
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run this controller alone until it is told to stop; return the exit code."""
    return run_main("flagger-rollout", _parts, argv, add_flags)


def _parts(
    options: RuntimeOptions, flags: argparse.Namespace
) -> Sequence[Part[CanarySpec, CanaryStatus, Seen]]:
    return (part(settings_from(options, flags), options.default_service_account or None),)


def _listed(text: str) -> list[str]:
    return [item.strip() for item in text.split(",") if item.strip()]
