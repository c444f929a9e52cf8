"""Which kubeconfigs and which context are meant, what they say, and what is wrong with them.

Files, context and names are chosen as kubectl does: the first file to name a thing wins. Nothing
here decides what is accepted: `kubernetes.config` does, and is asked first.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_DEFAULT = "~/.kube/config"
_HOW = "give --kubeconfig, set $KUBECONFIG, or run in a pod"
_COMMAND = "kubectl config use-context"

File = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Who:
    """The user and the namespace of a context; empty where nothing is said.

    The name is a claim: whoever holds the file may write any name into it.
    """

    user: str = ""
    namespace: str = ""


def located(kubeconfig: str, environ: Mapping[str, str]) -> str:
    """Return *kubeconfig*, else where kubectl looks; several files are separated as in PATH."""
    return kubeconfig or environ.get("KUBECONFIG") or _DEFAULT


def current_context(listed: str) -> str:
    """Return the context that the first of the files *listed* to name one says; empty if none does.

    `kubernetes.config` would take the last one's, and lead to another cluster than kubectl.
    """
    return _current(_readable(listed))


def who(listed: str, context: str) -> Who:
    """Return who *context*, else the current one, says we are; files without sense say nothing."""
    files = _readable(listed)
    said = _context(files, context or _current(files))
    return Who(str(said.get("user") or ""), str(said.get("namespace") or ""))


def fault(listed: str, context: str) -> str | None:
    """Return why the files *listed* give no credentials in *context*; None if it is not known."""
    paths = _paths(listed)
    there = tuple(path for path in paths if path.exists())
    if not there:
        return f"no kubeconfig: {_nowhere(paths)}; {_HOW}"
    files: list[File] = []
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


def _readable(listed: str) -> tuple[File, ...]:
    found = (_read(path) for path in _paths(listed))
    return tuple(file for file in found if not isinstance(file, str))


def _read(path: Path) -> File | str:
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


def _unusable(named: str, files: Sequence[File], context: str) -> str | None:
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
    cluster = _context(files, chosen).get("cluster")
    if cluster not in dict(_named(files, "clusters")):
        return (
            f"kubeconfig {named} has no cluster {cluster or ''!r}, which its context {chosen!r} "
            f"names; mend it or give another --context"
        )
    return None


def _current(files: Sequence[File]) -> str:
    said = (str(file.get("current-context") or "") for file in files)
    return next(filter(None, said), "")


def _context(files: Sequence[File], name: str) -> File:
    """Return what the first of *files* to know it says of the context *name*."""
    found = next((item for known, item in _named(files, "contexts") if known == name), {})
    said = found.get("context")
    return said if isinstance(said, Mapping) else {}


def _named(files: Sequence[File], what: str) -> Iterator[tuple[str, File]]:
    for file in files:
        listed = file.get(what)
        for item in listed if isinstance(listed, list) else ():
            if isinstance(item, Mapping) and "name" in item:
                yield str(item["name"]), item
