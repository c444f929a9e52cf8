"""What `get` and `explain` say about a release on the whole toolkit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .bed import Bed, initialised
from .calling import call


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    with initialised(tmp_path) as made:
        yield made


def test_canaries_are_listed_with_phase_weight_and_sentence(bed: Bed) -> None:
    bed.release(2)

    lines = bed.call("get", "-n", "test").stdout.splitlines()

    heading = "NAME PHASE WEIGHT FAILED REVISION SUSPENDED READY MESSAGE"
    assert lines[0].split() == heading.split()
    assert lines[1].split()[:4] == ["app", "Progressing", "20", "0"]


@pytest.mark.parametrize(
    ("kind", "seen"),
    [
        ("trafficroutes", "traefik"),
        ("tr", "traefik"),
        ("TrafficRoute", "traefik"),
        ("metricanalyses", "Passed"),
    ],
)
def test_every_kind_is_listed_by_any_of_its_names(bed: Bed, kind: str, seen: str) -> None:
    bed.release(2)
    bed.until(lambda status: status["canaryWeight"] == 40)

    result = bed.call("get", kind, "-A")

    assert result.stdout.startswith("NAMESPACE")
    assert seen in result.stdout


def test_an_empty_list_is_no_error(bed: Bed) -> None:
    result = bed.call("get", "gates", "-n", "test")

    assert result.exit_code == 0
    assert "no gates found in namespace test" in result.stderr
    assert result.stdout == ""


def test_one_object_is_shown_by_its_name(bed: Bed) -> None:
    shown = bed.call("get", "tr", "app", "-n", "test")
    missing = bed.call("get", "tr", "test/other")

    assert shown.stdout.splitlines()[1].split()[0] == "app"
    assert missing.exit_code == 1
    assert "there is no TrafficRoute test/other" in missing.stderr


def test_an_unknown_kind_is_refused_with_the_known_ones() -> None:
    result = call("get", "pods")

    assert result.exit_code == 2
    assert "kind 'pods' is unknown; choose one of canaries, metricanalyses" in result.stderr


def test_a_failing_release_is_explained_by_value_rule_and_split(bed: Bed) -> None:
    bed.release(2, error_rate=0.2)
    bed.until(lambda status: status["failedChecks"] == 1)

    text = bed.call("explain", "test/app").stdout

    assert "Canary test/app" in text
    assert "20% of the requests are meant for the canary; 1 of 2 failed checks" in text
    assert "80% primary, 20% canary in force" in text
    assert "request-success-rate" in text
    assert "rule >= 99: Failed" in text
    assert "! CheckFailed: Halt app.test advancement" in text
    assert "flagger-py rollback test/app" in text


def test_a_cluster_that_does_not_answer_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(
        "current-context: c\n"
        "contexts: [{name: c, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:9'}}]\n"
        "users: [{name: u, user: {}}]\n"
    )

    result = call("get", "--kubeconfig", str(path))

    assert result.exit_code == 1
    assert result.stderr.startswith("error: the API server at 127.0.0.1:9 does not answer GET")
    assert "Traceback" not in result.output


def test_debug_shows_where_an_error_came_from(tmp_path: Path) -> None:
    result = call("--debug", "get", "pods", "--kubeconfig", str(tmp_path / "none"))

    assert "Traceback" in result.stderr
