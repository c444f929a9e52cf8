"""Which kubeconfigs and which context are meant, and what is wrong with them, in a sentence.

Files and context are chosen as kubectl does. Nothing here decides what is accepted:
`kubernetes.config` does, and is asked first.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

_DEFAULT = "~/.kube/config"
_HOW = "give --kubeconfig, set $KUBECONFIG, or run in a pod"
_COMMAND = "kubectl config use-context"


def located(kubeconfig: str, environ: Mapping[str, str]) -> str:
    """Return *kubeconfig*, else where kubectl looks; several files are separated as in PATH."""
    return kubeconfig or environ.get("KUBECONFIG") or _DEFAULT


def current_context(listed: str) -> str:
    """Return the context that the first of the files *listed* to name one says; empty if none does.

    `kubernetes.config` would take the last one's, and lead to another cluster than kubectl.
    """
    found = (_read(path) for path in _paths(listed) if path.exists())
    return _current([file for file in found if isinstance(file, Mapping)])


def fault(listed: str, context: str) -> str | None:
    """Return why the files *listed* give no credentials in *context*; None if it is not known."""
    paths = _paths(listed)
    there = tuple(path for path in paths if path.exists())
    if not there:
        return f"no kubeconfig: {_nowhere(paths)}; {_HOW}"
    files: list[Mapping[str, Any]] = []
    for path in there:
        found = _read(path)
        if isinstance(found, str):
            return f"kubeconfig {path} {found}; mend it or give another one with --kubeconfig"
        files.append(found)
    return _unusable(", ".join(map(str, there)), files, context)


def _paths(listed: str) -> tuple[Path, ...]:
    return tuple(Path(path).expanduser() for path in listed.split(os.pathsep) if path)


def _nowhere(paths: tuple[Path, ...]) -> str:
    match paths:
        case ():
            return "$KUBECONFIG names no file"
        case (path,):
            return f"{path} does not exist"
        case _:
            return f"none of {', '.join(map(str, paths))} exists"


def _read(path: Path) -> Mapping[str, Any] | str:
    """Return what *path* says, or what is wrong with it."""
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        return f"cannot be read: {error.strerror}"
    except (yaml.YAMLError, UnicodeDecodeError):
        return "is no YAML"
    if found is None:
        return "is empty"
    return found if isinstance(found, Mapping) else "is no YAML map"


def _unusable(named: str, files: list[Mapping[str, Any]], context: str) -> str | None:
    """Return what is missing for the *context*, else for the current one, in *files*."""
    chosen = context or _current(files)
    if not chosen:
        how = f"give --context or set one with {_COMMAND}"
        return f"kubeconfig {named} has no current-context; {how}"
    contexts = dict(_named(files, "contexts"))
    if chosen not in contexts:
        known = f"only {', '.join(sorted(contexts))}" if contexts else "nor any other"
        how = "give another --context" if context else f"give --context or set one with {_COMMAND}"
        return f"kubeconfig {named} has no context {chosen!r}, {known}; {how}"
    said = contexts[chosen].get("context")
    cluster = said.get("cluster") if isinstance(said, Mapping) else None
    if cluster not in dict(_named(files, "clusters")):
        return (
            f"kubeconfig {named} has no cluster {cluster or ''!r}, which its context {chosen!r} "
            f"names; mend it or give another --context"
        )
    return None


def _current(files: list[Mapping[str, Any]]) -> str:
    said = (str(file.get("current-context") or "") for file in files)
    return next(filter(None, said), "")


def _named(files: list[Mapping[str, Any]], what: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in files:
        listed = file.get(what)
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, Mapping) and "name" in item:
                yield str(item["name"]), item
