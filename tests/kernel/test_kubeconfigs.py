"""Who the kubeconfigs that kubectl would read say we are."""

import os
from pathlib import Path

import pytest

from flagger_py.runtime.kubeconfigs import Who, located, who

CONTEXTS = """\
current-context: one
contexts:
- {name: one, context: {user: ann}}
- {name: two, context: {user: bob, namespace: apps}}
"""


def written(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.write_text(text)
    return str(path)


def joined(*paths: str) -> str:
    return os.pathsep.join(paths)


def test_a_flag_wins_over_the_variable_and_an_empty_variable_is_none() -> None:
    assert located("flag", {"KUBECONFIG": "variable"}) == "flag"
    assert located("", {"KUBECONFIG": "variable"}) == "variable"
    assert located("", {"KUBECONFIG": ""}) == located("", {}) == "~/.kube/config"


def test_the_first_kubeconfig_to_name_the_current_context_wins(tmp_path: Path) -> None:
    first = written(tmp_path, "a", "current-context: two\n")
    listed = joined(first, str(tmp_path / "none"), written(tmp_path, "b", CONTEXTS))

    assert who(listed, "") == Who("bob", "apps")
    assert who(listed, "one") == Who("ann", "")


def test_the_first_kubeconfig_to_know_a_context_wins(tmp_path: Path) -> None:
    first = written(tmp_path, "a", "contexts:\n- {name: one, context: {user: eve}}\n")
    listed = joined(first, written(tmp_path, "b", CONTEXTS))

    assert who(listed, "") == Who("eve", "")


@pytest.mark.parametrize(
    "text",
    ["", "- 1\n", "a: [", "contexts: {}\n", "contexts: [1, {name: one}]\n"],
    ids=["empty", "no-map", "no-yaml", "no-list", "no-context"],
)
def test_a_kubeconfig_without_sense_says_nothing(tmp_path: Path, text: str) -> None:
    odd = written(tmp_path, "odd", text)

    assert who(odd, "one") == Who()
    assert who(joined(odd, written(tmp_path, "b", CONTEXTS)), "two") == Who("bob", "apps")


def test_a_kubeconfig_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert who(str(tmp_path / "none"), "") == who("", "") == Who()
