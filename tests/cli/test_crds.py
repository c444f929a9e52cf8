"""The CustomResourceDefinitions: printed, written, checked."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from flagger_cli.resources import RESOURCES
from flagger_py.crd import HEADER, definition, file_name

from .calling import call

KINDS = {
    "AlertProvider",
    "Canary",
    "Gate",
    "MetricAnalysis",
    "MetricTemplate",
    "ShadowPolicy",
    "TrafficRoute",
}


def test_every_kind_of_every_part_is_printed() -> None:
    documents = list(yaml.safe_load_all(call("crds").stdout))

    assert {document["spec"]["names"]["kind"] for document in documents} == KINDS
    assert len(documents) == len(KINDS)


def undescribed(schema: Mapping[str, Any], path: str) -> Iterator[str]:
    for name, field in schema.get("properties", {}).items():
        if "description" not in field:
            yield f"{path}.{name}"
        yield from undescribed(field, f"{path}.{name}")
    for inner in (schema.get("items"), schema.get("additionalProperties")):
        if isinstance(inner, Mapping):
            yield from undescribed(inner, f"{path}[]")


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_kubectl_explain_has_something_to_say_about_every_field(kind: str) -> None:
    (resource,) = (found for found in RESOURCES if found.kind.kind == kind)
    for version in definition(resource)["spec"]["versions"]:
        fields = version["schema"]["openAPIV3Schema"]["properties"]
        for part in ("spec", "status"):
            assert list(undescribed(fields.get(part, {}), part)) == []


def test_what_was_written_is_not_stale(tmp_path: Path) -> None:
    call("crds", "--out", str(tmp_path))

    result = call("crds", "--check", str(tmp_path))

    assert result.exit_code == 0, result.output
    assert len(list(tmp_path.iterdir())) == len(KINDS)


def test_a_changed_or_missing_file_is_stale(tmp_path: Path) -> None:
    call("crds", "--out", str(tmp_path))
    changed, missing = (tmp_path / file_name(resource) for resource in RESOURCES[:2])
    changed.write_text(changed.read_text() + "# by hand\n")
    missing.unlink()

    result = call("crds", "--check", str(tmp_path))

    assert result.exit_code == 1
    assert changed.name in result.stderr
    assert missing.name in result.stderr
    assert f"run flagger-py crds --out {tmp_path}" in result.stderr


def test_a_file_of_a_kind_that_is_gone_is_reported_and_removed(tmp_path: Path) -> None:
    orphan = tmp_path / "flagger.app_gone.yaml"
    call("crds", "--out", str(tmp_path))
    orphan.write_text(HEADER + "kind: CustomResourceDefinition\n")

    checked = call("crds", "--check", str(tmp_path))
    call("crds", "--out", str(tmp_path))

    assert checked.exit_code == 1
    assert f"without a kind in {tmp_path}: flagger.app_gone.yaml" in checked.stderr
    assert not orphan.exists()


def test_files_that_nobody_generated_are_left_alone(tmp_path: Path) -> None:
    own = tmp_path / "kustomization.yaml"
    own.write_text("kind: Kustomization\n")

    call("crds", "--out", str(tmp_path))

    assert own.exists()
    assert call("crds", "--check", str(tmp_path)).exit_code == 0


def test_writing_and_checking_at_once_is_a_misuse(tmp_path: Path) -> None:
    assert call("crds", "--out", str(tmp_path), "--check", str(tmp_path)).exit_code == 2


@pytest.mark.parametrize("option", ["--check", "--out"])
def test_a_file_that_is_no_text_is_named(tmp_path: Path, option: str) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff")

    result = call("crds", option, str(tmp_path))

    assert result.exit_code == 1
    assert f"{tmp_path / 'latin.yaml'} is no UTF-8 text; save it as UTF-8" in result.stderr


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")

    result = call("crds", "--out", str(file / "folder"))

    assert result.exit_code == 1
    assert "cannot be written" in result.stderr
    assert "[Errno" not in result.stderr
