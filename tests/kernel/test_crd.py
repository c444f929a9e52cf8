"""Definitions made from declarations: as Flux writes them, and the same each time."""

from dataclasses import replace
from pathlib import Path

import yaml

from flagger_py import crd
from flagger_py.crd_marks import Rule
from tests.compat.stored import schema_in
from tests.kernel.bicycles import BICYCLE


def test_a_reconciled_kind_starts_unobserved() -> None:
    """Otherwise kstatus would call it ready before its controller ever looked at it."""
    definition = crd.definition(BICYCLE)

    assert schema_in(definition)["properties"]["status"]["default"] == {"observedGeneration": -1}
    assert definition["spec"]["versions"][0]["subresources"] == {"status": {}}


def test_a_static_kind_has_no_status() -> None:
    """A status that nobody writes would keep it in progress for ever."""
    definition = crd.definition(replace(BICYCLE, status=None))

    assert "status" not in schema_in(definition)["properties"]
    assert "subresources" not in definition["spec"]["versions"][0]


def test_names_and_annotations_follow_flux() -> None:
    definition = crd.definition(BICYCLE)

    assert definition["metadata"] == {
        "name": "bicycles.garage.example.com",
        "annotations": {"kustomize.toolkit.fluxcd.io/substitute": "disabled"},
    }
    assert definition["spec"]["names"] == {
        "kind": "Bicycle",
        "listKind": "BicycleList",
        "plural": "bicycles",
        "singular": "bicycle",
        "shortNames": ["bi"],
        "categories": ["all", "fluxcd", "fluxcd-delivery"],
    }


def test_helm_keeps_what_asks_to_be_kept() -> None:
    annotations = crd.definition(replace(BICYCLE, kept=True))["metadata"]["annotations"]

    assert annotations["helm.sh/resource-policy"] == "keep"


def test_columns_end_as_those_of_flux() -> None:
    columns = crd.definition(BICYCLE)["spec"]["versions"][0]["additionalPrinterColumns"]

    assert [column["name"] for column in columns] == ["Size", "Age", "Ready", "Status"]
    assert columns[0]["priority"] == 1
    assert "priority" not in columns[1]


def test_rules_of_the_whole_object_stand_at_its_root() -> None:
    ruled = replace(BICYCLE, rules=(Rule("has(self.spec)", "say what you want"),))

    root = schema_in(crd.definition(ruled))

    assert root["x-kubernetes-validations"] == [
        {"rule": "has(self.spec)", "message": "say what you want"}
    ]


def test_an_object_needs_a_spec_unless_declared_otherwise() -> None:
    assert schema_in(crd.definition(BICYCLE))["required"] == ["spec"]
    assert "required" not in schema_in(crd.definition(replace(BICYCLE, spec_required=False)))


def test_the_text_is_the_definition_without_anchors() -> None:
    text = crd.text(BICYCLE)

    assert yaml.safe_load(text) == crd.definition(BICYCLE)
    assert "&id" not in text
    assert text == crd.text(replace(BICYCLE))


def test_a_file_is_stale_when_missing_or_edited(tmp_path: Path) -> None:
    name = "garage.example.com_bicycles.yaml"

    before = crd.stale([BICYCLE], tmp_path)
    crd.write([BICYCLE], tmp_path / "crds")
    written = crd.stale([BICYCLE], tmp_path / "crds")
    (tmp_path / "crds" / name).write_text("kind: Tricycle\n")
    edited = crd.stale([BICYCLE], tmp_path / "crds")

    assert before == (name,)
    assert written == ()
    assert edited == (name,)
