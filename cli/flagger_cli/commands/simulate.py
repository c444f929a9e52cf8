"""A Canary's releases in virtual time: hours in seconds, on no cluster."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from flagger_py.errors import SpecError
from flagger_py.quantities import duration_text

from ..manifests import Document, files_option, read
from ..printing import print_table
from ..rows import Table

if TYPE_CHECKING:
    from ..playing import Moment, Played, Wishes

_SECONDS = click.FloatRange(min=0, min_open=True)


@click.command()
@files_option
@click.option(
    "--seconds", type=_SECONDS, default=3600.0, show_default=True, help="Stop after these."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Equal seeds, equal plays.")
@click.option(
    "--errors",
    multiple=True,
    metavar="REVISION=SHARE",
    help="Share of requests that a revision answers with 500, such as 2=0.2; may be repeated.",
)
@click.option(
    "--mesh-provider", default="traefik", show_default=True, help="Router where none is named."
)
def simulate(
    paths: tuple[Path, ...], seconds: float, seed: int, errors: tuple[str, ...], mesh_provider: str
) -> int:
    """Play a Canary's releases in virtual time.

    The controllers are the real ones; cluster, pods, users and Prometheus are imitated. The files
    have one Canary; a Deployment, ConfigMaps and MetricTemplates beside it are used as they are.
    Revision 1 is the first version; each further one is pushed when the last has come to rest.
    Webhooks approve. Exits with 1 when `lint` finds an invalid value, or warns of a query, which
    the imitated Prometheus could not read either; when a revision is not taken, and when a release
    does not come to rest in time.
    """
    from ..playing import Wishes, play
    from ..stage import stage

    shares = dict(_share(text) for text in errors)
    wishes = Wishes(seconds, seed, shares, mesh_provider)
    documents = read(paths)
    _refuse_unrouted(mesh_provider, documents)
    if _invalid(documents, mesh_provider):
        return 1
    on = stage(document.value for document in documents)
    for note in on.notes:
        click.echo(f"note: {note}", err=True)
    click.echo(_beforehand(wishes))
    played = play(on, wishes, _tell)
    click.echo()
    _close(played)
    return 1 if played.stuck else 0


def _refuse_unrouted(provider: str, documents: tuple[Document, ...]) -> None:
    """Refuse a --mesh-provider that nobody knows, and one not routed here that a Canary needs."""
    from flagger_routing.own_provider import warnings
    from flagger_routing.routers.discovery import all_routers

    try:
        told = warnings(provider, all_routers())
    except SpecError as error:
        raise click.UsageError(f"--mesh-provider: {error.message}") from error
    if told and any(_names_no_provider(document.value) for document in documents):
        raise click.UsageError(told[0])


def _names_no_provider(value: Any) -> bool:
    """Tell whether *value*, of a document, is a Canary that leaves the router to the flag."""
    if not isinstance(value, Mapping) or value.get("kind") != "Canary":
        return False
    spec = value.get("spec")
    return isinstance(spec, Mapping) and not spec.get("provider")


def _beforehand(wishes: "Wishes") -> str:
    """Say which revisions come, and which of them fail how many requests."""
    some = {revision: share for revision, share in sorted(wishes.errors.items()) if share}
    told = [f"revision {revision} fails {100 * share:.4g}%" for revision, share in some.items()]
    faults = f"{', '.join(told)} of its requests" if told else "none fails a request of its own"
    return f"Revisions 1 to {wishes.revisions} are released; {faults} (--errors)."


def _invalid(documents: tuple[Document, ...], provider: str) -> bool:
    """Say what `lint` finds; tells whether it is more than fields that nobody reads."""
    from ..linting import lint

    seen = lint(documents, provider)
    for one in seen:
        for told in (*one.unknown, *one.notes):
            click.echo(f"note: {one.title}: {told}", err=True)
        for told in one.invalid:
            click.echo(f"error: {one.title}: {told}", err=True)
        for told in one.warnings:
            click.echo(f"error: {one.title}: {told}; here it has no answer", err=True)
    return any((*one.invalid, *one.warnings) for one in seen)


def _tell(moment: "Moment") -> None:
    where = f"{moment.phase or '-'} {moment.weight}%"
    click.echo(f"{moment.at_s:8.2f}s  {where:<22} {moment.what}")


def _close(played: "Played") -> None:
    rows = tuple(
        (
            str(ending.revision),
            ending.phase or "-",
            duration_text(round(ending.took_s)),
            str(ending.requests),
            str(ending.failed),
        )
        for ending in played.endings
    )
    print_table(Table(("REVISION", "PHASE", "TOOK", "REQUESTS", "FAILED MEANWHILE"), rows))
    if played.stuck:
        click.echo(f"\nerror: {played.stuck}", err=True)


def _share(text: str) -> tuple[int, float]:
    revision, _, share = text.partition("=")
    try:
        found = int(revision), float(share)
    except ValueError as error:
        raise click.UsageError(
            f"--errors={text} says no share; write REVISION=SHARE, such as --errors 2=0.2"
        ) from error
    if found[0] < 1 or not 0 <= found[1] <= 1:
        raise click.UsageError(f"--errors={text}: revisions count from 1, shares go from 0 to 1")
    return found
