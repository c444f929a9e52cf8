"""How the flags of `run` are read: Go's way, Flagger's names, Flux's names."""

import re
from argparse import Namespace
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click
import pytest

from flagger_cli.composition import Plan, plan, run_parser
from flagger_cli.flagger_flags import LATER
from flagger_gating import controller as gating
from flagger_metrics import controller as metrics
from flagger_py.errors import SpecError
from flagger_py.runtime.flags import flag_lines
from flagger_py.runtime.options import RuntimeOptions
from flagger_py.runtime.part import Part
from flagger_rollout import controller as rollout
from flagger_routing import controller as routing
from flagger_routing.routers import FLAGGERS_OTHERS

from .calling import call


def _parts(chosen: Plan) -> dict[str, Part[Any, Any, Any]]:
    return {part.name: part for part in chosen.parts(RuntimeOptions(), Namespace())}


@pytest.mark.parametrize(
    "argv",
    [
        ["-mesh-provider=traefik", "-log-level=debug", "-port=9090"],
        ["--mesh-provider", "traefik", "--log-level", "debug", "--port", "9090"],
        ["-mesh-provider", "traefik", "-log-level", "debug", "-port", "9090"],
    ],
    ids=["one dash", "two dashes", "value apart"],
)
def test_one_dash_or_two_with_the_value_attached_or_apart(argv: Sequence[str]) -> None:
    assert plan(argv).shared == ("--mesh-provider=traefik", "--log-level=debug", "--port=9090")


def test_a_bare_switch_is_true_and_takes_no_word_from_what_follows() -> None:
    chosen = plan(["-enable-leader-election", "-namespace", "apps"])

    assert chosen.shared == ("--enable-leader-election=true", "--namespace=apps")


def test_a_value_may_begin_with_a_dash() -> None:
    assert plan(["-include-label-prefix", "-x"]).argv == ("--include-label-prefix=-x",)


FLAGGERS = (
    ("kubeconfig", "/k"),
    ("master", "http://m"),
    ("kubeconfig-qps", "100"),
    ("kubeconfig-burst", "250"),
    ("metrics-server", "http://p"),
    ("control-loop-interval", "10s"),
    ("log-level", "debug"),
    ("port", "8080"),
    ("threadiness", "2"),
    ("zap-encoding", "json"),
    ("namespace", "apps"),
    ("mesh-provider", "traefik"),
    ("event-webhook", "http://e"),
    ("include-label-prefix", "app"),
    ("selector-labels", "app,name"),
    ("ingress-class", "nginx"),
    ("ingress-annotations-prefix", "nginx.ingress.kubernetes.io"),
    ("leader-election-namespace", "kube-system"),
    ("slack-user", "flagger"),
    ("slack-url", ""),
    ("msteams-url", ""),
    ("cluster-name", ""),
    ("kubeconfig-service-mesh", ""),
)
SWITCHES = (
    "zap-replace-globals",
    "enable-config-tracking",
    "enable-leader-election",
    "no-cross-namespace-refs",
)


@pytest.mark.parametrize(("name", "value"), FLAGGERS)
def test_every_flag_of_flagger_is_understood(name: str, value: str) -> None:
    assert plan([f"-{name}={value}"]).argv == (f"--{name}={value}",)


@pytest.mark.parametrize("name", SWITCHES)
def test_every_switch_of_flagger_is_understood(name: str) -> None:
    assert plan([f"-{name}"]).argv == (f"--{name}=true",)


@pytest.mark.parametrize("name", [later.name for later in LATER])
def test_a_flag_that_nothing_would_act_on_is_refused(name: str) -> None:
    with pytest.raises(SpecError, match=f"--{name}: "):
        plan([f"-{name}=something"])


def test_a_variable_that_nothing_would_act_on_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLACK_URL", "https://hooks.slack.com/x")

    with pytest.raises(SpecError, match="environment variable SLACK_URL"):
        plan([])


def test_parts_share_a_flag_and_keep_their_own_default() -> None:
    """Rollout's own default leaves the metrics server to the metrics part."""
    decide: Any = _parts(plan([]))["rollout"].decide

    assert decide.args[0].metrics_server is None


def test_a_shared_flag_reaches_every_part_that_has_it() -> None:
    decide: Any = _parts(plan(["-metrics-server=http://p"]))["rollout"].decide

    assert decide.args[0].metrics_server == "http://p"


def test_all_four_controllers_run_in_one_process_unless_told_otherwise() -> None:
    assert set(_parts(plan([]))) == {"rollout", "routing", "gating", "metrics"}


def test_only_the_chosen_controllers_are_made() -> None:
    chosen = plan(["--controllers=rollout,routing"])

    assert set(_parts(chosen)) == {"rollout", "routing"}


