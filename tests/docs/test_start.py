"""Every way in is followed as a reader would: its files are saved, its commands are run."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from flagger_py.testing import build

from .blocks import ROOT, blocks, missing
from .cluster import cluster

START = ROOT / "docs" / "start"


@dataclass(frozen=True, slots=True)
class Way:
    """A page, the hosts its users ask for, and what its reader has before."""

    page: str
    hosts: tuple[str, ...] = ("podinfo.example.com",)
    present: tuple[Mapping[str, Any], ...] = ()


def an_app(name: str, namespace: str) -> tuple[Mapping[str, Any], ...]:
    """Return an application behind Traefik that has nothing to do with us."""
    service = {"name": name, "port": 80}
    rule = {"match": f"Host(`{name}.example.com`)", "kind": "Rule", "services": [service]}
    return (
        build.a_deployment(name, namespace=namespace),
        build.a_service(name, namespace=namespace),
        {
            "apiVersion": "traefik.io/v1alpha1",
            "kind": "IngressRoute",
            "metadata": {"name": name, "namespace": namespace},
            "spec": {"entryPoints": ["web"], "routes": [rule]},
        },
    )


WAYS = (
    Way("first-canary"),
    Way("canary-per-app"),
    Way("reuse-the-parts", ("checkout.example.com",), an_app("checkout", "shop")),
    Way("router-install"),
    Way("with-flux"),
)
OF_A_USER = ("canary-per-app", "reuse-the-parts", "router-install", "with-flux")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.page)
def test_what_a_page_says_happens(way: Way, tmp_path: Path) -> None:
    found = blocks(START / f"{way.page}.md")

    with cluster(tmp_path, way.hosts) as reader:
        reader.create(way.present)
        reader.four.simulation.run_for(10)
        for block in found:
            reader.follow(block)


@pytest.mark.parametrize("page", OF_A_USER)
def test_every_kind_of_user_has_commands_with_what_they_print(page: str) -> None:
    shown = [block for block in blocks(START / f"{page}.md") if block.runs and block.expected]

    assert len(shown) >= 2


@pytest.mark.parametrize(
    ("expected", "output", "lacking"),
    [
        ("two\nthree", "one\ntwo\nthree\n", ""),
        ("three\ntwo", "one\ntwo\nthree\n", "two"),
        ("a …  d", "a b c\nd", ""),
        ("four", "one", "four"),
    ],
    ids=["in order", "out of order", "anything between", "not at all"],
)
def test_expected_lines_are_looked_for_in_their_order(
    expected: str, output: str, lacking: str
) -> None:
    assert missing(expected, output) == lacking
