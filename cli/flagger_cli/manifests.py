"""Which objects YAML files hold: lists unpacked, what a server set left out, keys counted."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
import yaml

from flagger_py.errors import SpecError

files_option = click.option(
    *("-f", "--file"),
    "paths",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path),
    multiple=True,
    required=True,
    help="Manifests; - is stdin; may be repeated.",
)
"""Gives a command the parameter *paths*."""

_OF_THE_SERVER = (
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generation",
    "managedFields",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
)
"""Metadata that nobody writes into a file by hand; `kubectl get -o yaml` prints it."""


@dataclass(frozen=True, slots=True)
class Document:
    """One object of a file; *double* names the keys that its YAML document has twice.

    With a *fault* there is no object: the file, or the rest of it, cannot be read.
    """

    source: str
    value: Any
    double: tuple[str, ...] = ()
    fault: str = ""


def read(paths: Iterable[Path]) -> tuple[Document, ...]:
    """Return every object in *paths*, in order; `SpecError` names a file that is no YAML."""
    found = tuple(document for path in paths for document in documents(path))
    for document in found:
        if document.fault:
            raise SpecError(f"{document.source} {document.fault}")
    return found


def documents(path: Path) -> Iterator[Document]:
    """Yield every object in *path*; one that cannot be read has a fault, and is the last."""
    text = ""
    try:
        with click.open_file(str(path), encoding="utf-8") as file:
            text = file.read()
            loader = _Loader(text)
            loader.name = str(path)
            while loader.check_data():  # type: ignore[no-untyped-call]  # a gap in the stubs
                loader.double = []
                value = loader.get_data()
                double = tuple(loader.double)
                for item in _unpacked(value):
                    yield Document(str(path), item, double)
                    double = ()
    except yaml.YAMLError as error:
        yield Document(str(path), None, fault=f"is no YAML: {error}{_templated(text, error)}")
    except RecursionError:
        yield Document(str(path), None, fault="is nested more deeply than any object; mend it")
    except UnicodeDecodeError as error:
        yield Document(str(path), None, fault=f"is no UTF-8, so no YAML: {error}")
    except OSError as error:
        yield Document(str(path), None, fault=f"cannot be read: {error.strerror}")


def _templated(text: str, error: yaml.YAMLError) -> str:
    """Say what to do first where the line at fault is one of a Helm template."""
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    lines = text.splitlines()
    if mark is None or mark.line >= len(lines) or "{{" not in lines[mark.line]:
        return ""
    return "; render a Helm template first: helm template ... | flagger-py lint -f -"


def _unpacked(value: Any) -> Iterator[Any]:
    """Yield the objects of *value*, which may be a list of them as kubectl prints it."""
    if value is None:
        return
    items = value.get("items") if isinstance(value, Mapping) else None
    kind = str(value.get("kind", "")) if isinstance(value, Mapping) else ""
    if not kind.endswith("List") or not isinstance(items, list):
        yield _as_written(value)
        return
    own = kind.removesuffix("List")
    known = {"apiVersion": value.get("apiVersion"), "kind": own} if own else {}
    for item in items:
        yield from _unpacked({**known, **item} if isinstance(item, Mapping) else item)


def _as_written(value: Any) -> Any:
    """Return an object without what only a server says of it."""
    if not isinstance(value, Mapping):
        return value
    rest = {key: part for key, part in value.items() if key != "status"}
    if isinstance(value.get("metadata"), Mapping):
        kept = value["metadata"].items()
        rest["metadata"] = {key: part for key, part in kept if key not in _OF_THE_SERVER}
    return rest


class _Loader(yaml.SafeLoader):
    """Reads YAML and remembers the keys that stand twice in one map: the last one wins."""

    double: list[str]

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                if key.value in seen:
                    line = key.start_mark.line + 1
                    self.double.append(f"line {line}: {key.value} stands twice in one map")
                seen.add(key.value)
        return super().construct_mapping(node, deep)
