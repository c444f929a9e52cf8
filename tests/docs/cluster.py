"""The cluster of a reader who follows a page: a World with all four parts, and a shell in it.

`flagger-py` and Python run as processes of their own against the World behind HTTP. The few verbs
of kubectl that the pages use are played here, since time passes in a World only when somebody
waits: `kubectl wait` and `sleep` let it.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from flagger_cli.resources import RESOURCES
from flagger_cli.simulator.four import Four
from flagger_py.contracts import condition_of, status_of
from flagger_py.refs import Key, Kind, key_of
from flagger_py.testing.edges import Visit
from flagger_py.testing.store import Store
from flagger_py.testing.traffic import Load
from flagger_py.wire import Manifest
from tests.beds.served import served

from .blocks import Block, missing

BIN = Path(sys.executable).parent
USER = "kubectl"
WAIT_S = 600.0
OTHER_WORDS = ("-n", "--namespace", "--timeout")
_LOOP = re.compile(r"while sleep (?P<every_s>[\d.]+);.* -H .?Host: (?P<host>[\w.-]+)")


class Cluster:
    """A World, a folder with the reader's files, and a kubeconfig for it."""

    def __init__(self, four: Four, folder: Path) -> None:
        self.four = four
        self.store = four.world.store
        self.folder = folder
        self._namespaces = {"default"}
        self._kubeconfig = folder / "kubeconfig"
        self._verbs: Mapping[str, Callable[[Sequence[str]], str]] = {
            "apply": self._apply,
            "annotate": self._annotate,
            "create": self._create,
            "delete": self._delete,
            "run": self._run,
            "set": self._set,
            "wait": self._wait,
        }

    def follow(self, block: Block) -> None:
        """Do what *block* says a reader does, and compare what comes out."""
        if block.file:
            (self.folder / block.file).write_text(block.text, encoding="utf-8")
        if not block.runs:
            return
        match block.language:
            case "sh":
                output, code = self.shell(block.text)
            case "python":
                output, code = self._process([sys.executable, "-c", block.text])
            case other:
                raise AssertionError(f"{block}: nobody runs a block of {other or 'no language'}")
        assert code == block.exits, f"{block} exits {code}:\n{output}"
        lacking = missing(block.expected, output)
        assert not lacking, f"{block} never prints {lacking!r}; it prints:\n{output}"

    def shell(self, text: str) -> tuple[str, int]:
        """Run the lines of *text* until one fails; return what they print, and the exit code."""
        output, code = "", 0
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            if not words:
                continue
            if words[0] == "kubectl":
                said = self._verbs[words[1]](words[2:])
            elif words[0] == "sleep":
                self.four.simulation.run_for(float(words[1]))
                said = ""
            else:
                said, code = self._process(["bash", "-c", line])
            output += said
            if code:
                break
        return output, code

    def find(self, named: str, namespace: str) -> tuple[Kind, Manifest]:
        """Find an object named `kind/name` as on kubectl's command line."""
        word, _, name = named.partition("/")
        kind = _kind(self.store, word)
        found = self.store.get(kind, Key(namespace, name))
        assert found is not None, f"{named} is missing in {namespace}"
        return kind, found

    def _process(self, command: Sequence[str]) -> tuple[str, int]:
        """Run a process in the reader's folder, with the cluster behind its kubeconfig."""
        with served(self.store, self._kubeconfig):
            env = {
                "PATH": f"{BIN}:/usr/bin:/bin",
                "KUBECONFIG": str(self._kubeconfig),
                "HOME": str(self.folder),
                "PYTHONPATH": os.environ.get("PYTHONPATH", ""),
                "PYTHONWARNINGS": "ignore",
                "NO_COLOR": "1",
                "COLUMNS": "200",
            }
            done = subprocess.run(
                command,
                cwd=self.folder,
                env=env,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                timeout=120,
                check=False,
            )
        return done.stdout, done.returncode

    def _apply(self, words: Sequence[str]) -> str:
        text = (self.folder / words[list(words).index("-f") + 1]).read_text(encoding="utf-8")
        found = [item for item in yaml.safe_load_all(text) if item]
        for manifest in found:
            namespace = manifest["metadata"]["namespace"]
            assert namespace in self._namespaces, f"nobody made the namespace {namespace}"
            self.store.apply(manifest, USER)
        self.four.simulation.run_for(0.1)
        return "".join(f"{f['kind'].lower()}/{f['metadata']['name']} applied\n" for f in found)

    def _annotate(self, words: Sequence[str]) -> str:
        named, *rest = _bare(words)
        kind, found = self.find(named, _namespace(words))
        values = dict(word.split("=", 1) for word in rest)
        patch = {"metadata": {"annotations": values}}
        self.store.patch(kind, key_of(found), patch, USER)
        return f"{named} annotated\n"

    def _create(self, words: Sequence[str]) -> str:
        """Play `create namespace NAME`."""
        what, name = _bare(words)
        assert what == "namespace", f"kubectl create {what} is not played"
        self._namespaces.add(name)
        return f"namespace/{name} created\n"

    def _run(self, words: Sequence[str]) -> str:
        """Play `run NAME … -- sh -c LOOP` for a loop of curl that sends requests to a host."""
        name, *_ = _bare(words)
        loop = _LOOP.search(words[-1])
        assert loop, f"kubectl run {name} sends no requests: {words[-1]}"
        assert _namespace(words) in self._namespaces, f"nobody made {_namespace(words)}"
        self.four.send(Load(1 / float(loop["every_s"]), Visit(loop["host"]), id=name))
        return f"pod/{name} created\n"

    def _delete(self, words: Sequence[str]) -> str:
        """Play `delete pod NAME`: its requests end."""
        what, name = _bare(words)
        assert what == "pod", f"kubectl delete {what} is not played"
        self.four.send(Load(0, Visit(""), id=name))
        return f"pod {name} deleted\n"

    def _set(self, words: Sequence[str]) -> str:
        """Play `set image deployment/NAME CONTAINER=IMAGE`."""
        what, named, change = _bare(words)
        assert what == "image", f"kubectl set {what} is not played"
        kind, found = self.find(named, _namespace(words))
        container, _, image = change.partition("=")
        spec = found["spec"]["template"]["spec"]
        changed = [
            {**each, "image": image} if each["name"] == container else each
            for each in spec["containers"]
        ]
        template = {"template": {"spec": {"containers": changed}}}
        self.store.patch(kind, key_of(found), {"spec": template}, USER)
        return f"{named} image updated\n"

    def _wait(self, words: Sequence[str]) -> str:
        """Play `wait KIND/NAME --for=…` for a condition or a field of the status."""
        (named,) = _bare(words)
        (asked,) = (word.removeprefix("--for=") for word in words if word.startswith("--for="))
        namespace = _namespace(words)
        self.four.simulation.run_until(
            lambda: _holds(self.find(named, namespace)[1], asked), WAIT_S
        )
        return f"{named} condition met\n"


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Yield a cluster in which nobody sends requests yet."""
    with Four() as four:
        yield Cluster(four, folder)


def _holds(manifest: Manifest, asked: str) -> bool:
    sort, _, rest = asked.partition("=")
    if sort == "condition":
        name, _, value = rest.partition("=")
        return bool(condition_of(status_of(manifest), name).get("status") == (value or "True"))
    path, _, value = rest.partition("=")
    found: Any = manifest
    for step in path.strip("{}").lstrip(".").split("."):
        found = (found or {}).get(step)
    return str(found) == value


def _kind(store: Store, word: str) -> Kind:
    for resource in RESOURCES:
        kind = resource.kind
        if word in (kind.plural, kind.kind.lower(), *resource.short_names):
            return kind
    served = (item.kind for item in store.kinds())
    return next(kind for kind in served if word in (kind.plural, kind.kind.lower()))


def _namespace(words: Sequence[str]) -> str:
    return list(words)[list(words).index("-n") + 1] if "-n" in words else "default"


def _bare(words: Sequence[str]) -> list[str]:
    """Return the words that are neither flags nor their values."""
    found, skip = [], False
    for word in words:
        if not skip and not word.startswith("-"):
            found.append(word)
        skip = word in OTHER_WORDS
    return found
