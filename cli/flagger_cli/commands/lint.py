"""Manifests looked at before any cluster sees them."""

from pathlib import Path

import click

from ..linting import lint as linted
from ..manifests import documents, files_option


@click.command()
@files_option
def lint(paths: tuple[Path, ...]) -> int:
    """Find unknown fields and invalid values in manifests.

    An API server drops unknown fields silently; here each is named with its path. What the
    controllers of this version would refuse is refused here in their words. A metric's query that
    our reader of PromQL does not understand is a warning, since the server that is asked may know
    more, as VictoriaMetrics does; what counts as something else than it says is a note. Lists are
    unpacked, and objects of kinds that are not ours are left alone. Exits with 1 when there is a
    finding; neither a warning nor a note is one.

    Not seen here is what only a cluster can tell: whether targets, MetricTemplates, Secrets and
    Gateways that are named exist, whether webhooks and metric servers answer, what a controller's
    flags say, and who may do what.
    """
    read = {path: tuple(documents(path)) for path in paths}
    for path, found in read.items():
        if not found:
            click.echo(f"note: {path}: the file has no objects", err=True)
    seen = linted(document for found in read.values() for document in found)
    for one in seen:
        for finding in one.findings:
            click.echo(f"{one.source}: {one.title}: {finding}")
        for warning in one.warnings:
            click.echo(f"warning: {one.source}: {one.title}: {warning}", err=True)
        for note in one.notes:
            click.echo(f"note: {one.source}: {one.title}: {note}", err=True)
    count = sum(len(one.findings) for one in seen)
    objects = [one for one in seen if one.is_object]
    ours = sum(one.ours for one in objects)
    told = f"{count} finding{'s' if count != 1 else ''} in {ours} of {len(objects)} objects"
    others = "; the others are not of our kinds" if ours < len(objects) else ""
    click.echo(f"{told}{others}", err=True)
    return 1 if count else 0
