"""In which form objects are printed: as kubectl does, for programs to read."""

import json
from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import yaml

from flagger_py.refs import Kind
from flagger_py.wire import Manifest


class Output(StrEnum):
    """What `-o` says; without it there is a table."""

    JSON = "json"
    YAML = "yaml"
    NAME = "name"


def listed(output: Output, kind: Kind, manifests: Sequence[Manifest]) -> str:
    """Return all of *manifests* as one text: a List for json and yaml, a line each for names."""
    if output is Output.NAME:
        return "".join(named(kind, manifest) for manifest in manifests)
    items = [_shown(manifest) for manifest in manifests]
    whole = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": items}
    return _json(whole) if output is Output.JSON else _yaml(whole)


def single(output: Output, kind: Kind, manifest: Manifest, *, later: bool = False) -> str:
    """Return one object, or a line with its name.

    In YAML a *later* one of a stream begins with the line that parts it from the one before.
    """
    match output:
        case Output.JSON:
            return _json(_shown(manifest))
        case Output.YAML:
            document = _yaml(_shown(manifest))
            return f"---\n{document}" if later else document
        case Output.NAME:
            return named(kind, manifest)


def named(kind: Kind, manifest: Manifest) -> str:
    """Return the line by which kubectl takes the object again: `canary.flagger.app/app`."""
    return f"{kind.kind.lower()}.{kind.group}/{manifest['metadata']['name']}\n"


def _shown(manifest: Manifest) -> dict[str, Any]:
    """Leave out managedFields, as kubectl does: they are longer than all the rest."""
    kept = {k: v for k, v in manifest["metadata"].items() if k != "managedFields"}
    return {**manifest, "metadata": kept}


def _json(value: dict[str, Any]) -> str:
    return f"{json.dumps(value, indent=4, ensure_ascii=False)}\n"


def _yaml(value: dict[str, Any]) -> str:
    return str(yaml.safe_dump(value, sort_keys=False, allow_unicode=True))
