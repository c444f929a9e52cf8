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
    assert out.startswith("-: Canary app: ")
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
