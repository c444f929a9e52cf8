"""The CustomResourceDefinitions, printed, written or checked."""

from pathlib import Path

import click

from flagger_py import crd

from ..definitions import orphans, unreadable
from ..resources import RESOURCES

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option("--out", type=_FOLDER, help="Write one file per kind here; orphans are removed.")
@click.option("--check", type=_FOLDER, help="Fail if a file here is stale, missing or orphaned.")
def crds(out: Path | None, check: Path | None) -> None:
    """Print the CustomResourceDefinitions of all parts, or write or check their files."""
    if out and check:
        raise click.UsageError("--out and --check exclude one another; give one of them")
    if check:
        _check(check)
    elif out:
        _write(out)
    else:
        click.echo("---\n".join(crd.text(resource) for resource in RESOURCES), nl=False)


def _write(folder: Path) -> None:
    _refuse_unreadable(folder)
    try:
        crd.write(RESOURCES, folder)
        for path in orphans(RESOURCES, folder):
            path.unlink()
    except OSError as error:
        raise click.ClickException(
            f"--out {folder} cannot be written ({error.strerror}); name a folder that you may "
            f"write to"
        ) from error


def _refuse_unreadable(folder: Path) -> None:
    for path in unreadable(folder):
        raise click.ClickException(f"{path} is no UTF-8 text; save it as UTF-8, or move it away")


def _check(folder: Path) -> None:
    _refuse_unreadable(folder)
    stale = crd.stale(RESOURCES, folder)
    left = tuple(path.name for path in orphans(RESOURCES, folder))
    found = []
    if stale:
        found.append(f"stale or missing in {folder}: {', '.join(stale)}")
    if left:
        found.append(f"without a kind in {folder}: {', '.join(left)}")
    if found:
        raise click.ClickException(f"{'; '.join(found)}; run flagger-py crds --out {folder}")
