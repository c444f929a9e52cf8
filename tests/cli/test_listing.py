"""What `get` prints for programs, and what it prints while things change."""

import asyncio
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import aclosing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagger_cli.following import Seen, follow
from flagger_cli.outputs import Output, single
from flagger_cli.printing import Sheet
from flagger_cli.rows import Table
from flagger_py.refs import Key
from flagger_py.runtime.client import Client, Scope
from flagger_py.runtime.credentials import Credentials, Source
from flagger_py.runtime.transport import Transport
from flagger_py.testing.build import a_canary
from flagger_py.testing.facade.server import serve
from flagger_py.testing.store import Store
from flagger_rollout.api import KIND as CANARY

from .bed import APP, Bed, initialised

PROGRAM = Path(sys.executable).with_name("flagger-py")
LIMIT_S = 60.0


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with initialised(tmp_path) as made:
        yield made


def test_json_is_a_list_of_whole_objects(bed: Bed) -> None:
    found = json.loads(bed.call("get", "-n", "test", "-o", "json").stdout)

    assert (found["apiVersion"], found["kind"]) == ("v1", "List")
    (item,) = found["items"]
    assert (item["apiVersion"], item["kind"]) == ("flagger.app/v1beta1", "Canary")
    assert item["spec"] == bed.canary["spec"]
    assert item["status"] == bed.status
    assert "managedFields" not in item["metadata"]


def test_yaml_says_what_json_says(bed: Bed) -> None:
    as_json = bed.call("get", "tr", "-A", "-o", "json").stdout
    as_yaml = bed.call("get", "tr", "-A", "-o", "yaml").stdout

    assert yaml.safe_load(as_yaml) == json.loads(as_json)


def test_one_object_in_yaml_begins_with_itself(bed: Bed) -> None:
    """As in kubectl there is nothing that it would have to be parted from."""
    text = bed.call("get", "canary", "app", "-n", "test", "-o", "yaml").stdout

    assert text.startswith("apiVersion: flagger.app/v1beta1\n")
    assert yaml.safe_load(text)["spec"] == bed.canary["spec"]


def test_a_name_is_what_kubectl_takes(bed: Bed) -> None:
    assert bed.call("get", "-n", "test", "-o", "name").stdout == "canary.flagger.app/app\n"


@pytest.mark.parametrize(("output", "items"), [("json", []), ("name", None)])
def test_nothing_is_still_well_formed(bed: Bed, output: str, items: list[Any] | None) -> None:
    """An empty List for who parses, a note for who reads names."""
    result = bed.call("get", "gates", "-n", "test", "-o", output)

    assert result.exit_code == 0
    assert (json.loads(result.stdout)["items"] if result.stdout else None) == items
    assert ("no gates found" in result.stderr) is (items is None)


def test_an_unknown_form_is_a_misuse(bed: Bed) -> None:
    assert bed.call("get", "-o", "wide").exit_code == 2


@pytest.mark.parametrize(
    ("output", "text"),
    [
        (Output.NAME, "canary.flagger.app/app\n"),
        (Output.YAML, "apiVersion: flagger.app/v1beta1\n"),
        (Output.JSON, '{\n    "apiVersion": "flagger.app/v1beta1",\n'),
    ],
)
def test_an_object_stands_alone(output: Output, text: str) -> None:
    assert single(output, CANARY, a_canary()).startswith(text)


def test_rows_that_come_later_stand_under_the_heading(capsys: pytest.CaptureFixture[str]) -> None:
    sheet, columns = Sheet(), ("NAME", "WEIGHT", "MESSAGE")

    sheet.add(Table(columns, (("podinfo", "0", "ready"),)))
    sheet.add(Table(columns, (("app", "20", "advanced"),)))

    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.index("WEIGHT") == first.index("0") == second.index("20")
    assert heading.index("MESSAGE") == first.index("ready") == second.index("advanced")


