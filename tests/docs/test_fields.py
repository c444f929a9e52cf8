"""The page of all fields says what the models have, and what this version does with it."""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from flagger_cli import docs, field_page
from flagger_cli.resources import RESOURCES
from flagger_py.conditions import Reason
from flagger_py.crd import CustomResource, definition
from flagger_py.errors import SpecError
from flagger_rollout.api import CanarySpec
from flagger_rollout.unsupported import refuse_unsupported

from .blocks import ROOT

ROW = re.compile(
    r"^\| `(?P<path>(?:spec|status)[^`]*)` \| (?P<type>[^|]+) \| (?P<default>[^|]+) \|"
)
UNSUPPORTED = ROOT / "rollout" / "flagger_rollout" / "unsupported.py"
NOT_A_FIELD = {"spec.targetRef.kind"}
"""Refused by its value alone: other kinds of targets."""

USED: dict[str, Any] = {
    "autoscalerRef": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler"},
    "upstreamRef": {"apiVersion": "gloo.solo.io/v1", "kind": "Upstream"},
    "analysis.iterations": 3,
    "analysis.match": [{"headers": {"x": {"exact": "y"}}}],
    "analysis.mirror": True,
    "analysis.sessionAffinity": {"cookieName": "side"},
    "analysis.alerts": [{"name": "a", "providerRef": {"name": "p"}}],
}
"""A value for each field of a Canary that is not honoured yet, by its path in the spec."""


page = cache(field_page.page)


def rows(kind: str) -> list[str]:
    """Return the rows of *kind* on the page."""
    section = page().partition(f"\n## {kind}\n")[2].partition("\n## ")[0]
    return [line for line in section.splitlines() if line.startswith("| `")]


def spec_with(path: str) -> CanarySpec:
    """Return a spec that is right but for its use of the field *path*."""
    analysis: dict[str, Any] = {"interval": "10s", "threshold": 2, "stepWeight": 10}
    spec: dict[str, Any] = {
        "targetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "app"},
        "service": {"port": 80},
        "analysis": analysis,
    }
    if path == "analysis.iterations":
        del analysis["stepWeight"]
    within, _, name = path.rpartition(".")
    value = USED[path]
    named = {**value, "name": "app"} if name.endswith("Ref") else value
    (analysis if within else spec)[name] = named
    return CanarySpec.read(spec, "spec")


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.kind.kind)
def test_every_field_of_a_kind_has_a_row(resource: CustomResource) -> None:
    (version,) = definition(resource)["spec"]["versions"]
    root = version["schema"]["openAPIV3Schema"]["properties"]
    shown = {found["path"] for row in rows(resource.kind.kind) if (found := ROW.match(row))}

    for part in ("spec", "status"):
        names = root.get(part, {}).get("properties", {})
        assert {f"{part}.{name}" for name in names} <= shown


def test_every_row_has_a_meaning() -> None:
    assert [row for row in page().splitlines() if row.endswith("| – |")] == []


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("Canary", "| `spec.targetRef.name` | string | required | Name of the object. |"),
        ("Canary", "| `spec.service.port` | integer | required | Port of the Services. |"),
        ("Canary", "| `spec.suspend` | boolean | `false` | "),
        ("Canary", "| `spec.service.gatewayRefs[].kind` | string | `Gateway` | "),
        ("Canary", "| `spec.service.match[].headers` | map of objects | – | "),
        ("TrafficRoute", "| `spec.verify` | object | – | *Not yet.* "),
        ("TrafficRoute", "| `status.inForce.since` | time | required | "),
    ],
    ids=["required", "a number", "false", "a text", "a map", "not yet", "a moment"],
)
def test_a_row_says_type_default_and_meaning(kind: str, row: str) -> None:
    assert [found for found in rows(kind) if found.startswith(row)]


def test_not_yet_is_what_the_code_refuses() -> None:
    refused = set(re.findall(r'yield f?"(spec\.[\w.]+)', UNSUPPORTED.read_text("utf-8")))

    assert refused - NOT_A_FIELD == field_page.NOT_YET["Canary"]
    assert {f"spec.{path}" for path in USED} == field_page.NOT_YET["Canary"]


@pytest.mark.parametrize("path", USED)
def test_a_field_that_is_not_there_yet_is_named(path: str) -> None:
    with pytest.raises(SpecError, match=f"spec.{path}") as refusal:
        refuse_unsupported(spec_with(path), "app")

    assert refusal.value.reason == Reason.NOT_SUPPORTED


def test_the_pages_of_the_repository_are_fresh() -> None:
    stale = [
        path for path, text in docs.pages().items() if (ROOT / path).read_text("utf-8") != text
    ]

    assert stale == [], "run make docs"


def test_a_stale_page_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    docs.main([])
    assert docs.main(["--check"]) == 0

    field_page.PAGE.write_text("something else\n", encoding="utf-8")

    assert docs.main(["--check"]) == 1
    assert capsys.readouterr().err == "docs/reference/fields.md is stale; run make docs\n"
