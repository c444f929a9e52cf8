"""Releases in virtual time, from a file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagger_py.testing.build import a_canary, a_deployment

from .calling import call

FROM_A_CLUSTER = {
    "uid": "0b5c",
    "resourceVersion": "77",
    "generation": 3,
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "managedFields": [{"manager": "kubectl", "operation": "Apply"}],
    "finalizers": ["finalizer.flagger.app"],
}
"""What `kubectl get -o yaml` prints that nobody wrote."""


def _file(folder: Path, *documents: Any) -> str:
    path = folder / "canary.yaml"
    path.write_text(yaml.safe_dump_all(documents))
    return str(path)


def _route_to_nowhere() -> dict[str, Any]:
    """Build a route that wins over the one of a simulation's users, because it names a path."""
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": {"name": "nowhere"},
        "spec": {
            "parentRefs": [{"name": "lab", "namespace": "default"}],
            "hostnames": ["app.test"],
            "rules": [
                {
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "backendRefs": [{"name": "nobody", "port": 80}],
                }
            ],
        },
    }


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
    assert "Revisions 1 to 3 are released; revision 3 fails 20% of its requests" in result.stdout
    assert "FAILED MEANWHILE" in result.stdout
    assert "Advanced to 20%" in result.stdout
    assert "Halt app.test advancement success rate" in result.stdout


def test_requests_that_nobody_answers_have_failed(tmp_path: Path) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary(), _route_to_nowhere()))

    *_, second = _closing(result.stdout)
    assert second[3] == second[4] != "0", result.output


def test_users_come_once_the_first_version_serves_them(tmp_path: Path) -> None:
    """What nobody could answer before is neither a request nor a failed one."""
    result = call("simulate", "-f", _file(tmp_path, a_canary()))

    first, second = _closing(result.stdout)
    assert first[3:] == ["0", "0"]
    assert int(second[3]) > 1000
    assert second[4] == "0"


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
    assert "error: revision 2 was not at rest after 20s of --seconds: " in result.stderr


def test_a_revision_that_nobody_looks_at_is_no_success(tmp_path: Path) -> None:
    """The Canary rests all the while: only that it never left its rest tells."""
    metric = {"name": "a", "templateRef": {"name": "gone"}}
    canary = a_canary(spec={"analysis": {"metrics": [metric]}})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert result.exit_code == 1
    assert "revision 2 was not taken: MetricAnalysis app: " in result.stderr
    assert 'metrictemplate.flagger.app "gone" not found' in result.stderr
    assert _closing(result.stdout)[1][:3] == ["2", "not", "taken"]


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        ({"targetRef": None}, "Canary test/app: spec.targetRef: "),
        ({"analysis": {"interval": 30}}, "spec.analysis.interval: "),
        ({"analysis": {"metrics": [{"name": "sucess"}]}}, "no usable metrics template"),
        ({"provider": "treafik"}, "spec.provider: 'treafik' is unknown"),
        ({"provider": "kubernetes"}, "spec.provider: kubernetes gives no shares; set"),
        ({"provider": "gatewayapi:v1"}, "spec.service.gatewayRefs: provider gatewayapi:v1 needs"),
    ],
    ids=["no target", "no text", "unknown metric", "unknown router", "no shares", "no gateway"],
)
def test_an_invalid_spec_is_not_played(tmp_path: Path, spec: Any, finding: str) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary(spec=spec)))

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: Canary test/app: ")
    assert finding in result.stderr


def test_a_query_that_the_imitated_prometheus_cannot_read_is_not_played(tmp_path: Path) -> None:
    metric = {"name": "errors", "interval": "1m", "query": "rollup_rate(errors[1m])"}
    path = _file(tmp_path, a_canary(spec={"analysis": {"metrics": [metric]}}))

    result = call("simulate", "-f", path)

    assert result.exit_code == 1
    assert "unknown function with name 'rollup_rate'" in result.stderr
    assert result.stderr.endswith("; here it has no answer\n")
    assert result.stdout == ""


def test_a_misspelt_field_is_told_and_the_play_goes_on(tmp_path: Path) -> None:
    canary = a_canary(spec={"analysis": {"stepWieght": 5}})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert result.exit_code == 0, result.output
    assert (
        "note: Canary test/app: spec.analysis.stepWieght: no such field; did you mean stepWeight?"
    ) in result.stderr


