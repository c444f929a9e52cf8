"""Manifests looked at before any cluster sees them."""

from pathlib import Path
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


def test_a_file_that_cannot_be_read_is_a_finding_and_the_others_are_looked_at(
    tmp_path: Path,
) -> None:
    names = ("broken.yaml", "latin.yaml", "deep.yaml", "good.yaml")
    broken, latin, deep, good = (tmp_path / name for name in names)
    broken.write_text("{")
    latin.write_bytes(b"a: \xff")
    deep.write_text("[" * 2000)
    good.write_text(yaml.safe_dump(a_canary(spec={"service": None})))

    result = call("lint", *(f"-f{path}" for path in (broken, latin, deep, good)))

    assert result.exit_code == 1
    assert f"{broken}: the file: is no YAML" in result.stdout
    assert f"{latin}: the file: is no UTF-8" in result.stdout
    assert f"{deep}: the file: is nested more deeply" in result.stdout
    assert "Canary test/app: spec.service is missing" in result.stdout
    assert result.stderr == "4 findings in 1 of 1 objects\n"


def test_a_file_without_objects_is_a_note() -> None:
    result = call("lint", "-f", "-", text="# nothing\n")

    assert result.exit_code == 0
    assert "note: -: the file has no objects\n" in result.stderr


def test_a_helm_template_is_to_be_rendered_first() -> None:
    result = call("lint", "-f", "-", text="metadata:\n  name: {{ .Values.name }}\n")

    assert result.exit_code == 1
    assert "render a Helm template first: helm template ... | flagger-py lint -f -" in result.stdout


@pytest.mark.parametrize(
    ("spec", "finding"),
    [
        ({"analysis": {"threshold": "3"}}, "spec.analysis.threshold: must be a whole number"),
        ({"service": {"port": "80"}}, "spec.service.port: must be a whole number"),
        ({"skipAnalysis": "true"}, "spec.skipAnalysis: must be true or false"),
        (
            {"service": {"targetPort": [1]}},
            "spec.service.targetPort: must be a port's number or name",
        ),
    ],
    ids=["threshold", "port", "switch", "target port"],
)
def test_a_value_of_another_type_than_the_schema_has_is_a_finding(spec: Any, finding: str) -> None:
    code, out, _ = _lint(a_canary(spec=spec))

    assert code == 1
    assert out.startswith(f"-: Canary test/app: {finding}")
    assert len(out.splitlines()) == 1


def test_a_spec_that_is_no_map_is_one_finding() -> None:
    code, out, _ = _lint({**a_canary(), "spec": []})

    assert (code, out) == (1, "-: Canary test/app: spec: must be a map\n")


@pytest.mark.parametrize(
    ("metadata", "finding"),
    [
        ({"name": "Pod_Info"}, "metadata.name: no object can be called Pod_Info"),
        ({"lables": {"a": "b"}}, "metadata.lables: no such field; did you mean labels?"),
        ({"labels": {"a": 1}}, "metadata.labels.a: must be text; put it in quotes"),
        ({"name": 7}, "metadata.name: must be text; put it in quotes"),
    ],
    ids=["name", "key", "label", "number"],
)
def test_metadata_that_no_server_stores_is_a_finding(metadata: Any, finding: str) -> None:
    code, out, _ = _lint(a_canary(metadata=metadata))

    assert code == 1
    assert finding in out
    assert len(out.splitlines()) == 1


@pytest.mark.parametrize(
    ("api_version", "kind", "tail"),
    [
        ("flagger.app/v1beta1", "Canery", "; did you mean Canary?"),
        ("flagger.app/v1alpha3", "Canary", "; write flagger.app/v1beta1"),
    ],
    ids=["kind", "version"],
)
def test_a_kind_that_is_nearly_ours_is_named(api_version: str, kind: str, tail: str) -> None:
    code, out, _ = _lint({**a_canary(), "apiVersion": api_version, "kind": kind})

    assert code == 1
    assert f"no kind {kind} exists in {api_version}{tail}" in out
