"""How a controller process reads its flags, shows them, and says what is wrong with them."""

import argparse
import io
import logging
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from flagger_py.errors import SpecError
from flagger_py.runtime import process
from flagger_py.runtime.flags import FlagParser, address, flag, flag_lines, seconds, switch, url
from flagger_py.runtime.options import add_runtime_flags
from tests.kernel.toy import BELLS


def a_parser(program: str = "flagger-bells") -> FlagParser:
    parser = FlagParser(program)
    flag(parser, "interval", "pause", default=90.0, type=seconds, help="How long to wait.")
    flag(parser, "bells", default=3, type=int, dest="unseen_name", help="How many bells ring.")
    switch(parser, "loud", default=False, help="Ring loudly.")
    return parser


def ended(parser: FlagParser, *argv: str) -> int | str | None:
    with pytest.raises(SystemExit) as caught:
        parser.read(argv)
    return caught.value.code


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["--what"], "unrecognised flag --what"),
        (["-intervall=9s"], "unrecognised flag -intervall (did you mean --interval?)"),
        (["--bells"], "--bells needs a value"),
        (["--bells=many"], "--bells: invalid int value: 'many'"),
        (["word"], "'word' belongs to no flag"),
        (["-loud=maybe"], "--loud: 'maybe' is neither true nor false"),
    ],
    ids=["unknown", "nearly", "no-value", "no-number", "word", "no-boolean"],
)
def test_a_flag_that_cannot_be_read_is_one_line_and_code_2(
    argv: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(a_parser(), *argv) == 2
    assert capsys.readouterr().err == f"error: {sentence}; see --help\n"


def test_values_come_attached_or_apart_and_the_last_one_counts() -> None:
    found = a_parser().read(["-bells", "1", "--bells=2", "-pause=1m", "--loud"])

    assert (found.unseen_name, found.interval, found.loud) == (2, 60.0, True)


@pytest.mark.parametrize("word", ["-h", "--help", "-help"])
def test_help_shows_each_flag_once_with_two_dashes_and_its_default(
    word: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")

    assert ended(a_parser(), word) == 0
    assert capsys.readouterr().out.split("\n\n", 2)[2].splitlines() == [
        "  --bells VALUE",
        "      How many bells ring. [default: 3]",
        "  --interval, --pause VALUE",
        "      How long to wait. [default: 1m30s]",
        "  --loud",
        "      Ring loudly. [default: false]",
        "  --help",
        "      Show the flags and exit.",
        "  --version",
        "      Show the version and exit.",
    ]


@pytest.mark.parametrize(
    ("program", "said"),
    [("flagger-metrics", "flagger-metrics"), ("widgets", "flagger-py")],
    ids=["a-distribution", "a-program-of-another"],
)
def test_the_version_is_that_of_the_distribution(
    program: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ended(a_parser(program), "--version") == 0

    out = capsys.readouterr().out
    assert out.endswith(f"{version(said)}\n")
    assert ("flagger-py" in out) == (program == "widgets")


def test_every_flag_of_the_runtime_says_in_a_sentence_what_it_does() -> None:
    parser = FlagParser("bells")
    add_runtime_flags(parser)

    wordless = [
        line.name for line in flag_lines(parser) if not re.match(r"[A-Z].+ .+\.$", line.about)
    ]

    assert wordless == []


@pytest.fixture
def quiet_root() -> Iterator[None]:
    """Give the root logger back as it was."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before, level
    logging.captureWarnings(False)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.usefixtures("quiet_root")
@pytest.mark.parametrize("stream", [Terminal(), io.StringIO()], ids=["terminal", "pipe"])
def test_a_fault_is_a_sentence_for_a_person_and_a_line_of_the_log_for_a_program(
    stream: io.StringIO, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)

    code = process.main(
        "bells", lambda *_: (BELLS,), [f"--kubeconfig={tmp_path}/none"], lambda _: None
    )

    assert code == 1
    begin = "error: " if stream.isatty() else '{"level":"error",'
    assert stream.getvalue().startswith(begin)
    assert f"no kubeconfig: {tmp_path}/none does not exist" in stream.getvalue()
    assert stream.getvalue().count("\n") == 1


@pytest.mark.usefixtures("quiet_root")
@pytest.mark.parametrize(
    ("stream", "begin"),
    [
        (Terminal(), "warning: --bells=9 are heard far away"),
        (io.StringIO(), '{"level":"info","ts":"'),
    ],
    ids=["terminal", "pipe"],
)
def test_what_a_part_warns_of_is_told_before_anything_starts(
    stream: io.StringIO, begin: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    warned = replace(BELLS, warnings=("--bells=9 are heard far away",))

    process.main("bells", lambda *_: (warned,), [f"--kubeconfig={tmp_path}/none"], lambda _: None)

    first, second = stream.getvalue().splitlines()
    assert first.startswith(begin)
    assert "--bells=9 are heard far away" in first
    assert "no kubeconfig" in second


def test_flags_that_make_no_sense_together_are_one_line_and_code_2(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def refuse(*_: object) -> tuple[()]:
        raise SpecError("--bells=0: at least one must ring")

    def add(parser: argparse.ArgumentParser) -> None:
        flag(parser, "bells", default=3, type=int)

    assert process.main("bells", refuse, ["--bells=0"], add) == 2
    assert capsys.readouterr().err == "error: --bells=0: at least one must ring\n"


@pytest.mark.parametrize(
    "word",
    [
        "--port=http",
        "--port=70000",
        "--metrics-addr=8080",
        "--health-addr=:x",
        "--metrics-addr=:-1",
    ],
)
def test_an_address_that_nobody_can_listen_on_is_refused_at_once(
    word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = FlagParser("flagger-bells")
    add_runtime_flags(parser)

    assert ended(parser, word) == 2
    assert word.partition("=")[0] in capsys.readouterr().err


@pytest.mark.parametrize("text", ["", "0", ":0", ":8080", "127.0.0.1:8080", "[::1]:8080"])
def test_go_addresses_are_taken_as_they_are(text: str) -> None:
    assert address(text) == text


@pytest.mark.parametrize(
    "text", ["prometheus:9090", "ftp://p", "http://", "http://p:x", "http://p:0", "http://[::1"]
)
def test_what_no_request_can_be_sent_to_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="is no http or https URL"):
        url(text)


@pytest.mark.parametrize("text", ["", "http://p", "https://u:p@p.test:9090/prefix?a=b"])
def test_web_addresses_are_taken_as_they_are(text: str) -> None:
    assert url(text) == text
