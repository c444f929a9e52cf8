"""What a folder of generated CustomResourceDefinitions should hold."""

from collections.abc import Iterable
from pathlib import Path

from flagger_py import crd


def orphans(resources: Iterable[crd.CustomResource], folder: Path) -> tuple[Path, ...]:
    """Return the files in *folder* that were made from a model there is no more.

    Files that nobody generated, a kustomization for example, are none of our business.
    """
    wanted = {crd.file_name(resource) for resource in resources}
    found = sorted(folder.glob("*.yaml"))
    return tuple(path for path in found if path.name not in wanted and _generated(path))


def unreadable(folder: Path) -> tuple[Path, ...]:
    """Return the files in *folder* whose name is that of YAML and whose content is no UTF-8."""
    return tuple(path for path in sorted(folder.glob("*.yaml")) if not _is_text(path))


def _is_text(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _generated(path: Path) -> bool:
    with path.open(encoding="utf-8") as file:
        return file.readline() == crd.HEADER
