"""Releases in virtual time, from a file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagger_py.testing.build import a_canary, a_deployment

from .calling import call


def _file(folder: Path, *documents: Any) -> str:
    path = folder / "canary.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return str(path)


def _closing(output: str) -> list[list[str]]:
    lines = output.splitlines()
    heading = next(i for i, line in enumerate(lines) if line.startswith("REVISION"))
    return [line.split() for line in lines[heading + 1 :]]


def test_a_good_release_is_promoted_and_a_bad_one_is_not(tmp_path: Path) -> None:
    path = _file(tmp_path, a_canary(), a_deployment())

    result = call("simulate", "-f", path, "--errors", "3=0.2")

    assert result.exit_code == 0, result.output
    rows = _closing(result.stdout)
    assert [row[:2] for row in rows] == [["1", "Initialized"], ["2", "Succeeded"], ["3", "Failed"]]
    assert [row[4] == "0" for row in rows] == [True, True, False]
    assert "Advanced to 20%" in result.stdout
    assert "Halt app.test advancement success rate" in result.stdout


def test_equal_seeds_give_equal_plays(tmp_path: Path) -> None:
    path = _file(tmp_path, a_canary())

    first, second = (call("simulate", "-f", path, "--seed", "7").stdout for _ in range(2))

    assert first == second


def test_a_target_that_is_missing_is_stood_in_for(tmp_path: Path) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary()), "--seconds", "10")

    assert "note: the file has no Deployment app; one with two replicas" in result.stderr


def test_a_release_that_does_not_come_to_rest_in_time_says_why(tmp_path: Path) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary()), "--seconds", "20")

    assert result.exit_code == 1
    assert "not at rest in time: sha256:" in result.stderr


def test_gateway_api_is_played_as_well(tmp_path: Path) -> None:
    canary = a_canary(spec={"provider": "gatewayapi:v1"})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert result.exit_code == 0, result.output
    assert _closing(result.stdout)[1][1] == "Succeeded"


def test_webhooks_of_any_host_approve(tmp_path: Path) -> None:
    hook = {"name": "gate", "type": "confirm-promotion", "url": "http://gate.example.com/x"}
    canary = a_canary(spec={"analysis": {"webhooks": [hook]}})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert _closing(result.stdout)[1][1] == "Succeeded", result.output


def test_two_canaries_are_one_too_many(tmp_path: Path) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary("a"), a_canary("b")))

    assert result.exit_code == 1
    assert "the file has 2 Canaries; a simulation plays exactly one" in result.stderr


@pytest.mark.parametrize("share", ["2", "two=0.1", "2=20", "0=0.1"])
def test_a_share_that_is_none_is_a_misuse(tmp_path: Path, share: str) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary()), "--errors", share)

    assert result.exit_code == 2