def test_a_row_is_added_when_it_says_something_new(bed: Bed) -> None:
    """The whole command: a table, then a row for a change, none where no cell is another."""
    same = {"metadata": {"labels": {"team": "shop"}}}
    with bed.served() as loop, _running(bed, "get", "-n", "test", "-w") as lines:
        heading, first = next(lines), next(lines)
        loop.call_soon_threadsafe(bed.store.patch, CANARY, APP, same)
        loop.call_soon_threadsafe(bed.store.patch, CANARY, APP, {"spec": {"suspend": True}})
        second = next(lines)
        loop.call_soon_threadsafe(bed.store.delete, CANARY, APP)
        third = next(lines)

    assert heading.split()[-3:] == ["SUSPENDED", "READY", "MESSAGE"]
    at = heading.index("SUSPENDED")
    assert [line[at:].split()[0] for line in (first, second)] == ["False", "True"]
    assert third.split()[-2:] == ["-", "deleted"]


def test_every_change_is_an_object_where_objects_are_asked_for(bed: Bed) -> None:
    with bed.served() as loop, _running(bed, "get", "-n", "test", "-w", "-o", "name") as lines:
        first = next(lines)
        loop.call_soon_threadsafe(bed.store.patch, CANARY, APP, {"spec": {"suspend": True}})
        second = next(lines)

    assert {first, second} == {"canary.flagger.app/app\n"}


def test_documents_are_parted_from_those_before_them(bed: Bed) -> None:
    with bed.served() as loop, _running(bed, "get", "-n", "test", "-w", "-o", "yaml") as lines:
        first = next(lines)
        loop.call_soon_threadsafe(bed.store.patch, CANARY, APP, {"spec": {"suspend": True}})
        parting = next(line for line in lines if line.startswith(("---", "apiVersion")))
        second = next(lines)

    assert (parting, second) == ("---\n", first)
    assert first == "apiVersion: flagger.app/v1beta1\n"


def test_what_changes_in_a_gap_of_the_watch_is_not_missed(tmp_path: Path) -> None:
    """A watch that is too old, 410, lists again: what came and what went is told all the same."""

    async def scenario(store: Store) -> list[tuple[Seen, ...]]:
        facade = await serve(store)
        credentials = Credentials(Source(str(facade.kubeconfig(tmp_path / "kubeconfig")), ""))
        await credentials.load()
        transport = Transport(credentials)
        found = []
        async with asyncio.timeout(LIMIT_S), aclosing(_follow(transport)) as batches:
            found.append(await anext(batches))
            store.delete(CANARY, Key("test", "old"))
            store.create(a_canary(metadata={"name": "new"}))
            store.compact()
            while len(_names(found)) < 3:
                found.append(await anext(batches))
        lists = sum(n for (_, verb, _), n in facade.requests.items() if verb == "list")
        assert lists == 2, "the watch had no gap"
        await transport.close()
        await facade.close()
        return found

    with initialised(tmp_path) as bed:
        bed.store.delete(CANARY, APP)
        bed.store.create(a_canary(metadata={"name": "old"}))
        found = asyncio.run(scenario(bed.store))

    assert _names(found[:1]) == [("old", False)]
    assert sorted(_names(found[1:])) == [("new", False), ("old", True)]


def _follow(transport: Transport) -> Any:
    return follow(Client(transport), Scope(CANARY, "test"))


def _names(batches: list[tuple[Seen, ...]]) -> list[tuple[str, bool]]:
    return [(seen.manifest["metadata"]["name"], seen.gone) for batch in batches for seen in batch]


@contextmanager
def _running(bed: Bed, *args: str) -> Iterator[Iterator[str]]:
    """Yield the lines of the command line as a process, and end it as Ctrl-C does."""
    words = [str(PROGRAM), *args, "--kubeconfig", str(bed.kubeconfig)]
    pipe = subprocess.PIPE
    with subprocess.Popen(words, stdout=pipe, stderr=pipe, text=True) as process:
        limit = threading.Timer(LIMIT_S, process.kill)
        limit.start()
        try:
            assert process.stdout is not None
            yield iter(process.stdout.readline, "")
        finally:
            process.send_signal(signal.SIGINT)
            _, said = process.communicate()
            limit.cancel()
    assert (process.returncode, said.strip()) == (130, "error: interrupted")