@pytest.mark.parametrize(
    ("controllers", "program"),
    [
        ("rollout,routing,gating,metrics", "flagger-py"),
        ("metrics", "flagger-metrics"),
        ("rollout,metrics", "flagger-py-metrics-rollout"),
        ("metrics,rollout", "flagger-py-metrics-rollout"),
    ],
)
def test_each_composition_has_a_lease_of_its_own(controllers: str, program: str) -> None:
    """One controller alone has the Lease of its own process, which does the same work."""
    assert plan([f"--controllers={controllers}"]).program == program


def test_an_unknown_controller_is_refused_with_the_known_ones() -> None:
    with pytest.raises(click.UsageError, match=r"router is unknown; choose from rollout, routing"):
        plan(["--controllers=router"])


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["-metric-server=x"], "did you mean --metrics-server?"),
        (["-metrics-server"], "-metrics-server needs a value"),
        (["rollout"], "'rollout' belongs to no flag"),
        (["-concurrent=many"], "invalid int value"),
        (["-log-level=loud"], "invalid choice: 'loud'"),
    ],
    ids=["near miss", "no value", "stray word", "no number", "no such choice"],
)
def test_what_cannot_be_read_is_a_misuse(argv: list[str], sentence: str) -> None:
    with pytest.raises(click.UsageError, match=sentence.replace("?", r"\?")):
        plan(argv)
    assert call("run", *argv).exit_code == 2


@pytest.mark.parametrize(
    ("word", "sentence"),
    [
        (
            "--mesh-provider=nope",
            "--mesh-provider: 'nope' is unknown; "
            "choose one of gatewayapi:v1, gatewayapi:v1beta1, kubernetes, traefik",
        ),
        (
            "--metrics-server=foo",
            "--metrics-server: 'foo' is no http or https URL; "
            "write for example http://prometheus:9090",
        ),
        (
            "--metrics-server=http://p:x",
            "--metrics-server: 'http://p:x' is no http or https URL; "
            "write for example http://prometheus:9090",
        ),
    ],
    ids=["provider", "no url", "no port"],
)
def test_a_value_that_no_object_could_use_is_refused_at_the_start(word: str, sentence: str) -> None:
    result = call("run", word)

    assert result.exit_code == 2
    assert result.stderr == f"error: {sentence}; see flagger-py run --help\n"


@pytest.mark.parametrize(
    ("controller", "word"),
    [
        (routing, "-mesh-provider=nope"),
        (metrics, "-metrics-server=foo"),
        (rollout, "-metrics-server=foo"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.PROGRAM,
)
def test_a_controller_of_its_own_refuses_the_value_in_the_same_words(
    controller: Any, word: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        controller.main([word])

    together = call("run", word)
    assert caught.value.code == together.exit_code == 2
    assert capsys.readouterr().err == together.stderr.replace("flagger-py run --help", "--help")


@pytest.mark.parametrize("provider", FLAGGERS_OTHERS)
def test_a_provider_that_only_flagger_routes_is_warned_of(provider: str) -> None:
    (warning,) = _parts(plan([f"-mesh-provider={provider}"]))["routing"].warnings

    assert warning.startswith(f"--mesh-provider={provider} is a provider of Flagger")
    assert warning.endswith(
        "spec.provider is one of gatewayapi:v1, gatewayapi:v1beta1, kubernetes, traefik are routed"
    )


@pytest.mark.parametrize(
    "word",
    [
        *("-mesh-provider=traefik", "-mesh-provider=example.com/edge", "-mesh-provider="),
        *("-metrics-server=https://u:p@p.test/prefix", "-metrics-server="),
    ],
)
def test_a_value_that_objects_can_use_is_taken_without_a_word(word: str) -> None:
    assert [part.warnings for part in _parts(plan([word])).values()] == [()] * 4


def test_flags_before_the_command_are_those_of_the_process(tmp_path: Path) -> None:
    missing = tmp_path / "none"

    result = call("--kubeconfig", str(missing), "run", "-slack-url=x")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: --slack-url: this version sends no alerts")


def test_help_lists_flags_of_all_parts() -> None:
    text = call("run", "-help").stdout

    for name in ("--metrics-source", "--require-authenticated-approval", "--min-interval"):
        assert name in text


def test_every_flag_says_in_a_sentence_what_it_does() -> None:
    wordless = [
        line.name for line in flag_lines(run_parser()) if not re.match(r"[A-Z].+ .+\.$", line.about)
    ]

    assert wordless == []


@pytest.mark.parametrize("controller", [gating, metrics, rollout, routing], ids=lambda m: m.PROGRAM)
def test_every_controller_shows_its_flags_and_its_version(
    controller: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    for word in ("--help", "--version"):
        with pytest.raises(SystemExit) as caught:
            controller.main([word])
        assert caught.value.code == 0

    out = capsys.readouterr().out
    assert out.endswith(f"\n{version(controller.PROGRAM)}\n")
    assert "\n  --min-retry-delay VALUE\n" in out
    assert "[default: 750ms]" in out
    assert re.search(r"  -[a-z]", out) is None