def test_objects_may_come_as_a_list_that_a_cluster_printed(tmp_path: Path) -> None:
    """A server's own words, such as the resourceVersion, are not sent to another one."""
    canary = a_canary(metadata=FROM_A_CLUSTER, status={"phase": "Succeeded", "canaryWeight": 0})
    listed = {"apiVersion": "v1", "kind": "List", "items": [canary, a_deployment()]}

    result = call("simulate", "-f", _file(tmp_path, listed))

    assert result.exit_code == 0, result.output
    assert "stands in" not in result.stderr
    assert _closing(result.stdout)[1][1] == "Succeeded"


def test_the_objects_may_be_in_several_files(tmp_path: Path) -> None:
    second = tmp_path / "more"
    second.mkdir()
    files = ("-f", _file(tmp_path, a_canary()), "-f", _file(second, a_deployment()))

    result = call("simulate", *files)

    assert result.exit_code == 0, result.output
    assert "stands in" not in result.stderr


@pytest.mark.parametrize("seconds", ["0", "-5"])
def test_a_play_takes_time(tmp_path: Path, seconds: str) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary()), "--seconds", seconds)

    assert result.exit_code == 2
    assert "--seconds" in result.stderr


def test_gateway_api_is_played_as_well(tmp_path: Path) -> None:
    service = {"gatewayRefs": [{"name": "edge", "namespace": "infra"}]}
    canary = a_canary(spec={"provider": "gatewayapi:v1", "service": service})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert result.exit_code == 0, result.output
    assert _closing(result.stdout)[1][1] == "Succeeded"


def test_users_reach_the_service_itself_where_nothing_is_split(tmp_path: Path) -> None:
    canary = a_canary(spec={"provider": "kubernetes", "skipAnalysis": True})

    result = call("simulate", "-f", _file(tmp_path, canary))

    second = _closing(result.stdout)[1]
    assert second[1] == "Succeeded", result.output
    assert int(second[3]) > 0
    assert second[4] == "0"


@pytest.mark.parametrize("provider", ["foo", "istio"])
def test_a_mesh_provider_that_nobody_routes_is_a_misuse(tmp_path: Path, provider: str) -> None:
    path = _file(tmp_path, a_canary(spec={"provider": None}))

    result = call("simulate", "-f", path, "--mesh-provider", provider)

    assert result.exit_code == 2
    assert "--mesh-provider" in result.stderr
    assert provider in result.stderr


def test_a_mesh_provider_that_is_not_used_need_not_be_routed(tmp_path: Path) -> None:
    path = _file(tmp_path, a_canary(spec={"provider": "traefik"}))

    result = call("simulate", "-f", path, "--mesh-provider", "istio")

    assert result.exit_code == 0, result.output
    assert _closing(result.stdout)[1][1] == "Succeeded"


def test_a_mesh_provider_that_does_not_exist_is_a_misuse_even_unused(tmp_path: Path) -> None:
    path = _file(tmp_path, a_canary(spec={"provider": "traefik"}))

    result = call("simulate", "-f", path, "--mesh-provider", "foo")

    assert result.exit_code == 2
    assert "--mesh-provider: 'foo' is unknown; choose one of gatewayapi:v1" in result.stderr


def test_webhooks_of_any_host_approve(tmp_path: Path) -> None:
    hook = {"name": "gate", "type": "confirm-promotion", "url": "http://gate.example.com/x"}
    canary = a_canary(spec={"analysis": {"webhooks": [hook]}})

    result = call("simulate", "-f", _file(tmp_path, canary))

    assert _closing(result.stdout)[1][1] == "Succeeded", result.output


def test_a_target_without_containers_is_refused_by_its_field(tmp_path: Path) -> None:
    bare = a_deployment(spec={"template": {"spec": {"containers": None}}})

    result = call("simulate", "-f", _file(tmp_path, a_canary(), bare))

    assert result.exit_code == 1
    assert "Deployment app: spec.template.spec.containers names no container" in result.stderr


def test_two_canaries_are_one_too_many(tmp_path: Path) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary("a"), a_canary("b")))

    assert result.exit_code == 1
    assert "the file has 2 Canaries; a simulation plays exactly one" in result.stderr


@pytest.mark.parametrize("share", ["2", "two=0.1", "2=20", "0=0.1"])
def test_a_share_that_is_none_is_a_misuse(tmp_path: Path, share: str) -> None:
    result = call("simulate", "-f", _file(tmp_path, a_canary()), "--errors", share)

    assert result.exit_code == 2
