"""Manifests looked at before any cluster sees them."""

from typing import Any

import pytest
import yaml

from flagger_py.testing.build import a_canary, a_deployment

from .calling import call


def _lint(*documents: Any) -> tuple[int, str, str]:
    result = call("lint", "-f", "-", text=yaml.safe_dump_all(documents))
    return result.exit_code, result.stdout, result.stderr


def test_a_good_canary_has_no_finding() -> None:
    assert _lint(a_canary()) == (0, "", "0 findings in 1 of 1 objects\n")


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        ({"analyses": {}}, "spec.analyses: no such field; did you mean analysis?"),
        (
            {"analysis": {"metrics": [{"name": "a", "treshold": 1}]}},
            "spec.analysis.metrics[0].treshold: no such field; did you mean threshold?",
        ),
        ({"service": {"port": "eighty"}}, "spec.service.port:"),
        ({"targetRef": {"kind": "DaemonSet"}}, "does not support spec.targetRef.kind DaemonSet"),
        ({"analysis": {"interval": None}}, "say how to analyse"),
        ({"service": None}, "spec.service is missing"),
    ],
    ids=["near miss", "in a list", "type", "not supported", "incomplete", "no service"],
)
def test_a_finding_names_its_field(spec: Any, finding: str) -> None:
    code, out, _ = _lint(a_canary(spec=spec))

    assert code == 1
    assert out.startswith("-: Canary test/app: ")
    assert finding in out


@pytest.mark.parametrize(
    ("manifest", "finding"),
    [
        (
            {
                "apiVersion": "gating.flagger.app/v1alpha1",
                "kind": "Gate",
                "metadata": {"name": "g"},
                "spec": {"question": {"manual": {"who": "me"}}},
            },
            "spec.question.manual.who: no such field",
        ),
        (
            {"apiVersion": "flagger.app/v1beta2", "kind": "Canary", "metadata": {"name": "a"}},
            "no kind Canary exists in flagger.app/v1beta2",
        ),
        (
            {"apiVersion": "flagger.app/v1beta1", "kind": "Canaries", "metadata": {"name": "a"}},
            "no kind Canaries exists in flagger.app/v1beta1",
        ),
        ({"spec": {}}, "it is no Kubernetes object: kind is missing"),
    ],
    ids=["gate", "another version", "another kind", "no kind"],
)
def test_every_kind_of_ours_is_looked_at(manifest: Any, finding: str) -> None:
    code, out, _ = _lint(manifest)

    assert code == 1
    assert finding in out


def test_a_key_that_stands_twice_is_named_with_its_line() -> None:
    text = yaml.safe_dump(a_canary()).replace("spec:\n", "spec:\n  provider: istio\n", 1)
    line = text.splitlines().index("  provider: traefik") + 1

    result = call("lint", "-f", "-", text=text)

    assert result.exit_code == 1
    assert f"Canary test/app: line {line}: provider stands twice in one map" in result.stdout


def test_the_objects_of_a_list_are_looked_at_one_by_one() -> None:
    """As `kubectl get canaries -A -o yaml` prints them, with what the server added."""
    meta = {"uid": "0b5c", "resourceVersion": "7", "managedFields": []}
    good = a_canary("good", metadata=meta, status={"phase": "Succeeded", "ofAnotherVersion": 1})
    bad = a_canary("bad", namespace="other", spec={"service": None})

    code, out, told = _lint({"apiVersion": "v1", "kind": "List", "items": [good, bad]})

    assert code == 1
    assert out == "-: Canary other/bad: spec.service is missing; set at least spec.service.port\n"
    assert told == "1 finding in 2 of 2 objects\n"


def test_the_items_of_a_typed_list_may_leave_out_their_kind() -> None:
    bare = {key: a_canary(spec={"service": None})[key] for key in ("metadata", "spec")}

    code, out, _ = _lint(
        {"apiVersion": "flagger.app/v1beta1", "kind": "CanaryList", "items": [bare]}
    )

    assert code == 1
    assert "Canary test/app: spec.service is missing" in out


def test_labels_and_free_maps_have_any_key() -> None:
    canary = a_canary(metadata={"labels": {"a": "b"}})
    canary["spec"]["analysis"]["metrics"][0]["templateVariables"] = {"anything": "goes"}

    assert _lint(canary)[0] == 0


def test_objects_of_foreign_kinds_are_left_alone() -> None:
    code, out, told = _lint(a_deployment(spec={"nonsense": 1}), a_canary())

    assert (code, out) == (0, "")
    assert told == "0 findings in 1 of 2 objects; the others are not of our kinds\n"


def test_what_is_no_yaml_is_one_sentence() -> None:
    result = call("lint", "-f", "-", text="{")

    assert result.exit_code == 1
    assert result.stderr.startswith("error: - is no YAML")
