"""Manifests looked at before any cluster sees them."""

from pathlib import Path

import click
import yaml

from flagger_py.errors import SpecError

from ..linting import Checked
from ..linting import lint as checked

_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)


@click.command()
@click.option("-f", "--file", "paths", type=_FILE, multiple=True, required=True, help="- is stdin.")
def lint(paths: tuple[Path, ...]) -> int:
    """Find unknown fields and invalid values in manifests.

    An API server drops unknown fields silently; here each is named with its path. Objects of
    kinds that are not ours are left alone. Exits with 1 when there is a finding.
    """
    seen = [(path, one) for path in paths for one in _documents(path)]
    for path, one in seen:
        for finding in one.findings:
            click.echo(f"{path}: {one.title}: {finding}")
    count = sum(len(one.findings) for _, one in seen)
    ours = sum(one.ours for _, one in seen)
    told = f"{count} finding{'s' if count != 1 else ''} in {ours} of {len(seen)} objects"
    click.echo(f"{told}; the others are not of our kinds" if ours < len(seen) else told, err=True)
    return 1 if count else 0


def _documents(path: Path) -> list[Checked]:
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            return [checked(found) for found in yaml.safe_load_all(file) if found is not None]
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SpecError(f"{path} is no YAML: {error}") from error
