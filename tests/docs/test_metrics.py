"""The page of the metrics says what a process exposes, and nothing else."""

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import promql_parser
import pytest
import yaml

from flagger_metrics.promql_queries import selectors
from flagger_py.decision import Count, Gauge, Observe
from flagger_py.refs import Key
from flagger_py.runtime.meters import QueueMeter
from flagger_py.runtime.telemetry import Telemetry
from flagger_rollout.api import KIND
from flagger_rollout.series import MEANINGS
from tests.beds.scenario import Stage
from tests.beds.story import read_story

from .blocks import ROOT, blocks

PAGE = ROOT / "docs" / "reference" / "metrics.md"
STORY = ROOT / "tests" / "compat" / "scenarios" / "fix-after-failed.json"
READER = ("rollout", Key("scenario", "app"))
ROW = re.compile(r"^\| `(\w+)` \| (gauge|counter|histogram) \|[^|]*\|([^|]*)\|", re.MULTILINE)
SAMPLE = re.compile(r"^(\w+?)(?:_bucket|_count|_sum)?(?:\{(.*)\})? \S+$", re.MULTILINE)
LABEL = re.compile(r'(\w+)="(?:[^"\\]|\\.)*"')


@dataclass(frozen=True, slots=True)
class Family:
    """The series of one name: their type and the names of their labels."""

    name: str
    type: str
    labels: frozenset[str]


@cache
def told() -> tuple[Gauge | Count | Observe, ...]:
    """Play a release that fails and one that is promoted; return all that was told meanwhile."""
    stage = Stage(read_story(STORY))
    assert stage.play().ended
    telemetry = stage.four.simulation.telemetry
    return (
        *(Gauge(name, dict(at), value) for (name, at), value in telemetry.gauges.items()),
        *(Count(name, dict(at)) for name, at in telemetry.counts),
        *(
            Observe(name, dict(at), values[0])
            for (name, at), values in telemetry.observations.items()
        ),
    )


@cache
def exposition() -> str:
    """Return what a process exposes once a pass of each outcome, and all it tells, was seen."""
    telemetry = Telemetry("1", "traefik", meanings=MEANINGS)
    QueueMeter(telemetry.registry, "flagger-py")
    for item in told():
        telemetry.tell(READER, item)
    telemetry.requested("GET", 200, "api.test")
    telemetry.begun(KIND)
    telemetry.ended(KIND, READER, "error", 0.1)
    return telemetry.exposition().decode()


def exposed() -> set[Family]:
    found: dict[str, set[str]] = {}
    for name, labels in SAMPLE.findall(exposition()):
        found.setdefault(name, set()).update(LABEL.findall(labels))
    types = re.findall(r"^# TYPE (\w+) (\w+)$", exposition(), re.MULTILINE)
    return {Family(name, kind, frozenset(found[name] - {"le"})) for name, kind in types}


def on_the_page() -> set[Family]:
    rows = ROW.findall(PAGE.read_text(encoding="utf-8"))
    return {
        Family(name, kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows
    }


def rules() -> list[dict[str, Any]]:
    (block,) = (block for block in blocks(PAGE) if block.language == "yaml")
    groups = yaml.safe_load(block.text)["spec"]["groups"]
    return [rule for group in groups for rule in group["rules"]]


def test_the_page_has_every_series_of_a_process_with_its_type_and_labels() -> None:
    assert exposed() - on_the_page() == set()


def test_the_page_has_no_series_that_no_process_exposes() -> None:
    assert on_the_page() - exposed() == set()


def test_everything_that_a_canary_tells_has_a_meaning() -> None:
    assert {item.name for item in told()} == set(MEANINGS)


def test_every_series_is_explained_where_it_is_scraped() -> None:
    wordless = [
        name
        for name, text in re.findall(r"^# HELP (\w+) ?(.*)$", exposition(), re.MULTILINE)
        if " " not in text
    ]

    assert wordless == []


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: str(rule["alert"]))
def test_an_alert_asks_for_series_that_there_are(rule: dict[str, Any]) -> None:
    asked = {selector.name for selector in selectors(rule["expr"])}

    assert asked
    assert asked <= {family.name for family in exposed()}
    assert "for" not in rule or promql_parser.parse_duration(rule["for"])
