"""The chart grants each controller what it does and no more, and brings the kinds as generated."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
CHART = ROOT / "charts" / "flagger-py"
PARTS = ("metrics", "routing", "gating", "rollout")
FILES = sorted((CHART / "rbac").glob("*.yaml"))
OWN = {
    "metrics": "metrics.flagger.app",
    "routing": "routing.flagger.app",
    "gating": "gating.flagger.app",
    "rollout": "flagger.app",
}
Rule = dict[str, list[str]]


def rules(name: str) -> list[Rule]:
    found: list[Rule] = yaml.safe_load((CHART / "rbac" / f"{name}.yaml").read_text())
    return found


def verbs_on(name: str, group: str, resource: str) -> set[str]:
    matching = (r for r in rules(name) if group in r["apiGroups"] and resource in r["resources"])
    return {verb for rule in matching for verb in rule["verbs"]}


def test_the_kinds_in_the_chart_are_those_generated() -> None:
    generated, shipped = (
        {path.name: path.read_bytes() for path in folder.glob("*.yaml")}
        for folder in (ROOT / "crds", CHART / "crds")
    )

    assert shipped == generated


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_rule_names_what_it_grants(path: Path) -> None:
    """Plain rules: no template, no wildcard, nothing but the three lists of RBAC."""
    assert "{{" not in path.read_text()
    for rule in rules(path.stem):
        assert set(rule) == {"apiGroups", "resources", "verbs"}
        assert "*" not in [word for words in rule.values() for word in words]


@pytest.mark.parametrize("part", PARTS)
def test_a_controller_writes_its_status_and_tells(part: str) -> None:
    own = next(r for r in rules(part) if r["apiGroups"] == [OWN[part]])

    assert verbs_on(part, OWN[part], f"{own['resources'][0]}/status") == {"patch"}
    assert verbs_on(part, "", "events") == {"create"}


@pytest.mark.parametrize("part", PARTS)
def test_a_controller_itself_may_write_no_object_of_a_tenant(part: str) -> None:
    """What is not of our own groups is only read, but for Events; the rest is for tenants."""
    for rule in rules(part):
        (group,) = rule["apiGroups"]
        ours = group == "flagger.app" or group.endswith(".flagger.app")
        if ours or rule["resources"] in (["events"], ["serviceaccounts"]):
            continue
        assert set(rule["verbs"]) <= {"get", "list", "watch"}, rule
        assert not {"secrets", "configmaps"} & set(rule["resources"]), rule


@pytest.mark.parametrize("part", PARTS)
def test_only_accounts_are_impersonated(part: str) -> None:
    impersonated = [
        rule["resources"]
        for path in FILES
        for rule in rules(path.stem)
        if "impersonate" in rule["verbs"] and path.stem.startswith(part)
    ]

    assert impersonated == [["serviceaccounts"]]


def test_secrets_are_listed_only_where_configs_are_tracked() -> None:
    listing = {path.stem for path in FILES if "list" in verbs_on(path.stem, "", "secrets")}

    assert listing == {"rollout-tenant"}


def test_no_role_of_users_writes_a_status() -> None:
    for role in ("view", "edit"):
        assert not [name for rule in rules(role) for name in rule["resources"] if "/" in name]


def test_users_may_read_and_edit_every_kind_of_ours() -> None:
    kinds = {path.stem.partition("_")[::2] for path in (CHART / "crds").glob("*.yaml")}

    for role in ("view", "edit"):
        assert {(r["apiGroups"][0], name) for r in rules(role) for name in r["resources"]} == kinds


def test_every_value_that_a_template_uses_exists() -> None:
    """A value that is used and not declared would be empty without a word."""
    values = yaml.safe_load((CHART / "values.yaml").read_text())
    used = {
        match
        for path in (CHART / "templates").iterdir()
        for match in re.findall(r"\.Values\.([A-Za-z.]+)", path.read_text())
    }

    assert sorted(used - set(_paths(values))) == []


def test_the_first_flags_are_where_tools_patch_them() -> None:
    """`flux install` and flux-operator patch arguments by their position."""
    helpers = (CHART / "templates" / "_helpers.tpl").read_text()
    block = helpers.partition('define "flagger-py.args"')[2].partition("end -}}")[0]

    flags = re.findall(r"^- (--[a-z-]+)=", block, re.MULTILINE)

    assert flags[:3] == ["--events-addr", "--watch-all-namespaces", "--log-level"]


def _paths(values: dict[str, Any], prefix: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{prefix}{name}"
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{name}.")
