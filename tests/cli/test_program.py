"""What the program is called, how it completes, and how it ends."""

import re

import pytest

from flagger_cli import docs
from flagger_cli.cobra import FILES, NO_FILES, complete
from flagger_cli.program import COMMANDS, cli, program_name

from .calling import call


@pytest.mark.parametrize(
    ("argv0", "name"),
    [
        ("/usr/bin/flagger-py", "flagger-py"),
        ("/home/a/bin/kubectl-flagger", "kubectl flagger"),
        ("flux-flagger", "flux flagger"),
        ("/app/main.py", "flagger-py"),
    ],
)
def test_help_says_the_name_that_was_typed(argv0: str, name: str) -> None:
    assert program_name(argv0) == name


@pytest.mark.parametrize("name", COMMANDS)
def test_every_listed_command_is_there_and_has_help(name: str) -> None:
    result = call(name, "--help")

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"Usage: flagger-py {name}")


def test_an_unknown_command_is_a_misuse() -> None:
    result = call("gett")

    assert result.exit_code == 2
    assert result.stderr.startswith("error: no such command 'gett'")
    assert result.stderr.endswith("did you mean get? See flagger-py --help\n")


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (("lnit",), "no such command 'lnit'; did you mean lint? See flagger-py --help"),
        (("lint", "--file"), "option '--file' requires an argument; see flagger-py lint --help"),
    ],
    ids=["command", "value"],
)
def test_a_misuse_says_where_help_is(argv: tuple[str, ...], told: str) -> None:
    result = call(*argv)

    assert result.exit_code == 2
    assert told in result.stderr


def test_without_a_command_help_is_shown() -> None:
    result = call()

    assert result.exit_code == 2
    assert "Commands:" in result.stdout


def test_commands_are_completed_with_what_they_do() -> None:
    found, directive = complete(["pro"])

    assert dict(found) == {name: COMMANDS[name].about for name in ("promote", "providers")}
    assert directive == NO_FILES


def test_kinds_are_completed() -> None:
    found, _ = complete(["get", ""])

    assert {value for value, _ in found} >= {"canaries", "gates", "trafficroutes"}


def test_flags_of_controllers_are_completed() -> None:
    found, _ = complete(["run", "--metrics-s"])

    assert [value for value, _ in found] == ["--metrics-server", "--metrics-source"]


def test_where_a_file_is_wanted_the_shell_completes_files() -> None:
    assert complete(["lint", "-f", ""])[1] == FILES


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    result = call("completion", shell)

    assert result.exit_code == 0
    assert f"_FLAGGER_PY_COMPLETE={shell}_complete" in result.stdout


def test_an_unknown_shell_is_a_misuse() -> None:
    assert call("completion", "powershell").exit_code == 2


def test_a_misuse_is_one_sentence_that_keeps_its_words() -> None:
    both = call("get", "-A", "canaries", "x").stderr
    bare = call("completion").stderr

    assert both.startswith("error: NAME and --all-namespaces exclude one another; see ")
    assert len(bare.splitlines()) == 1


def test_routers_are_listed_with_where_they_come_from() -> None:
    result = call("routers")

    rows = {line.split()[0]: line.split()[1] for line in result.stdout.splitlines()[1:]}
    assert rows["traefik"] == "flagger-routing"
    assert "istio" in result.stderr


def test_providers_are_listed_with_where_they_come_from() -> None:
    result = call("providers")

    assert result.stdout.splitlines()[0].split() == ["NAME", "FROM"]
    assert ["prometheus", "flagger-metrics"] in [
        line.split() for line in result.stdout.splitlines()
    ]
    assert "datadog" in result.stderr


def test_a_defect_of_ours_is_a_sentence_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("oh")

    monkeypatch.setattr(cli, "get_command", broken)

    result = call("get")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: a defect of ours: ZeroDivisionError: oh")


def test_the_page_of_the_command_line_names_every_command() -> None:
    page = docs.page()

    assert [name for name in COMMANDS if f"\n## {name}\n" not in page] == []


def test_no_row_of_the_page_has_a_cell_too_many() -> None:
    """A bar within a cell, as of a choice, is escaped: it would end the cell."""
    rows = [line for line in docs.page().splitlines() if line.startswith("| `-")]

    assert rows
    assert {len(re.split(r"(?<!\\)\|", row)) for row in rows} == {4}
