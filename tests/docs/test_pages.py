"""What the documents show is true as far as a machine can tell."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from flagger_cli.linting import lint
from flagger_cli.manifests import Document
from flagger_cli.resources import RESOURCES

from .blocks import PAGES, READMES, ROOT, Block, anchors, blocks, links

SHOWN = [block for page in PAGES for block in blocks(page)]
YAML = [block for block in SHOWN if block.language in ("yaml", "yml")]
PARTS = ("metrics", "routing", "gating", "rollout")
NOT_YET = {
    # Shown to be refused.
    ("docs/start/canary-per-app.md", "Canary apps/podinfo"): "spec.autoscalerRef",
}


def documents(block: Block) -> list[Any]:
    return [found for found in yaml.safe_load_all(block.text) if found is not None]


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_on_a_page_is_what_the_models_take(block: Block) -> None:
    for found in documents(block):
        assert isinstance(found, dict), f"{block} is no object"
        (checked,) = lint([Document("", found)])
        expected = NOT_YET.get((str(block.page.relative_to(ROOT)), checked.title), "")
        told = (*checked.findings, *checked.warnings)
        findings = [one for one in told if not expected or expected not in one]
        assert not findings, f"{block}: {checked.title}: {'; '.join(findings)}"


def test_every_kind_is_shown_on_some_page() -> None:
    shown = {found["kind"] for block in YAML for found in documents(block) if "kind" in found}

    reconciled = {resource.kind.kind for resource in RESOURCES if resource.status is not None}
    assert reconciled <= shown


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    broken = []
    for target in links(page):
        name, _, anchor = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            broken.append(target)

    assert broken == []


@pytest.mark.parametrize(
    "page", [p for p in PAGES if p.parent.name == "start"], ids=lambda page: page.stem
)
def test_a_start_page_is_reached_from_the_first_page(page: Path) -> None:
    assert f"start/{page.name}" in links(ROOT / "docs" / "index.md")


@pytest.mark.parametrize("part", PARTS)
def test_the_readme_of_a_part_stands_alone(part: str) -> None:
    """A wheel's page on an index says in one sentence, one manifest and one table what it is."""
    page = ROOT / part / "README.md"
    title, sentence = page.read_text(encoding="utf-8").split("\n\n")[:2]

    assert page in READMES
    assert title == f"# flagger-{part}"
    assert sentence.splitlines()[0].endswith((".", "controller."))
    assert any(block.language == "yaml" for block in blocks(page))
    assert f"pip install '.[runtime]' ./{part}\n" in page.read_text(encoding="utf-8")
    assert "|---|" in page.read_text(encoding="utf-8")
