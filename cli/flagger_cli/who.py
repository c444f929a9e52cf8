"""Who a kubeconfig says we are, and which namespace its context is about.

The name is a claim: whoever holds the file may write any name into it.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flagger_py.errors import SpecError
from flagger_py.runtime.kubeconfigs import located


@dataclass(frozen=True, slots=True)
class Who:
    """The user's name and the namespace of the context; empty where nothing is said."""

    user: str = ""
    namespace: str = ""


def who(kubeconfig: str, context: str, environ: Mapping[str, str]) -> Who:
    """Read the kubeconfigs that kubectl would; the first one to name a thing wins.

    Files that are missing are skipped. Raises `SpecError` naming a file that is no YAML map.
    """
    listed = located(kubeconfig, environ)
    paths = (Path(path).expanduser() for path in listed.split(os.pathsep) if path)
    files = [_read(path) for path in paths if path.is_file()]
    current = context or _first(str(file.get("current-context") or "") for file in files)
    for file in files:
        for item in file.get("contexts") or ():
            if item.get("name") == current:
                found = item.get("context") or {}
                return Who(str(found.get("user") or ""), str(found.get("namespace") or ""))
    return Who()


def _read(path: Path) -> Mapping[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
    except yaml.YAMLError as error:
        raise SpecError(f"kubeconfig {path} is no YAML; mend it or name another one") from error
    if not isinstance(found, Mapping):
        raise SpecError(f"kubeconfig {path} is no YAML map; mend it or name another one")
    return found


def _first(texts: Iterable[str]) -> str:
    return next((text for text in texts if text), "")
