"""The flags of every controller: Flux's names and Flagger's, one dash or two, Go's booleans."""

import argparse
from collections.abc import Mapping
from typing import Any

import pytest

from flagger_py.errors import SpecError
from flagger_py.runtime.options import RuntimeOptions, add_runtime_flags, read_options


def parsed(*argv: str, environ: Mapping[str, str] | None = None) -> RuntimeOptions:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_runtime_flags(parser)
    return read_options(parser.parse_args(argv), environ or {"POD_NAME": "pod-1"})


def test_the_defaults_are_those_of_flux_on_flaggers_port() -> None:
    options = parsed()

    assert options == RuntimeOptions(
        metrics_addr=":8080",
        health_addr=":9440",
        leader_election_namespace="kube-system",
        identity="pod-1",
    )


@pytest.mark.parametrize(
    ("argv", "field", "value"),
    [
        (("-port=9090",), "metrics_addr", ":9090"),
        (("--port", "9090"), "metrics_addr", ":9090"),
        (("--port=9090", "--metrics-addr=:1"), "metrics_addr", ":1"),
        (("--metrics-addr=",), "metrics_addr", ""),
        (("-namespace", "apps"), "namespace", "apps"),
        (("-enable-leader-election",), "leader_election", True),
        (("-enable-leader-election=true",), "leader_election", True),
        (("--enable-leader-election=false",), "leader_election", False),
        (("-leader-election-namespace=x",), "leader_election_namespace", "x"),
        (("--leader-election-lease-duration=1m",), "lease_duration_s", 60.0),
        (("--min-retry-delay=10ms",), "min_retry_delay_s", 0.01),
        (("--max-retry-delay=1h",), "max_retry_delay_s", 3600.0),
        (("-zap-encoding=console",), "log_encoding", "console"),
        (("--insecure-allow-http=false",), "insecure_allow_http", False),
        (("--no-cross-namespace-refs",), "no_cross_namespace_refs", True),
        (("--egress-allow-hosts=a,*.b",), "egress_allow_hosts", ("a", "*.b")),
        (("--concurrent=4", "--concurrent=8"), "concurrent", 8),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else str(value),
)
def test_a_flag_sets_its_option(argv: tuple[str, ...], field: str, value: Any) -> None:
    assert getattr(parsed(*argv), field) == value


def test_one_namespace_is_watched_when_not_all_are() -> None:
    options = parsed("--watch-all-namespaces=false", environ={"RUNTIME_NAMESPACE": "flux-system"})

    assert options.namespace == "flux-system"
    assert options.leader_election_namespace == "flux-system"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("--watch-all-namespaces=false",), "RUNTIME_NAMESPACE"),
        (("--concurrent=0",), "--concurrent"),
        (("--feature-gates=Magic=true",), "Magic"),
        (
            ("--enable-leader-election", "--leader-election-lease-duration=10s"),
            "lease-duration=10s must be longer than --leader-election-renew-deadline=30s",
        ),
        (
            ("--enable-leader-election", "--leader-election-renew-deadline=35s"),
            "lease-duration=35s must be longer than --leader-election-renew-deadline=35s",
        ),
        (
            ("--enable-leader-election", "--leader-election-retry-period=25s"),
            r"renew-deadline=30s must be longer than 1\.2 times --leader-election-retry-period=25s",
        ),
        (("--enable-leader-election", "--leader-election-retry-period=0s"), "longer than 0s"),
    ],
    ids=[
        "no-namespace",
        "no-workers",
        "unknown-gate",
        "lease-too-short",
        "lease-as-deadline",
        "retry-too-rare",
        "no-retry-period",
    ],
)
def test_options_that_make_no_sense_are_refused(argv: tuple[str, ...], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        parsed(*argv)


def test_durations_of_an_election_that_is_not_held_matter_to_nobody() -> None:
    assert parsed("--leader-election-lease-duration=10s").lease_duration_s == 10.0


@pytest.mark.parametrize(
    "argv",
    [("--no-such-flag",), ("--min-retry-delay=soon",), ("--enable-leader-election=maybe",)],
    ids=str,
)
def test_flags_that_cannot_be_read_end_with_code_2(
    argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed(*argv)

    assert caught.value.code == 2
    assert capsys.readouterr().err
